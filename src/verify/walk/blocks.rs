//! The walk through a model: its body, every block that it calls, every round of every repeat.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Call, whose};
use super::count::Count;
use super::ops::{Given, WALKS, declared};
use super::reads::{Ledgered, Reads, is_tensor, looked_up, read_whole};
use super::setting::{Misfit, Setting};
use super::tensor::Tensor;
use crate::graph::{Block, Graph, NodeId, NodeKind, Pattern};
use crate::part::Part;
use crate::sym::{Coeff, Sym};

/// All runs of one node along one path of calls.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Names of the calls and of the node: `layers.attention.q`.
    pub path: String,
    /// The block that the node is written in.
    pub block: String,
    /// The node.
    pub node: String,
    /// The op, as model files write it.
    pub op: &'static str,
    /// Its part.
    pub part: Part,
    /// How often it ran; an expert with room for other positions than those that it was given runs a fraction of once.
    pub runs: Coeff,
    /// In how many copies it exists: idle experts own weights too.
    pub copies: u64,
    /// What all runs did.
    pub count: Count,
    /// Scalars of its weights that are read.
    pub reads: Reads,
    /// The shapes that it had, once for each of the rounds and steps on which sizes depend.
    pub shapes: Vec<Shapes>,
}

/// The shapes of a node, as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// In which rounds and steps, the outer ones first.
    pub rounds: Vec<(Sym, i64)>,
    /// How long the axes of its inputs are.
    pub inputs: Vec<Vec<usize>>,
    /// How long the axes of its output are.
    pub output: Vec<usize>,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The nodes that ran, in the order in which they first did.
    pub entries: Vec<Entry>,
    /// Where each path stands among the entries.
    index: BTreeMap<String, usize>,
    /// Trainable scalars of every tensor, each by the round and the node that own it.
    pub weights: BTreeMap<String, u64>,
    /// Of those, the tensors of experts that a position does not pass.
    pub idle: BTreeSet<String>,
    /// How long the axes of the result are.
    pub result: Vec<usize>,
    /// How many points of index spaces were visited.
    pub points: u64,
    /// The tensors that are read.
    pub(super) read: Ledgered,
}

impl Run {
    /// How many trainable scalars a position passes.
    pub fn active_params(&self) -> u64 {
        let active = self.weights.iter();
        let active = active.filter(|(owner, _)| !self.idle.contains(*owner));
        active.map(|(_, scalars)| scalars).sum()
    }

    /// How many trainable scalars.
    pub fn params(&self) -> u64 {
        self.weights.values().sum()
    }

    /// The entry of a path.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.index.get(path).and_then(|at| self.entries.get(*at))
    }

    /// Goes on with the next pass: work adds up, what is kept is what the last pass leaves, weights are the same.
    ///
    /// # Errors
    /// When the passes do not own the same weights.
    pub fn then(&mut self, next: Run) -> Result<(), Misfit> {
        if self.weights != next.weights {
            return Err(Misfit::beyond("two passes own different weights"));
        }
        for mut entry in next.entries {
            let left = entry.count.store;
            entry.count.weights.clear();
            entry.copies = 0;
            let path = entry.path.clone();
            self.absorb(entry)?;
            if let Some(known) = self
                .index
                .get(&path)
                .and_then(|at| self.entries.get_mut(*at))
            {
                known.count.store.cached = left.cached;
                known.count.store.state = left.state;
            }
        }
        self.result = next.result;
        self.points = self.points.saturating_add(next.points);
        Ok(())
    }

    /// Adds runs of a node to what is known of its path.
    pub(super) fn absorb(&mut self, entry: Entry) -> Result<(), Misfit> {
        let Some(known) = self.index.get(&entry.path) else {
            self.index.insert(entry.path.clone(), self.entries.len());
            self.entries.push(entry);
            return Ok(());
        };
        let known = &mut self.entries[*known];
        for shapes in entry.shapes {
            let mut same = known.shapes.iter();
            match same.find(|known| known.rounds == shapes.rounds) {
                None => known.shapes.push(shapes),
                Some(same) if *same == shapes => {}
                Some(_) => {
                    let why = "changes its shape from run to run";
                    return Err(Misfit::new(why).at(&entry.path));
                }
            }
        }
        known.runs = &known.runs + &entry.runs;
        known.copies += entry.copies;
        known.count.add(&entry.count);
        known.reads.add(&entry.reads);
        Ok(())
    }
}

