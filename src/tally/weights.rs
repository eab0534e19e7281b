//! Which weights a pass reads. Must never know how an op is called: ops say what they look up and what is trained.

use super::Tally;
use crate::graph::{Block, NodeId, NodeKind};
use crate::shape::Shape;
use crate::sym::{AlgebraError, Poly};
use crate::work::Bounds;

impl Tally<'_, '_> {
    /// Of the trainable scalars of a node, those that it reads: its weights once a pass, in the copies that are read. Of a tensor by itself
    /// those that some node reads now; where all of these only look rows up, each of them reads its rows.
    pub(super) fn weights_read(
        &mut self,
        (block, id): (&Block, NodeId),
        (params, output): (Option<&Poly>, &Shape),
        runs: &Poly,
        read: &Bounds,
    ) -> Result<Option<Bounds>, AlgebraError> {
        if looks_up(block, id) {
            let table = block.operands(id).first().copied();
            let by_rows = |table| is_param(block, table) && !self.is_read_whole(block, table);
            if !table.is_some_and(by_rows) {
                return Ok(None);
            }
            let rows = self.total(&output.elements(), runs)?;
            return Ok(Some(Bounds::certain(rows)));
        }
        let unread = || is_param(block, id) && !self.is_read_whole(block, id);
        let Some(params) = params.filter(|_| !unread()) else {
            return Ok(None);
        };
        let read = read.try_map(|copies| self.total(params, copies));
        read.map(Some)
    }

    /// Whether a node that runs in this stage reads a tensor, and does not only look rows up; what a block gives is read by
    /// its caller.
    fn is_read_whole(&self, block: &Block, id: NodeId) -> bool {
        let runs = |user: NodeId| self.stage.begins || !block.node(user).once;
        let whole = |(user, slot)| runs(user) && !(slot == 0 && looks_up(block, user));
        block.output == id || block.users(id).any(whole)
    }
}

/// Whether a node reads some rows of a table.
fn looks_up(block: &Block, id: NodeId) -> bool {
    matches!(&block.node(id).kind, NodeKind::Op { op, .. } if op.looks_up())
}

/// Whether a node is a trainable tensor by itself.
fn is_param(block: &Block, id: NodeId) -> bool {
    matches!(&block.node(id).kind, NodeKind::Op { op, .. } if op.is_trained())
}
