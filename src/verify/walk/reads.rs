//! Which weights a pass reads: all that run, of tables the rows that are looked up, and of experts those that are chosen.
//!
//! For each tensor the chance is kept that a position passes it by, position after position choosing by itself. Knows no
//! formula.

use std::collections::BTreeMap;

use crate::graph::{Block, NodeId, NodeKind};
use crate::sym::Coeff;

/// Scalars of weights that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Should all positions choose the same experts.
    pub lower: Coeff,
    /// In the mean, should each position choose by chance.
    pub expected: Coeff,
}

impl Default for Reads {
    fn default() -> Self {
        Reads {
            lower: Coeff::from(0),
            expected: Coeff::from(0),
        }
    }
}

impl Reads {
    /// Adds what else is read.
    pub fn add(&mut self, other: &Reads) {
        self.lower = &self.lower + &other.lower;
        self.expected = &self.expected + &other.expected;
    }
}

/// What becomes of a tensor in a pass.
#[derive(Clone, Debug)]
struct Fate {
    /// The path of the node that owns it.
    path: String,
    scalars: u64,
    /// The chance that a position passes it by.
    missed: Coeff,
    /// How many positions choose; none where nothing is chosen.
    positions: Option<usize>,
    /// Whether it is read when all positions choose alike.
    alike: bool,
}

/// The tensors that a pass reads, by the round and the node that own them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledgered(BTreeMap<String, Fate>);

impl Ledgered {
    /// A tensor is read.
    pub(super) fn read(&mut self, owner: String, path: &str, scalars: u64) {
        self.0.insert(
            owner,
            Fate {
                path: path.to_owned(),
                scalars,
                missed: Coeff::from(0),
                positions: None,
                alike: true,
            },
        );
    }

    /// Takes over what was read in an expert, which a position passes with some chance, and which is chosen or not when all
    /// choose alike.
    pub(super) fn take_over(
        &mut self,
        expert: Ledgered,
        share: &Coeff,
        positions: usize,
        chosen: bool,
    ) {
        let one = Coeff::from(1);
        for (owner, mut fate) in expert.0 {
            fate.missed = &one - &(share * &(&one - &fate.missed));
            fate.positions = Some(positions);
            fate.alike &= chosen;
            match self.0.get_mut(&owner) {
                // It is chosen again: in another round, or at another place.
                Some(known) => {
                    known.missed = &known.missed * &fate.missed;
                    known.alike |= fate.alike;
                }
                None => _ = self.0.insert(owner, fate),
            }
        }
    }

    /// What is read of the tensors of each path.
    pub(super) fn by_path(&self) -> BTreeMap<&str, Reads> {
        let mut reads: BTreeMap<&str, Reads> = BTreeMap::new();
        for fate in self.0.values() {
            let scalars = Coeff::from(i64::try_from(fate.scalars).unwrap_or(i64::MAX));
            let positions = fate.positions.unwrap_or(1);
            let mut missed = Coeff::from(1);
            for _ in 0..positions {
                missed = &missed * &fate.missed;
            }
            let one = Coeff::from(1);
            reads.entry(&fate.path).or_default().add(&Reads {
                lower: if fate.alike {
                    scalars.clone()
                } else {
                    Coeff::from(0)
                },
                expected: &scalars * &(&one - &missed),
            });
        }
        reads
    }
}

/// The table of which a node looks rows up, where it is a trained tensor of the block that nothing reads whole.
pub(super) fn looked_up(block: &Block, id: NodeId, begins: bool) -> bool {
    let NodeKind::Op { def, .. } = &block.node(id).kind else {
        return false;
    };
    let table = block.operands(id).first().copied();
    def.name == "Gather"
        && table.is_some_and(|table| is_tensor(block, table) && !read_whole(block, table, begins))
}

/// Whether a node is a trained tensor by itself.
pub(super) fn is_tensor(block: &Block, id: NodeId) -> bool {
    matches!(&block.node(id).kind, NodeKind::Op { def, .. } if def.name == "Param")
}

/// Whether some node that runs now reads a tensor as a whole, and not by its rows; what a block gives, its caller reads.
pub(super) fn read_whole(block: &Block, tensor: NodeId, begins: bool) -> bool {
    let mut running = block.topological().iter();
    let whole = running.any(|id| {
        let node = block.node(*id);
        let operands = block.operands(*id);
        let rows = matches!(&node.kind, NodeKind::Op { def, .. } if def.name == "Gather");
        let mut slots = operands.iter().enumerate();
        (begins || !node.once)
            && slots.any(|(slot, operand)| *operand == tensor && !(rows && slot == 0))
    });
    whole || block.output == tensor
}
