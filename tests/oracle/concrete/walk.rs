//! The walk through a model: its body, every block that it calls, every round of every repeat.

use std::collections::{BTreeMap, BTreeSet};

use dotledger::graph::{Block, BlockId, Graph, NodeId, NodeKind, Pattern, Turns};
use dotledger::part::Part;
use dotledger::sym::Poly;

use super::count::Count;
use super::ops::{Given, WALKS, declared};
use super::setting::{Misfit, Setting};
use super::tensor::{Size, Tensor};

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
    let inputs = body
        .inputs
        .iter()
        .map(|(_, shape)| declared(shape, setting))
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
    };
    let result = walker.block(body, setting, &inputs, &place)?;
    walker.run.result = result.dims();
    Ok(walker.run)
}

struct Walker<'g> {
    graph: &'g Graph,
    masks: bool,
    run: Run,
}

/// Where a block runs.
struct Place {
    /// Names of the calls.
    path: String,
    /// Names of the calls with the number of each round.
    round: String,
    /// The part of what sets none.
    part: Part,
    /// Whether all of it runs once a request, at the start.
    once: bool,
}

impl Place {
    fn inside(&self, call: &Call, round: &str) -> Place {
        Place {
            path: join(&self.path, &call.name),
            round: join(&self.round, &format!("{}{round}", call.name)),
            part: call.part,
            once: call.once,
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
    fn block(
        &mut self,
        block: &Block,
        setting: &Setting<'_>,
        inputs: &[Tensor],
        place: &Place,
    ) -> Result<Tensor, Misfit> {
        let part = block.part.unwrap_or(place.part);
        let mut made: BTreeMap<NodeId, Tensor> = BTreeMap::new();
        for id in block.topological() {
            let node = block.node(*id);
            let reads = block.operands(*id);
            let reads = reads
                .iter()
                .map(|read| made.get(read))
                .collect::<Option<Vec<&Tensor>>>();
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
            let tensor = match &node.kind {
                NodeKind::Broken => return Err(Misfit(format!("`{}` is broken", node.name))),
                NodeKind::Input(slot) => match inputs.get(*slot) {
                    Some(tensor) => tensor.clone(),
                    None => return Err(Misfit(format!("no input `{}`", node.name))),
                },
                NodeKind::Op { def, args, .. } => {
                    let given = Given {
                        args,
                        inputs: &reads,
                        setting,
                        masks: self.masks,
                    };
                    let (output, mut count) = run(def.name, &given).map_err(located)?;
                    if waits {
                        count = count.left();
                    }
                    self.enter(
                        block, &node.name, def.name, own, place, &reads, &output, count, !waits,
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
                        });
                    }
                    match pattern {
                        Pattern::Once => self
                            .call(&calls[0], setting, &reads, place, "")
                            .map_err(located)?,
                        Pattern::Route { experts, active } => self
                            .route(&calls[0], [experts, active], setting, &reads, place)
                            .map_err(located)?,
                        Pattern::Rounds { count, turns, .. } => {
                            let rounds = setting.size(count)?.here;
                            let turns = whose(turns, rounds, calls.len(), setting)?;
                            self.rounds(&calls, &turns, setting, &reads, place)
                                .map_err(located)?
                        }
                    }
                }
            };
            made.insert(*id, tensor);
        }
        made.remove(&block.output)
            .ok_or_else(|| Misfit(format!("block `{}` gives nothing", block.name)))
    }

    /// Runs a block as each of its experts: the work of those that a position passes, the weights of all.
    fn route(
        &mut self,
        call: &Call,
        [experts, active]: [&Poly; 2],
        setting: &Setting<'_>,
        inputs: &[&Tensor],
        place: &Place,
    ) -> Result<Tensor, Misfit> {
        let (experts, active) = (setting.size(experts)?.here, setting.size(active)?.here);
        if active > experts {
            return Err(Misfit(format!("{active} active of {experts} experts")));
        }
        if experts == 0 {
            return Err(Misfit(String::from("no expert gives anything")));
        }
        let mut given = Tensor::default();
        for expert in 0..experts {
            let (known, weights) = (self.run.entries.clone(), self.run.weights.clone());
            given = self.call(call, setting, inputs, place, &format!("#{expert}"))?;
            if expert >= active {
                let walked = std::mem::replace(&mut self.run.entries, known);
                self.own_only(walked);
                let new = self.run.weights.keys();
                let new = new.filter(|owner| !weights.contains_key(*owner));
                self.run.idle.extend(new.cloned());
            }
        }
        Ok(given)
    }

