//! Blocks that are called: once, as experts, in rounds, at one place after another.

use dotledger::graph::{BlockId, Turns};
use dotledger::part::Part;
use dotledger::sym::Poly;

use super::count::{Count, Store};
use super::ops::declared;
use super::setting::{Misfit, Setting};
use super::tensor::{Axis, Size, Tensor};
use super::walk::{Entry, Place, Seen, Walker};

/// A call as it is written.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) block: BlockId,
    pub(super) dims: Vec<Size>,
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
    /// Runs a block as each of its experts: the work of those that a position passes, the weights of all.
    pub(super) fn route(
        &mut self,
        call: &Call,
        [experts, active]: [&Poly; 2],
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
    ) -> Result<Seen, Misfit> {
        let (experts, active) = (setting.size(experts)?.here, setting.size(active)?.here);
        if active > experts {
            return Err(Misfit(format!("{active} active of {experts} experts")));
        }
        if experts == 0 {
            return Err(Misfit(String::from("no expert gives anything")));
        }
        let mut given = Seen::default();
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
    pub(super) fn rounds(
        &mut self,
        calls: &[Call],
        turns: &[usize],
        shared: bool,
        setting: &Setting<'_>,
        inputs: &[&Seen],
        place: &Place,
    ) -> Result<Seen, Misfit> {
        let Some((first, others)) = inputs.split_first() else {
            return Err(Misfit(String::from("nothing is carried")));
        };
        let mut carried = (*first).clone();
        for (round, turn) in turns.iter().enumerate() {
            let inputs: Vec<&Seen> = std::iter::once(&carried)
                .chain(others.iter().copied())
                .collect();
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
        let inner = setting.within(&block.dims, &call.dims);
        let size = setting.size(over)?;
        let mut along: Option<Axis> = None;
        let mut places = Vec::with_capacity(inputs.len());
        for (input, (_, shape)) in inputs.iter().zip(&block.inputs[1..]) {
            let mut here = (*input).clone();
            if here.tensor.rank() > shape.rank() {
                let Some(at) = here.tensor.find(size) else {
                    return Err(Misfit(String::from("no axis to run along")));
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
            return Err(Misfit(String::from("nothing is taken apart")));
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
        let setting = setting.within(&block.dims, &call.dims);
        let mut given = Vec::with_capacity(inputs.len());
        for ((name, shape), input) in block.inputs.iter().zip(inputs) {
            let mut tensor = declared(shape, &setting)?;
            same_dims(&input.tensor, &tensor)
                .map_err(|Misfit(why)| Misfit(format!("`{name}`: {why}")))?;
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

/// That a tensor is as long along each axis as one that it stands for.
fn same_dims(given: &Tensor, wanted: &Tensor) -> Result<(), Misfit> {
    if given.dims() == wanted.dims() {
        return Ok(());
    }
    let (given, wanted) = (given.dims(), wanted.dims());
    Err(Misfit(format!("{given:?} is given for {wanted:?}")))
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
                0 => return Err(Misfit(String::from("every round of none"))),
                distance if number % distance == 0 => 0,
                _ => 1,
            },
        });
    }
    Ok(turns)
}