/// Walks a model at the numbers of a setting. `masks` says whether masked pairs are left out, or executed all the same.
///
/// # Errors
/// What does not fit at these numbers: a size that is no natural number, shapes that differ, a remainder. What is too much to
/// walk.
pub fn walk(graph: &Graph, setting: &Setting<'_>, masks: bool) -> Result<Run, Misfit> {
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
    let mut run = walker.run;
    run.result = result.tensor.dims();
    let read = std::mem::take(&mut run.read);
    for (path, reads) in read.by_path() {
        if let Some(entry) = run.index.get(path).and_then(|at| run.entries.get_mut(*at)) {
            entry.reads.add(&reads);
        }
    }
    Ok(run)
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

/// A node that runs, and where.
struct Running<'a> {
    block: &'a Block,
    id: NodeId,
    node: &'a str,
    op: &'static str,
    part: Part,
    place: &'a Place,
    /// Whether it runs in this pass, and did not when the request began.
    now: bool,
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
            let path = join(&place.path, &node.name);
            let Some(reads) = reads else {
                return Err(Misfit::beyond("it reads what has not run").at(&path));
            };
            let once = place.once || node.once;
            let start = once.then(|| setting.at_the_start());
            let setting = start.as_ref().unwrap_or(setting);
            let mut running = Running {
                block,
                id: *id,
                node: &node.name,
                op: "",
                part: node.part.unwrap_or(part),
                place,
                now: !once || setting.begins(),
            };
            let given = match &node.kind {
                NodeKind::Broken => return Err(Misfit::beyond("it is broken").at(&path)),
                NodeKind::Input(slot) => match inputs.get(*slot) {
                    Some(input) => input.clone(),
                    None => return Err(Misfit::beyond("there is no such input").at(&path)),
                },
                NodeKind::Op { def, args, .. } => {
                    running.op = def.name;
                    let tensors: Vec<&Tensor> = reads.iter().map(|read| &read.tensor).collect();
                    let given = Given {
                        args,
                        inputs: &tensors,
                        setting,
                        masks: self.masks,
                    };
                    let elsewhere = reads.iter().any(|read| read.elsewhere);
                    let (tensor, mut count) = run(def.name, &given).map_err(|why| why.at(&path))?;
                    count.sight.horizontal |= elsewhere;
                    self.enter(&running, &tensors, &tensor, count, setting)?;
                    Seen { tensor, elsewhere }
                }
                NodeKind::Call { blocks, pattern } => {
                    let calls: Vec<Call> = blocks
                        .iter()
                        .map(|callee| Call {
                            block: callee.block,
                            dims: callee.dims.clone(),
                            name: if blocks.len() > 1 {
                                let block = &self.graph.block(callee.block).name;
                                format!("{}.{block}", node.name)
                            } else {
                                node.name.clone()
                            },
                            part: running.part,
                            once,
                            again: false,
                        })
                        .collect();
                    let here = (setting, reads.as_slice(), place);
                    let (given, state) = self
                        .called(&calls, pattern, here)
                        .map_err(|why| why.at(&path))?;
                    if let Some(count) = state {
                        running.op = "Scan";
                        let tensors: Vec<&Tensor> = reads.iter().map(|read| &read.tensor).collect();
                        self.enter(&running, &tensors, &given.tensor, count, setting)?;
                    }
                    given
                }
            };
            made.insert(*id, given);
        }
        made.remove(&block.output)
            .ok_or_else(|| Misfit::beyond(format!("block `{}` gives nothing", block.name)))
    }

    /// Runs the blocks of a call. A scan also says what it keeps.
    fn called(
        &mut self,
        calls: &[Call],
        pattern: &Pattern,
        (setting, reads, place): (&Setting<'_>, &[&Seen], &Place),
    ) -> Result<(Seen, Option<Count>), Misfit> {
        let given = match pattern {
            Pattern::Once => self.call(&calls[0], setting, reads, place, "")?,
            Pattern::Route {
                experts,
                active,
                capacity,
            } => {
                let choice = [experts, active];
                self.route(&calls[0], choice, capacity.as_ref(), setting, reads, place)?
            }
            Pattern::Rounds {
                count,
                number,
                turns,
                shared,
                ..
            } => {
                let rounds = setting.size(count)?.here;
                let turns = whose(turns, rounds, calls.len(), setting)?;
                let how = (turns.as_slice(), *number, *shared);
                self.rounds(calls, how, setting, reads, place)?
            }
            Pattern::Scan { over, .. } => {
                let (states, count) = self.scan(&calls[0], over, setting, reads, place)?;
                return Ok((states, Some(count)));
            }
        };
        Ok((given, None))
    }

    /// Adds a run of a node to what is known of its path.
    fn enter(
        &mut self,
        running: &Running<'_>,
        inputs: &[&Tensor],
        output: &Tensor,
        mut count: Count,
        setting: &Setting<'_>,
    ) -> Result<(), Misfit> {
        let Running {
            block,
            id,
            node,
            op,
            part,
            place,
            now,
        } = *running;
        self.run.points = self.run.points.saturating_add(count.points);
        setting.check_points(self.run.points)?;
        if !now {
            count = count.left();
        }
        let path = join(&place.path, node);
        let owner = |tensor: &str| format!("{}/{tensor}", join(&place.round, node));
        let begins = setting.begins();
        let mut reads = Reads::default();
        if now && looked_up(block, id, begins) {
            let rows = output.dims().iter().product::<usize>();
            let rows = Coeff::from(i64::try_from(rows).unwrap_or(i64::MAX));
            reads.add(&Reads {
                lower: rows.clone(),
                expected: rows,
            });
        }
        if now && (!is_tensor(block, id) || read_whole(block, id, begins)) {
            for (tensor, scalars) in &count.weights {
                self.run.read.read(owner(tensor), &path, *scalars);
            }
        }
        if place.again {
            count.weights.clear();
        }
        for (tensor, scalars) in &count.weights {
            let owner = owner(tensor);
            if self.run.weights.insert(owner.clone(), *scalars).is_some() {
                return Err(Misfit::beyond(format!("two tensors are called `{owner}`")));
            }
        }
        self.run.absorb(Entry {
            path,
            block: block.name.clone(),
            node: node.to_owned(),
            op,
            part,
            runs: Coeff::from(i64::from(now)),
            copies: u64::from(!place.again),
            count,
            reads,
            shapes: vec![Shapes {
                rounds: setting.rounds().to_vec(),
                inputs: inputs.iter().map(|input| input.dims()).collect(),
                output: output.dims(),
            }],
        })
    }
}

/// Walks one op by its name.
fn run(name: &str, given: &Given<'_, '_>) -> Result<(Tensor, Count), Misfit> {
    let Some((_, op)) = WALKS.iter().find(|(known, _)| *known == name) else {
        return Err(Misfit::beyond(format!("no walk through `{name}` is known")));
    };
    let mut count = Count::default();
    let output = op(given, &mut count)?;
    Ok((output, count))
}
