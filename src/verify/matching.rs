//! Which rows of a ledger speak for which paths of a walk.
//!
//! They are matched by name. A block that is called from several places has its rows once, under the first of them; a path
//! without a row of its own is matched by node, part and shapes with the row that must speak for it, and what they amount to is
//! compared together.

use std::collections::BTreeMap;

use super::compare::{Compare, Walked};
use super::walk::{Entry, Shapes};
use crate::ledger::Row;
use crate::shape::Shape;

/// What a row and the paths that it speaks for are, next to each other.
#[derive(Default)]
pub(super) struct Class<'a> {
    /// Rows of the ledger.
    pub(super) rows: Vec<&'a Row>,
    /// Paths of the walk.
    pub(super) entries: Vec<&'a Entry>,
}

impl<'l> Compare<'l> {
    /// Whether a row may speak for the runs of a node at another path.
    fn speaks(&self, row: &Row, entry: &Entry) -> bool {
        let node = row.path.rsplit('.').next() == Some(entry.node.as_str());
        node && *row.block == *entry.block
            && row.part == entry.part
            && row.op.eq_ignore_ascii_case(entry.op)
            && entry.shapes.iter().all(|shapes| self.shaped(row, shapes))
    }

    /// Whether a row has the shapes that were walked.
    fn shaped(&self, row: &Row, shapes: &Shapes) -> bool {
        let same = |said: &Shape, walked: &Vec<usize>| {
            self.shape(said, &row.phase, &shapes.rounds).as_ref() == Ok(walked)
        };
        let mut inputs = row.inputs.iter().zip(&shapes.inputs);
        row.inputs.len() == shapes.inputs.len()
            && same(&row.output, &shapes.output)
            && inputs.all(|(said, walked)| same(said, walked))
    }

    /// Rows and entries of a stage that must be compared together.
    pub(super) fn classes<'w>(&mut self, walked: &'w Walked, several: bool) -> Vec<Class<'w>>
    where
        'l: 'w,
    {
        let ledger = self.ledger;
        let of_stage = |row: &&Row| !several || *row.stage == *walked.stage;
        let rows: Vec<&Row> = ledger.rows.iter().filter(of_stage).collect();
        let prefix = if several {
            format!("{}.", walked.stage)
        } else {
            String::new()
        };
        let mut by_path: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            if by_path.insert(&row.path, at).is_some() {
                self.rows = vec![row.path.clone()];
                self.say("rows", None, "two rows of one path", "one");
            }
        }
        let mut leader: Vec<usize> = (0..rows.len()).collect();
        let mut homes: Vec<(usize, &Entry)> = Vec::new();
        for entry in &walked.run.entries {
            let path = format!("{prefix}{}", entry.path);
            let candidates: Vec<usize> = match by_path.get(path.as_str()) {
                Some(own) => vec![*own],
                None => {
                    let all = rows.iter().enumerate();
                    let speak = all.filter(|(_, row)| self.speaks(row, entry));
                    speak.map(|(at, _)| at).collect()
                }
            };
            let Some(first) = candidates.first() else {
                self.rows = vec![path];
                self.say("rows", None, "no row speaks for it", "it ran");
                continue;
            };
            let root = leader[*first];
            for at in candidates.iter().map(|at| leader[*at]).collect::<Vec<_>>() {
                leader
                    .iter_mut()
                    .filter(|known| **known == at)
                    .for_each(|known| *known = root);
            }
            homes.push((*first, entry));
        }
        let mut classes: BTreeMap<usize, Class<'w>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            classes.entry(leader[at]).or_default().rows.push(row);
        }
        for (row, entry) in homes {
            classes.entry(leader[row]).or_default().entries.push(entry);
        }
        classes.into_values().collect()
    }
}
