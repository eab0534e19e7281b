//! Blocks that are called: the shapes that they are given, how often they run, and what they give.

use super::{Callee, Fact, Flags, Here, Infer, InstanceId, Key, Reading, Rounds, Times};
use crate::diag::{Code, Diagnostic, Span};
use crate::graph::{self, Block, BlockId, Node, Pattern, Turns};
use crate::shape::{Axis, Shape, mend};
use crate::sym::{AlgebraError, Poly, Subst};

/// How many positions a tensor holds features of: the axes up to the last of positions, or all but one where none is of any.
/// Nothing, if no axis is left for features.
fn routed_positions(shape: &Shape) -> Option<Poly> {
    let last = shape.axes().iter().rposition(Axis::is_position);
    let leading = last.map_or_else(|| shape.rank().checked_sub(1), |at| Some(at + 1))?;
    let (positions, features) = shape.axes().split_at(leading);
    let product = || Poly::product(positions.iter().map(|axis| axis.dim.poly()));
    (!features.is_empty()).then(product)
}

/// What blocks in rounds come to.
struct Carried {
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
        (blocks, pattern): (&[graph::Callee], &Pattern),
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
                number,
                at,
                turns,
                shared,
            } => {
                let counts = self.counts(count, turns, callees.len(), subst);
                let counts = self.accept(counts, *at)?;
                let mut here = here.clone();
                if let (Some(number), Some(count)) = (*number, counts.first()) {
                    for dim in dims.iter().filter(|dim| dim.mentions(number)) {
                        self.cx.require_at_least(dim, &Poly::zero());
                    }
                    let count = count.clone();
                    here.rounds.push(Rounds { number, count });
                }
                let here = &here;
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let rounds =
                    self.rounds(&callees, here, &here.history, inputs, (node.span, *at))?;
                let calls = rounds.instances.into_iter().zip(counts);
                let callees = calls.map(|(instance, count)| match (*shared, *number) {
                    (true, _) => Callee::again(instance, count),
                    (false, None) => Callee::each(instance, count),
                    (false, Some(number)) => Callee {
                        rounds: Some(Rounds { number, count }),
                        ..Callee::each(instance, Poly::one())
                    },
                });
                Fact {
                    callees: callees.collect(),
                    ..Fact::of(rounds.shape, rounds.history)
                }
            }
            Pattern::Scan { over, at } => {
                let over = self.cx.substitute(over, subst);
                let over = self.accept(over, *at)?;
                self.scan(&callees, here, inputs, (over, *at), node)?
            }
            Pattern::Once => {
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let (instance, output) =
                    self.call(*block, here, &here.history, dims.clone(), inputs)?;
                Fact {
                    callees: vec![Callee::each(instance, Poly::one())],
                    ..output
                }
            }
            Pattern::Route {
                experts,
                active,
                capacity,
            } => {
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let Some(positions) = inputs.first().and_then(routed_positions) else {
                    let message = format!(
                        "`{}` routes positions to experts, and {} has no axis of features after them",
                        node.name,
                        inputs.first()?.show(self.cx.symbols)
                    );
                    self.refuse(Diagnostic::at(Code::Shape, node.span, message));
                    return None;
                };
                let mut here = here.clone();
                here.inside.route = true;
                let (instance, output) =
                    self.call(*block, &here, &here.history, dims.clone(), inputs)?;
                let sizes = [experts, active].map(|size| self.cx.substitute(size, subst));
                let [experts, active] = sizes.map(|size| self.accept(size, node.span));
                let sizes = [experts?, active?, positions];
                let call = self.routed(sizes, capacity.as_ref(), subst);
                let (times, reading) = self.accept(call, node.span)?;
                Fact {
                    callees: vec![Callee {
                        instance,
                        times,
                        reading,
                        rounds: None,
                    }],
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
                match &mut axis {
                    Some(axis) => _ = axis.learn(&along),
                    None => axis = Some(along),
                }
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
        // Along the positions of a pass the next pass goes on; along anything else each place is another run.
        let of_a_pass = self.is_of_a_pass(&over) && !here.once;
        let mut within = here.clone();
        within.inside.scan |= of_a_pass;
        let rounds = self.rounds(callees, &within, &history, inputs, (node.span, at))?;
        let state = rounds.shape.elements();
        let mut shape = rounds.shape;
        shape.0.insert(0, axis);
        let instances = rounds.instances.into_iter();
        let callees = instances.map(|instance| Callee::again(instance, over.clone()));
        Some(Fact {
            state: of_a_pass.then_some(state),
            callees: callees.collect(),
            ..Fact::of(shape, here.history.contains(&true))
        })
    }

    /// How often an expert stands where it is called. With a capacity, each of them works on all the room it has:
    /// `ceil(capacity * k * positions / E)` positions.
    fn routed(
        &mut self,
        [experts, active, positions]: [Poly; 3],
        capacity: Option<&Poly>,
        subst: &Subst,
    ) -> Result<(Times, Reading), AlgebraError> {
        self.cx.require_at_least(&experts, &active);
        self.cx.require_at_least(&active, &Poly::zero());
        let Some(capacity) = capacity else {
            let times = Times {
                owned: experts.clone(),
                ..Times::each(active.clone())
            };
            let reading = Reading::Chosen {
                experts,
                active,
                positions,
            };
            return Ok((times, reading));
        };
        let capacity = self.cx.substitute(capacity, subst)?;
        self.cx.require_at_least(&capacity, &Poly::zero());
        let wanted = Poly::product([&capacity, &active, &positions]);
        let room = -self.cx.floor_div(&-wanted, &experts)?;
        let times = Times {
            runs: self.cx.divide_freely(&(&experts * &room), &positions)?,
            owned: experts.clone(),
            ..Times::each(active)
        };
        Ok((times, Reading::Each(experts)))
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
        let axes = arguments.iter().flat_map(Shape::axes);
        let sizes = axes.map(|axis| axis.dim.poly()).chain(&dims);
        let depends = |number| sizes.clone().any(|size| size.mentions(number));
        let rounds = Rounds::needed(here.rounds.iter(), depends);
        let instance = self.instance(Key {
            block,
            rounds,
            part: here.part,
            once: here.once,
            inside: here.inside,
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
    ) -> Option<Carried> {
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
                return Some(Carried {
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
