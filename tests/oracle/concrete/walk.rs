//! The walk through a model: its body, every block that it calls, every round of every repeat.

use std::collections::{BTreeMap, BTreeSet};

use dotledger::graph::{Block, Graph, NodeId, NodeKind, Pattern};
use dotledger::part::Part;

use super::calls::{Call, whose};
use super::count::Count;
use super::ops::{Given, WALKS, declared};
use super::setting::{Misfit, Setting};
use super::tensor::Tensor;

/// All runs of one node along one path of calls.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Names of the calls and of the node: `layers.attention.q`.
    pub(crate) path: String,
    /// The block that the node is written in.
    pub(crate) block: String,
    /// The node.
    pub(crate) node: String,
    /// The op, as model files write it.
    pub(crate) op: &'static str,
    /// Its part.
    pub(crate) part: Part,
    /// How often it ran.
    pub(crate) runs: u64,
    /// In how many copies it exists: idle experts own weights too.
    pub(crate) copies: u64,
    /// What all runs did.
    pub(crate) count: Count,
    /// How long the axes of its inputs are.
    pub(crate) inputs: Vec<Vec<usize>>,
    /// How long the axes of its output are.
    pub(crate) output: Vec<usize>,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// The nodes that ran, in the order in which they first did.
    pub(crate) entries: Vec<Entry>,
    /// Trainable scalars of every tensor, each by the round and the node that own it.
    pub(crate) weights: BTreeMap<String, u64>,
    /// Of those, the tensors of experts that a position does not pass.
    pub(crate) idle: BTreeSet<String>,
    /// How long the axes of the result are.
    pub(crate) result: Vec<usize>,
}

impl Run {
    /// How many trainable scalars a position passes.
    pub(crate) fn active_params(&self) -> u64 {
        let active = self.weights.iter();
        let active = active.filter(|(owner, _)| !self.idle.contains(*owner));
        active.map(|(_, scalars)| scalars).sum()
    }

    /// How many trainable scalars.
    pub(crate) fn params(&self) -> u64 {
        self.weights.values().sum()
    }

    /// The entry of a path.
    pub(crate) fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }
}

/// Walks a model at the numbers of a setting. `masks` says whether masked pairs are left out, or executed all the same.
///
/// # Errors
/// What does not fit at these numbers: a size that is no natural number, shapes that differ, a remainder.
pub(crate) fn walk(graph: &Graph, setting: &Setting<'_>, masks: bool) -> Result<Run, Misfit> {
    let body = graph.block(graph.body());
    let inputs = body.inputs.iter();
    let inputs = inputs
        .map(|(_, shape)| Ok(Seen::now(declared(shape, setting)?)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut walker = Walker {
        graph,
        masks,
        run: Run::default(),
    };
    let place = Place {
        path: String::new(),
        round: String::new(),
        part: Part::Other,
        once: false,
        again: false,
    };
    let result = walker.block(body, setting, &inputs, &place)?;
    walker.run.result = result.tensor.dims();
    Ok(walker.run)
}

pub(super) struct Walker<'g> {
    pub(super) graph: &'g Graph,
    masks: bool,
    pub(super) run: Run,
}

/// A tensor, and whether it depends on what another place of a scan over positions left.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) tensor: Tensor,
    pub(super) elsewhere: bool,
}

impl Seen {
    pub(super) fn now(tensor: Tensor) -> Seen {
        Seen {
            tensor,
            elsewhere: false,
        }
    }
}

/// Where a block runs.
pub(super) struct Place {
    /// Names of the calls.
    path: String,
    /// Names of the calls with the number of each round.
    round: String,
    /// The part of what sets none.
    part: Part,
    /// Whether all of it runs once a request, at the start.
    once: bool,
    /// Whether it ran before with the same weights.
    again: bool,
}