    /// Takes over the weights of nodes that were walked for an idle expert, and nothing that they did.
    fn own_only(&mut self, walked: Vec<Entry>) {
        for entry in walked {
            let weights = entry.count.weights.clone();
            match self
                .run
                .entries
                .iter_mut()
                .find(|known| known.path == entry.path)
            {
                Some(known) => {
                    known.count.weights = weights;
                    known.copies = entry.copies;
                }
                None => {
                    let count = Count {
                        weights,
                        ..Count::default()
                    };
                    self.run.entries.push(Entry {
                        runs: 0,
                        count,
                        ..entry
                    });
                }
            }
        }
    }

    /// Runs blocks in turn; what a round gives is carried into the first input of the next.
    fn rounds(
        &mut self,
        calls: &[Call],
        turns: &[usize],
        setting: &Setting<'_>,
        inputs: &[&Tensor],
        place: &Place,
    ) -> Result<Tensor, Misfit> {
        let Some((first, others)) = inputs.split_first() else {
            return Err(Misfit(String::from("nothing is carried")));
        };
        let mut carried = (*first).clone();
        for (round, turn) in turns.iter().enumerate() {
            let inputs: Vec<&Tensor> = std::iter::once(&carried)
                .chain(others.iter().copied())
                .collect();
            let given = self.call(&calls[*turn], setting, &inputs, place, &format!("#{round}"))?;
            if given.dims() != carried.dims() {
                return Err(Misfit(format!(
                    "{:?} is carried into {:?}",
                    given.dims(),
                    carried.dims()
                )));
            }
            carried = given;
        }
        Ok(carried)
    }

    /// Runs a block on tensors of the shapes that it declares.
    fn call(
        &mut self,
        call: &Call,
        setting: &Setting<'_>,
        inputs: &[&Tensor],
        place: &Place,
        round: &str,
    ) -> Result<Tensor, Misfit> {
        let graph = self.graph;
        let block = graph.block(call.block);
        let setting = setting.within(&block.dims, &call.dims);
        let mut tensors = Vec::with_capacity(inputs.len());
        for ((name, shape), input) in block.inputs.iter().zip(inputs) {
            let mut tensor = declared(shape, &setting)?;
            if tensor.dims() != input.dims() {
                return Err(Misfit(format!(
                    "`{name}` is {:?}, given is {:?}",
                    tensor.dims(),
                    input.dims()
                )));
            }
            for (axis, given) in tensor.0.iter_mut().zip(&input.0) {
                axis.digits.clone_from(&given.digits);
            }
            tensors.push(tensor);
        }
        self.block(block, &setting, &tensors, &place.inside(call, round))
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
        count: Count,
        runs: bool,
    ) -> Result<(), Misfit> {
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
            entry.copies += 1;
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

/// A call as it is written.
struct Call {
    block: BlockId,
    dims: Vec<Size>,
    name: String,
    part: Part,
    once: bool,
}

/// Which block runs in each round, round by round.
fn whose(
    order: &Turns,
    rounds: usize,
    blocks: usize,
    setting: &Setting<'_>,
) -> Result<Vec<usize>, Misfit> {
    let mut turns = Vec::with_capacity(rounds);
    for number in 1..=rounds {
        turns.push(match order {
            Turns::Cycle => (number - 1) % blocks,
            Turns::Every(distance) => match setting.size(distance)?.here {
                0 => return Err(Misfit(String::from("every round of none"))),
                distance if number % distance == 0 => 0,
                _ => 1,
            },
        });
    }
    Ok(turns)
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
