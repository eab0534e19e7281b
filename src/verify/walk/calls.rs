//! Blocks that are called: once, as experts, in rounds, at one place after another.

use crate::graph::{BlockId, Turns};
use crate::part::Part;
use crate::sym::{Coeff, Poly, Sym};

use super::blocks::{Place, Run, Seen, Walker};
use super::count::{Count, Store};
use super::ops::declared;
use super::reads::Reads;
use super::setting::{Misfit, Setting};
use super::tensor::{Axis, Tensor};

/// A call as it is written.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) block: BlockId,
    pub(super) dims: Vec<Poly>,
    pub(super) name: String,
    pub(super) part: Part,
    pub(super) once: bool,
    /// Whether it ran before with the same weights.
    pub(super) again: bool,
}

impl Call {
    fn repeated(&self, again: bool) -> Call {
        Call {
            again,
            ..self.clone()
        }
    }
}

impl Walker<'_> {
    /// Runs a block as each of its experts: the work of those that a position passes, the weights of all. With a capacity each
    /// of them works on all its room, which may be more or fewer places than there are positions.
    pub(super) fn route(
        &mut self,
        call: &Call,
        [experts, active]: [&Poly; 2],
        capacity: Option<&Poly>,
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
    ) -> Result<Seen, Misfit> {
        let (experts, active) = (setting.size(experts)?.here, setting.size(active)?.here);
        if active > experts {
            return Err(Misfit::new(format!("{active} active of {experts} experts")));
        }
        if experts == 0 {
            return Err(Misfit::new("no expert gives anything"));
        }
        let positions = inputs.first().map_or(1, |input| routed(&input.tensor));
        let room = match capacity {
            Some(share) => Some(setting.room(share, active * positions, experts)?),
            None => None,
        };
        let mut given = Seen::default();
        for expert in 0..experts {
            let before = std::mem::take(&mut self.run);
            let called = self.call(call, setting, inputs, place, &format!("#{expert}"));
            let mut walked = std::mem::replace(&mut self.run, before);
            given = called?;
            // With room of its own every expert works, chosen or not.
            let share = match room {
                Some(_) => Coeff::from(1),
                None => share(active, experts)?,
            };
            let chosen = expert < active;
            let read = std::mem::take(&mut walked.read);
            let alike = chosen || room.is_some();
            self.run.read.take_over(read, &share, positions, alike);
            self.take_over(walked, chosen, room.map(|room| (room, positions)))?;
        }
        Ok(given)
    }

    /// Takes over what was walked for an expert: of an idle one its weights alone, and of one with room of its own the work
    /// on so many places of those that were walked.
    fn take_over(
        &mut self,
        walked: Run,
        chosen: bool,
        room: Option<(usize, usize)>,
    ) -> Result<(), Misfit> {
        self.run.points = self.run.points.saturating_add(walked.points);
        self.run.idle.extend(walked.idle);
        if !chosen {
            self.run.idle.extend(walked.weights.keys().cloned());
        }
        for (owner, scalars) in walked.weights {
            if self.run.weights.insert(owner.clone(), scalars).is_some() {
                return Err(Misfit::beyond(format!("two tensors are called `{owner}`")));
            }
        }
        for mut entry in walked.entries {
            let store = entry.count.store;
            match room {
                Some((room, positions)) => {
                    let scaled = entry.count.scaled(room, positions).ok_or_else(|| {
                        let why = format!("work on {positions} positions, done on {room}");
                        Misfit::beyond(format!("{why}, is no whole number")).at(&entry.path)
                    })?;
                    entry.count = scaled;
                    entry.runs = &entry.runs * &share(room, positions)?;
                }
                None if !chosen => {
                    entry.count = Count {
                        weights: entry.count.weights,
                        ..Count::default()
                    };
                    entry.runs = Coeff::from(0);
                    entry.reads = Reads::default();
                }
                None => {}
            }
            // Of new positions, an expert keeps those that chose it.
            entry.count.store = if chosen { store } else { Store::default() };
            self.run.absorb(entry)?;
        }
        Ok(())
    }

    /// Runs blocks in turn; what a round gives is carried into the first input of the next. Where sizes depend on the `number`
    /// of the round, it is set.
    pub(super) fn rounds(
        &mut self,
        calls: &[Call],
        (turns, number, shared): (&[usize], Option<Sym>, bool),
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
    ) -> Result<Seen, Misfit> {
        let Some((first, others)) = inputs.split_first() else {
            return Err(Misfit::beyond("nothing is carried"));
        };
        let mut carried = (*first).clone();
        for (round, turn) in (0_i64..).zip(turns) {
            let inputs: Vec<&Seen> = std::iter::once(&carried)
                .chain(others.iter().copied())
                .collect();
            let of_round = number.map(|number| setting.numbered(number, round + 1));
            let setting = of_round.as_ref().unwrap_or(setting);
            let given = if shared {
                let again = round > 0;
                self.call(&calls[*turn].repeated(again), setting, &inputs, place, "")?
            } else {
                self.call(&calls[*turn], setting, &inputs, place, &format!("#{round}"))?
            };
            same_dims(&given.tensor, &carried.tensor)?;
            carried = given;
        }
        Ok(carried)
    }

    /// Runs a block at one place after another, each with the state that the one before left. Gives the states, and what is
    /// kept of them.
    pub(super) fn scan(
        &mut self,
        call: &Call,
        over: &Poly,
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
    ) -> Result<(Seen, Count), Misfit> {
        let block = self.graph.block(call.block);
        let inner = setting.within(&block.dims, &setting.sizes(&call.dims)?);
        let size = setting.size(over)?;
        let mut along: Option<Axis> = None;
        let mut places = Vec::with_capacity(inputs.len());
        for (input, (_, shape)) in inputs.iter().zip(&block.inputs[1..]) {
            let mut here = (*input).clone();
            if here.tensor.rank() > shape.rank() {
                let Some(at) = here.tensor.find(size) else {
                    return Err(Misfit::new("no axis to run along"));
                };
                let axis = here.tensor.0.remove(at);
                // What is cut anywhere at the places of positions runs over positions.
                if along.as_ref().is_none_or(|known| !known.is_position()) {
                    along = Some(axis);
                }
            }
            places.push(here);
        }
        let Some(axis) = along else {
            return Err(Misfit::new("nothing is taken apart"));
        };
        let mut state = Seen::now(declared(&block.inputs[0].1, &inner)?);
        for step in 0..size.here {
            // What the first place reads was left by no other place of this pass.
            state.elsewhere |= step > 0 && axis.is_position();
            let inputs: Vec<&Seen> = std::iter::once(&state).chain(&places).collect();
            let given = self.call(&call.repeated(step > 0), setting, &inputs, place, "")?;
            same_dims(&given.tensor, &state.tensor)?;
            state = given;
        }
        let mut count = Count::default();
        if setting.goes_on() && setting.is_of_a_pass(over)? {
            let scalars = state.tensor.dims().iter().product();
            count.store = Store::state(scalars, setting.begins());
        }
        let elsewhere = places.iter().any(|place| place.elsewhere);
        let mut tensor = state.tensor;
        tensor.0.insert(0, axis);
        Ok((Seen { tensor, elsewhere }, count))
    }

    /// Runs a block on tensors of the shapes that it declares.
    pub(super) fn call(
        &mut self,
        call: &Call,
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
        round: &str,
    ) -> Result<Seen, Misfit> {
        let graph = self.graph;
        let block = graph.block(call.block);
        let setting = setting.within(&block.dims, &setting.sizes(&call.dims)?);
        let mut given = Vec::with_capacity(inputs.len());
        for ((name, shape), input) in block.inputs.iter().zip(inputs) {
            let mut tensor = declared(shape, &setting)?;
            same_dims(&input.tensor, &tensor).map_err(|misfit| Misfit {
                why: format!("input `{name}`: {}", misfit.why),
                ..misfit
            })?;
            for (axis, given) in tensor.0.iter_mut().zip(&input.tensor.0) {
                axis.digits.clone_from(&given.digits);
            }
            given.push(Seen {
                tensor,
                elsewhere: input.elsewhere,
            });
        }
        self.block(block, &setting, &given, &place.inside(call, round))
    }
}

/// How many positions a tensor holds features of: the axes up to the last of positions, or all but one where none is of any.
fn routed(tensor: &Tensor) -> usize {
    let last = tensor.0.iter().rposition(Axis::is_position);
    let leading = last.map_or_else(|| tensor.rank().saturating_sub(1), |at| at + 1);
    tensor.dims()[..leading].iter().product()
}

/// One number over another.
fn share(part: usize, whole: usize) -> Result<Coeff, Misfit> {
    let number = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    Coeff::from_ratio(number(part), number(whole))
        .ok_or_else(|| Misfit::beyond("room for a share of no positions"))
}

/// That a tensor is as long along each axis as one that it stands for.
fn same_dims(given: &Tensor, wanted: &Tensor) -> Result<(), Misfit> {
    if given.dims() == wanted.dims() {
        return Ok(());
    }
    let (given, wanted) = (given.dims(), wanted.dims());
    Err(Misfit::new(format!("{given:?} is given for {wanted:?}")))
}

/// Which block runs in each round, round by round.
pub(super) fn whose(
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
                0 => return Err(Misfit::new("every round of none")),
                distance if number % distance == 0 => 0,
                _ => 1,
            },
        });
    }
    Ok(turns)
}