impl Place {
    pub(super) fn inside(&self, call: &Call, round: &str) -> Place {
        Place {
            path: join(&self.path, &call.name),
            round: join(&self.round, &format!("{}{round}", call.name)),
            part: call.part,
            once: call.once,
            again: self.again || call.again,
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

impl Walker<'_> {
    /// Runs a block once and gives its output.
    pub(super) fn block(
        &mut self,
        block: &Block,
        setting: &Setting<'_>,
        inputs: &[Seen],
        place: &Place,
    ) -> Result<Seen, Misfit> {
        let part = block.part.unwrap_or(place.part);
        let mut made: BTreeMap<NodeId, Seen> = BTreeMap::new();
        for id in block.topological() {
            let node = block.node(*id);
            let reads = block.operands(*id);
            let reads = reads
                .iter()
                .map(|read| made.get(read))
                .collect::<Option<Vec<&Seen>>>();
            let Some(reads) = reads else {
                return Err(Misfit(format!("`{}` reads what has not run", node.name)));
            };
            let own = node.part.unwrap_or(part);
            let once = place.once || node.once;
            let start = once.then(|| setting.at_the_start());
            let setting = start.as_ref().unwrap_or(setting);
            let waits = once && !setting.begins();
            let located =
                |Misfit(why)| Misfit(format!("`{}`: {why}", join(&place.path, &node.name)));
            let tensors: Vec<&Tensor> = reads.iter().map(|read| &read.tensor).collect();
            let elsewhere = reads.iter().any(|read| read.elsewhere);
            let tensor = match &node.kind {
                NodeKind::Broken => return Err(Misfit(format!("`{}` is broken", node.name))),
                NodeKind::Input(slot) => {
                    let Some(input) = inputs.get(*slot) else {
                        return Err(Misfit(format!("no input `{}`", node.name)));
                    };
                    made.insert(*id, input.clone());
                    continue;
                }
                NodeKind::Op { def, args, .. } => {
                    let given = Given {
                        args,
                        inputs: &tensors,
                        setting,
                        masks: self.masks,
                    };
                    let (output, mut count) = run(def.name, &given).map_err(located)?;
                    if waits {
                        count = count.left();
                    }
                    count.sight.horizontal |= elsewhere;
                    self.enter(
                        block, &node.name, def.name, own, place, &tensors, &output, count, !waits,
                    )?;
                    output
                }
                NodeKind::Call { blocks, pattern } => {
                    let mut calls = Vec::new();
                    for callee in blocks {
                        let block = &self.graph.block(callee.block).name;
                        calls.push(Call {
                            block: callee.block,
                            dims: setting.sizes(&callee.dims)?,
                            name: if blocks.len() > 1 {
                                format!("{}.{block}", node.name)
                            } else {
                                node.name.clone()
                            },
                            part: own,
                            once,
                            again: false,
                        });
                    }
                    let given = match pattern {
                        Pattern::Once => self
                            .call(&calls[0], setting, &reads, place, "")
                            .map_err(located)?,
                        Pattern::Route {
                            capacity: Some(_), ..
                        } => {
                            let why = "room for positions is no axis that can be walked";
                            return Err(Misfit(String::from(why)));
                        }
                        Pattern::Route {
                            experts, active, ..
                        } => self
                            .route(&calls[0], [experts, active], setting, &reads, place)
                            .map_err(located)?,
                        Pattern::Rounds {
                            number: Some(_), ..
                        } => {
                            let why = "rounds of different sizes are walked written out";
                            return Err(Misfit(String::from(why)));
                        }
                        Pattern::Rounds {
                            count,
                            turns,
                            shared,
                            ..
                        } => {
                            let rounds = setting.size(count)?.here;
                            let turns = whose(turns, rounds, calls.len(), setting)?;
                            self.rounds(&calls, &turns, *shared, setting, &reads, place)
                                .map_err(located)?
                        }
                        Pattern::Scan { over, .. } => {
                            let (states, count) = self
                                .scan(&calls[0], over, setting, &reads, place)
                                .map_err(located)?;
                            let output = &states.tensor;
                            self.enter(
                                block, &node.name, "Scan", own, place, &tensors, output, count,
                                !waits,
                            )?;
                            states
                        }
                    };
                    made.insert(*id, given);
                    continue;
                }
            };
            made.insert(*id, Seen { tensor, elsewhere });
        }
        made.remove(&block.output)
            .ok_or_else(|| Misfit(format!("block `{}` gives nothing", block.name)))
    }

    /// Adds a run of a node to what is known of its path.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a run")]
    fn enter(
        &mut self,
        block: &Block,
        node: &str,
        op: &'static str,
        part: Part,
        place: &Place,
        inputs: &[&Tensor],
        output: &Tensor,
        mut count: Count,
        runs: bool,
    ) -> Result<(), Misfit> {
        if place.again {
            count.weights.clear();
        }
        for (tensor, scalars) in &count.weights {
            let owner = format!("{}/{tensor}", join(&place.round, node));
            if self.run.weights.insert(owner.clone(), *scalars).is_some() {
                return Err(Misfit(format!("two tensors are called `{owner}`")));
            }
        }
        let runs = u64::from(runs);
        let path = join(&place.path, node);
        let (inputs, output): (Vec<Vec<usize>>, _) = (
            inputs.iter().map(|input| input.dims()).collect(),
            output.dims(),
        );
        if let Some(entry) = self.run.entries.iter_mut().find(|entry| entry.path == path) {
            if entry.inputs != inputs || entry.output != output {
                return Err(Misfit(format!(
                    "`{path}` changes its shape from round to round"
                )));
            }
            entry.runs += runs;
            entry.copies += u64::from(!place.again);
            entry.count.add(&count);
            return Ok(());
        }
        let (block, node) = (block.name.clone(), node.to_owned());
        self.run.entries.push(Entry {
            path,
            block,
            node,
            op,
            part,
            runs,
            copies: 1,
            count,
            inputs,
            output,
        });
        Ok(())
    }
}

/// Walks one op by its name.
fn run(name: &str, given: &Given<'_, '_>) -> Result<(Tensor, Count), Misfit> {
    let Some((_, op)) = WALKS.iter().find(|(known, _)| *known == name) else {
        return Err(Misfit(format!("the oracle cannot walk `{name}`")));
    };
    let mut count = Count::default();
    let output = op(given, &mut count)?;
    Ok((output, count))
}
