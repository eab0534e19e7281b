//! Blocks that are called: the shapes that they are given, how often they run, and what they give.

use super::{Fact, Flags, Here, Infer, InstanceId, Key, Times};
use crate::diag::{Code, Diagnostic, Span};
use crate::graph::{Block, BlockId, Callee, Node, Pattern, Turns};
use crate::lower::Positions;
use crate::shape::{Axis, Shape, mend};
use crate::sym::{AlgebraError, Poly, Subst};
use crate::work::Bounds;

/// How many vectors of features a tensor holds.
fn leading(shape: &Shape) -> Poly {
    let axes = shape.axes().split_last().map_or(&[][..], |(_, axes)| axes);
    Poly::product(axes.iter().map(|axis| axis.dim.poly()))
}

/// What blocks in rounds come to.
struct Rounds {
    instances: Vec<InstanceId>,
    /// What is carried.
    shape: Shape,
    /// Whether that depends on the state of a scan over positions.
    history: bool,
}

impl Infer<'_, '_, '_> {
    /// What is known of a node that calls blocks.
    pub(super) fn called(
        &mut self,
        node: &Node,
        (blocks, pattern): (&[Callee], &Pattern),
        inputs: &[&Shape],
        here: &Here<'_>,
    ) -> Option<Fact> {
        let subst = here.subst;
        let mut callees = Vec::with_capacity(blocks.len());
        for callee in blocks {
            let dims = callee.dims.iter();
            let dims = dims.map(|dim| self.cx.substitute(dim, subst));
            let dims = dims.collect::<Result<Vec<Poly>, _>>();
            callees.push((callee.block, self.accept(dims, node.span)?));
        }
        let (block, dims) = callees.first()?;
        let fact = match pattern {
            Pattern::Rounds {
                count,
                at,
                turns,
                shared,
            } => {
                let counts = self.counts(count, turns, callees.len(), subst);
                let counts = self.accept(counts, *at)?;
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let rounds =
                    self.rounds(&callees, here, &here.history, inputs, (node.span, *at))?;
                let times = if *shared { Times::sharing } else { Times::each };
                let times = counts.into_iter().map(times);
                Fact {
                    callees: rounds.instances.into_iter().zip(times).collect(),
                    ..Fact::of(rounds.shape, rounds.history)
                }
            }
            Pattern::Scan { over, at } => {
                let over = self.cx.substitute(over, subst);
                let over = self.accept(over, *at)?;
                self.scan(&callees, here, inputs, (over, *at), node)?
            }
            Pattern::Once | Pattern::Route { .. } => {
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let positions = inputs.first().map_or_else(Poly::one, leading);
                let (callee, output) =
                    self.call(*block, here, &here.history, dims.clone(), inputs)?;
                let times = self.times(pattern, &positions, subst);
                let times = self.accept(times, node.span)?;
                Fact {
                    callees: vec![(callee, times)],
                    ..output
                }
            }
        };
        Some(fact)
    }

    /// A block that runs at one place after another along an axis.
    fn scan(
        &mut self,
        callees: &[(BlockId, Vec<Poly>)],
        here: &Here<'_>,
        inputs: &[&Shape],
        (over, at): (Poly, Span),
        node: &Node,
    ) -> Option<Fact> {
        let (cell, dims) = callees.first()?;
        let block = self.graph.block(*cell);
        let mut axis: Option<Axis> = None;
        let subst = own_dims(block, dims);
        let mut given = vec![self.declared(block, 0, &subst, node.span)?];
        for (input, (name, declared)) in inputs.iter().zip(&block.inputs[1..]) {
            let mut place = (*input).clone();
            if input.rank() == declared.rank() + 1 {
                let Some(cut) = input.find(&over, self.cx.symbols) else {
                    let message = format!(
                        "`{name}` of block `{}` is one place of {}, which has no axis of size `{}`",
                        block.name,
                        input.show(self.cx.symbols),
                        over.show(self.cx.symbols)
                    );
                    self.refuse(Diagnostic::at(Code::Shape, at, message));
                    return None;
                };
                let along = place.0.remove(cut);
                axis.get_or_insert(along);
            }
            given.push(place);
        }
        let Some(axis) = axis else {
            let message = format!(
                "`{}` runs along `{}`, and takes no input apart there",
                block.name,
                over.show(self.cx.symbols)
            );
            let help =
                "declare an input of the block without that axis: it gets one place after another";
            self.refuse(Diagnostic::at(Code::Shape, at, message).help(help.to_owned()));
            return None;
        };
        let mut history = Flags::from_iter([axis.is_position()]);
        history.extend(here.history.iter().copied());
        let given: Vec<&Shape> = given.iter().collect();
        let inputs = self.arguments(*cell, &given, dims, node.span)?;
        let rounds = self.rounds(callees, here, &history, inputs, (node.span, at))?;
        let state = rounds.shape.elements();
        let goes_on = |positions: Positions| over.mentions(positions.new) && !here.once;
        let mut shape = rounds.shape;
        shape.0.insert(0, axis);
        let times = Times {
            kept: Poly::one(),
            ..Times::sharing(over.clone())
        };
        let callees = rounds.instances.into_iter();
        Some(Fact {
            state: self.positions.is_some_and(goes_on).then_some(state),
            callees: callees.map(|instance| (instance, times.clone())).collect(),
            ..Fact::of(shape, here.history.contains(&true))
        })
    }

    /// How often a block that is called once stands there: once, or as so many experts, for so many positions.
    fn times(
        &mut self,
        pattern: &Pattern,
        positions: &Poly,
        subst: &Subst,
    ) -> Result<Times, AlgebraError> {
        let Pattern::Route {
            experts,
            active,
            capacity,
        } = pattern
        else {
            return Ok(Times::each(Poly::one()));
        };
        let owned = self.cx.substitute(experts, subst)?;
        let active = self.cx.substitute(active, subst)?;
        self.cx.require_at_least(&owned, &active);
        self.cx.require_at_least(&active, &Poly::zero());
        if let Some(capacity) = capacity {
            let capacity = self.cx.substitute(capacity, subst)?;
            return self.with_room(&owned, active, &capacity, positions);
        }
        // A position leaves an expert out with chance 1 - k/E, and each position chooses anew.
        let share = self.cx.divide_freely(&active, &owned)?;
        let left_out = self.cx.power(&(Poly::one() - share), positions)?;
        let read = Bounds {
            lower: active.clone(),
            expected: &owned * &(Poly::one() - left_out),
            upper: self.cx.least(&[owned.clone(), &active * positions])?,
        };
        Ok(Times {
            owned,
            read,
            ..Times::each(active)
        })
    }

    /// Experts that work on all the room they have: `ceil(capacity * k * positions / E)` positions each.
    fn with_room(
        &mut self,
        experts: &Poly,
        active: Poly,
        capacity: &Poly,
        positions: &Poly,
    ) -> Result<Times, AlgebraError> {
        self.cx.require_at_least(capacity, &Poly::zero());
        let wanted = Poly::product([capacity, &active, positions]);
        let room = -self.cx.floor_div(&-wanted, experts)?;
        let worked = experts * &room;
        Ok(Times {
            runs: self.cx.divide_freely(&worked, positions)?,
            owned: experts.clone(),
            read: Bounds::certain(experts.clone()),
            ..Times::each(active)
        })
    }

    /// How often each of `blocks` blocks runs in `count` rounds.
    fn counts(
        &mut self,
        count: &Poly,
        turns: &Turns,
        blocks: usize,
        subst: &Subst,
    ) -> Result<Vec<Poly>, AlgebraError> {
        let count = self.cx.substitute(count, subst)?;
        self.cx.require_at_least(&count, &Poly::zero());
        match turns {
            Turns::Cycle if blocks == 1 => Ok(vec![count]),
            Turns::Cycle => {
                let size = i64::try_from(blocks).unwrap_or(i64::MAX);
                (0..size)
                    .map(|at| {
                        let reach = &count + &Poly::int(size - 1 - at);
                        self.cx.floor_div(&reach, &Poly::int(size))
                    })
                    .collect()
            }
            Turns::Every(distance) => {
                let distance = self.cx.substitute(distance, subst)?;
                self.cx.require_at_least(&distance, &Poly::one());
                let first = self.cx.floor_div(&count, &distance)?;
                let others = count - first.clone();
                Ok(vec![first, others])
            }
        }
    }

    /// The instance of a block that is called here, and what is known of its output.
    fn call(
        &mut self,
        block: BlockId,
        here: &Here<'_>,
        history: &Flags,
        dims: Vec<Poly>,
        arguments: Vec<Shape>,
    ) -> Option<(InstanceId, Fact)> {
        let instance = self.instance(Key {
            block,
            part: here.part,
            once: here.once,
            dims,
            arguments,
            history: history.clone(),
        })?;
        let output = self.graph.block(block).output;
        let output = self.instances[instance.0].fact(output)?;
        Some((instance, Fact::of((*output.shape).clone(), output.history)))
    }

    /// Blocks whose output is carried into the first input of the next round: all are of one shape. An axis that a round
    /// makes one of positions is one from the first round on.
    fn rounds(
        &mut self,
        callees: &[(BlockId, Vec<Poly>)],
        here: &Here<'_>,
        history: &Flags,
        mut inputs: Vec<Shape>,
        (span, at): (Span, Span),
    ) -> Option<Rounds> {
        let mut history = history.clone();
        loop {
            let mut changed = false;
            let mut instances = Vec::with_capacity(callees.len());
            for (block, dims) in callees {
                let given: Vec<&Shape> = inputs.iter().collect();
                let arguments = self.arguments(*block, &given, dims, span)?;
                let (instance, output) =
                    self.call(*block, here, &history, dims.clone(), arguments)?;
                instances.push(instance);
                let carried = inputs.first_mut()?;
                let symbols = self.cx.symbols;
                let clash = carried
                    .axes()
                    .iter()
                    .zip(output.shape.axes())
                    .find(|(a, b)| !a.dim.same(&b.dim, symbols));
                if carried.rank() != output.shape.rank() || clash.is_some() {
                    let message = format!(
                        "`{}` is repeated, but it gives {} and takes {}",
                        self.graph.block(*block).name,
                        output.shape.show(symbols),
                        carried.show(symbols)
                    );
                    let help = clash.and_then(|(a, b)| mend(a.dim.poly(), b.dim.poly(), self.cx));
                    self.refuse(Diagnostic::at(Code::Shape, at, message).maybe_help(help));
                    return None;
                }
                for (axis, given) in carried.0.iter_mut().zip(output.shape.axes()) {
                    changed |= axis.learn(given);
                }
                let first = history.first_mut()?;
                changed |= output.history && !*first;
                *first |= output.history;
            }
            if !changed {
                return Some(Rounds {
                    instances,
                    shape: inputs.into_iter().next()?,
                    history: *history.first()?,
                });
            }
        }
    }

    /// The shape that a block declares for an input, with its own dimensions put in.
    fn declared(&mut self, block: &Block, slot: usize, dims: &Subst, span: Span) -> Option<Shape> {
        let mut shape = block.inputs.get(slot)?.1.clone();
        for axis in &mut shape.0 {
            let dim = self.cx.substitute(axis.dim.poly(), dims);
            *axis = Axis::feature(self.accept(dim, span)?);
        }
        Some(shape)
    }

    /// The arguments of a call in the words of the block: sizes as the block declares them, to which those given must be
    /// equal, and positions as the caller has them.
    fn arguments(
        &mut self,
        block: BlockId,
        given: &[&Shape],
        dims: &[Poly],
        span: Span,
    ) -> Option<Vec<Shape>> {
        let graph = self.graph;
        let block: &Block = graph.block(block);
        let dims = own_dims(block, dims);
        let mut arguments = Vec::with_capacity(given.len());
        for (slot, ((name, _), argument)) in block.inputs.iter().zip(given).enumerate() {
            let mut wanted = self.declared(block, slot, &dims, span)?;
            let symbols = self.cx.symbols;
            let clash = wanted
                .axes()
                .iter()
                .zip(argument.axes())
                .find(|(a, b)| !a.dim.same(&b.dim, symbols));
            if wanted.rank() != argument.rank() || clash.is_some() {
                let message = format!(
                    "`{name}` of block `{}` is declared {}, and {} is given",
                    block.name,
                    wanted.show(symbols),
                    argument.show(symbols)
                );
                let help = clash.and_then(|(a, b)| mend(b.dim.poly(), a.dim.poly(), self.cx));
                self.refuse(Diagnostic::at(Code::Shape, span, message).maybe_help(help));
                continue;
            }
            for (axis, given) in wanted.0.iter_mut().zip(argument.axes()) {
                *axis = axis.clone().standing_for(given);
            }
            arguments.push(wanted);
        }
        (arguments.len() == given.len()).then_some(arguments)
    }
}

/// A block's own dimensions, as a call gives them.
pub(super) fn own_dims(block: &Block, dims: &[Poly]) -> Subst {
    let syms = block.dims.iter().copied();
    syms.zip(dims.iter().cloned()).collect()
}
