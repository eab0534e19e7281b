//! Shapes: every node of every block, for each distinct way in which the block is called.
//!
//! A block is traced once for each distinct set of argument shapes, dimensions and inherited part, so that blocks which
//! call each other twice and nest deep cost what their text costs. What is found lives in side tables beside the graph;
//! holding a [`Traced`] proves that all shapes fit.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::diag::{Code, Diagnostic, Diagnostics, Span};
use crate::graph::{Block, BlockId, Graph, Node, NodeId, NodeKind, Pattern, Turns};
use crate::lower::{Positions, refusal};
use crate::ops::{Inferred, Op};
use crate::part::Part;
use crate::shape::{Axis, Shape, mend};
use crate::sym::{AlgebraError, Context, Poly, Subst};

/// One way in which a block is called, by its place in [`Traced`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) usize);

/// How often a block stands where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// How often it runs for each position.
    pub runs: Poly,
    /// In how many copies its parameters exist.
    pub owned: Poly,
}

impl Times {
    /// A block whose every run has parameters of its own.
    pub fn each(count: Poly) -> Self {
        Times {
            runs: count.clone(),
            owned: count,
        }
    }
}

/// What is known of a node in one instance of its block.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The shape that it gives.
    pub shape: Arc<Shape>,
    /// Whether it sums over positions.
    pub sums_positions: bool,
    /// The instances that it calls and how often, if it calls blocks.
    pub callees: SmallVec<[(InstanceId, Times); 1]>,
    /// The op as it is here, where the block's own dimensions make it differ from the one in the graph.
    pub op: Option<Arc<dyn Op>>,
}

/// A block as it is called with certain shapes.
#[derive(Debug)]
pub struct Instance {
    /// Which block.
    pub block: BlockId,
    /// The part of its nodes that set none.
    pub part: Part,
    /// Whether all of it runs once a request.
    pub once: bool,
    facts: Vec<Option<Fact>>,
}

impl Instance {
    /// What is known of a node.
    pub fn fact(&self, node: NodeId) -> Option<&Fact> {
        self.facts.get(node.at()).and_then(Option::as_ref)
    }
}

/// The proof that all shapes of a graph fit: a table that only shape inference makes.
#[derive(Debug)]
pub struct Traced {
    instances: Vec<Instance>,
    body: InstanceId,
}

impl Traced {
    /// An instance.
    pub fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.0]
    }

    /// The body of the model.
    pub fn body(&self) -> InstanceId {
        self.body
    }

    /// Instances so that each comes before those that call it.
    pub fn callees_first(&self) -> impl DoubleEndedIterator<Item = (InstanceId, &Instance)> {
        self.instances
            .iter()
            .enumerate()
            .map(|(at, instance)| (InstanceId(at), instance))
    }
}

/// What tells the ways apart in which a block is called.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    block: BlockId,
    /// What its nodes inherit from the call.
    part: Part,
    once: bool,
    /// Its own dimensions.
    dims: Vec<Poly>,
    arguments: Vec<Shape>,
}

/// Where a node stands.
struct Here<'a> {
    /// What the block is given.
    arguments: &'a [Shape],
    part: Part,
    once: bool,
    /// What its own dimensions are.
    subst: &'a Subst,
}

struct Infer<'g, 'a, 'c> {
    graph: &'g Graph,
    positions: Option<Positions>,
    cx: &'a mut Context<'c>,
    diagnostics: &'a mut Diagnostics,
    known: HashMap<Key, Option<InstanceId>>,
    instances: Vec<Instance>,
}

/// Infers all shapes. `None` comes back with a diagnostic, or when the graph holds a broken node, which is reported.
pub(crate) fn infer(
    graph: &Graph,
    positions: Option<Positions>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Traced> {
    let body = graph.body();
    let shapes = graph
        .block(body)
        .inputs
        .iter()
        .map(|(_, shape)| shape.clone())
        .collect();
    let mut infer = Infer {
        graph,
        positions,
        cx,
        diagnostics,
        known: HashMap::new(),
        instances: Vec::new(),
    };
    let body = infer.instance(Key {
        block: body,
        part: Part::Other,
        once: false,
        dims: Vec::new(),
        arguments: shapes,
    })?;
    Some(Traced {
        instances: infer.instances,
        body,
    })
}

impl Infer<'_, '_, '_> {
    /// The instance of a block for the given arguments, traced when it is first asked for.
    fn instance(&mut self, key: Key) -> Option<InstanceId> {
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let made = self.trace(&key);
        self.known.insert(key, made);
        made
    }

    fn trace(&mut self, key: &Key) -> Option<InstanceId> {
        let graph = self.graph;
        let block = graph.block(key.block);
        let mut subst = Subst::new();
        for (sym, value) in block.dims.iter().zip(&key.dims) {
            subst.insert(*sym, value.clone());
        }
        let mut when_nothing_is_past = subst.clone();
        if let Some(positions) = self.positions {
            when_nothing_is_past.insert(positions.past, Poly::zero());
        }
        let part = block.part.unwrap_or(key.part);
        let mut facts: Vec<Option<Fact>> = vec![None; block.len()];
        let mut sound = true;
        for node_id in block.topological() {
            let node = block.node(*node_id);
            let operands = block.operands(*node_id);
            let fact = {
                let known =
                    |operand: &NodeId| facts[operand.at()].as_ref().map(|fact| &*fact.shape);
                let inputs: Option<SmallVec<[&Shape; 2]>> = operands.iter().map(known).collect();
                let once = key.once || node.once;
                let here = Here {
                    arguments: &key.arguments,
                    part: node.part.unwrap_or(part),
                    once,
                    subst: if once { &when_nothing_is_past } else { &subst },
                };
                inputs.and_then(|inputs| {
                    let fact = self.fact(node, &inputs, &here)?;
                    (!once || self.outlasts_a_pass(node, &inputs, &fact.shape)).then_some(fact)
                })
            };
            sound &= fact.is_some();
            facts[node_id.at()] = fact;
        }
        if !sound {
            return None;
        }
        self.instances.push(Instance {
            block: key.block,
            part,
            once: key.once,
            facts,
        });
        Some(InstanceId(self.instances.len() - 1))
    }

    /// Whether what is computed once a request is of one size in every pass; else it is refused.
    fn outlasts_a_pass(&mut self, node: &Node, inputs: &[&Shape], output: &Shape) -> bool {
        let Some(positions) = self.positions else {
            return true;
        };
        let of_a_pass = |shape: &&&Shape| {
            let mut dims = shape.axes().iter().map(|axis| axis.dim.poly());
            dims.any(|dim| positions.set().iter().any(|sym| dim.mentions(*sym)))
        };
        let Some(shape) = inputs.iter().chain([&output]).find(of_a_pass) else {
            return true;
        };
        let message = format!(
            "`{}` runs once a request, and {} is another size in every pass",
            node.name,
            shape.show(self.cx.symbols)
        );
        let help = String::from("what passes add is kept by a `Cache` outside `Once`");
        self.refuse(Diagnostic::at(Code::Shape, node.span, message).help(help));
        false
    }

    fn fact(&mut self, node: &Node, inputs: &[&Shape], here: &Here<'_>) -> Option<Fact> {
        let subst = here.subst;
        let plain = |shape| Fact {
            shape: Arc::new(shape),
            sums_positions: false,
            callees: SmallVec::new(),
            op: None,
        };
        match &node.kind {
            NodeKind::Broken => None,
            NodeKind::Input(slot) => here.arguments.get(*slot).cloned().map(plain),
            NodeKind::Op {
                def,
                args,
                op,
                places,
            } => {
                let own = if subst.is_empty() {
                    None
                } else {
                    let args = args.substitute(subst, self.cx);
                    let args = self.accept(args, node.span)?;
                    Some(
                        (def.build)(&args)
                            .map_err(|error| self.refuse(refusal(def, &error, places, node.span)))
                            .ok()?,
                    )
                };
                let op = own.as_ref().unwrap_or(op);
                match op.infer(inputs, self.cx) {
                    Ok(Inferred {
                        output,
                        sums_positions,
                    }) => Some(Fact {
                        shape: Arc::new(output),
                        sums_positions,
                        callees: SmallVec::new(),
                        op: own,
                    }),
                    Err(error) => {
                        self.refuse(refusal(def, &error, places, node.span));
                        None
                    }
                }
            }
            NodeKind::Call { blocks, pattern } => {
                let mut callees = Vec::with_capacity(blocks.len());
                for callee in blocks {
                    let dims = callee.dims.iter();
                    let dims = dims.map(|dim| self.cx.substitute(dim, subst));
                    let dims = dims.collect::<Result<Vec<Poly>, _>>();
                    callees.push((callee.block, self.accept(dims, node.span)?));
                }
                let (block, dims) = callees.first()?;
                if let Pattern::Rounds { count, at, turns } = pattern {
                    let counts = self.counts(count, turns, callees.len(), subst);
                    let counts = self.accept(counts, *at)?;
                    let inputs = self.arguments(*block, inputs, dims, node.span)?;
                    let (instances, shape) = self.rounds(&callees, here, inputs, node.span, *at)?;
                    let times = counts.into_iter().map(Times::each);
                    return Some(Fact {
                        callees: instances.into_iter().zip(times).collect(),
                        ..plain(shape)
                    });
                }
                let inputs = self.arguments(*block, inputs, dims, node.span)?;
                let (callee, shape) = self.call(*block, here, dims.clone(), inputs)?;
                let times = self.times(pattern, subst);
                let times = self.accept(times, node.span)?;
                Some(Fact {
                    callees: SmallVec::from_iter([(callee, times)]),
                    ..plain(shape)
                })
            }
        }
    }

    /// How often a block that is called once stands there: once, or as so many experts.
    fn times(&mut self, pattern: &Pattern, subst: &Subst) -> Result<Times, AlgebraError> {
        let Pattern::Route { experts, active } = pattern else {
            return Ok(Times::each(Poly::one()));
        };
        let owned = self.cx.substitute(experts, subst)?;
        let runs = self.cx.substitute(active, subst)?;
        self.cx.require_at_least(&owned, &runs);
        self.cx.require_at_least(&runs, &Poly::zero());
        Ok(Times { runs, owned })
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

    fn refuse(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The value of an algebraic step, or its error as a diagnostic.
    fn accept<T>(&mut self, value: Result<T, AlgebraError>, span: Span) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                let message = error.message(self.cx.symbols);
                self.refuse(Diagnostic::at(Code::Dimension, span, message));
                None
            }
        }
    }

    fn call(
        &mut self,
        block: BlockId,
        here: &Here<'_>,
        dims: Vec<Poly>,
        arguments: Vec<Shape>,
    ) -> Option<(InstanceId, Shape)> {
        let instance = self.instance(Key {
            block,
            part: here.part,
            once: here.once,
            dims,
            arguments,
        })?;
        let output = self.graph.block(block).output;
        Some((
            instance,
            (*self.instances[instance.0].fact(output)?.shape).clone(),
        ))
    }

    /// Blocks whose output is carried into the first input of the next round: all are of one shape. An axis that a round
    /// makes one of positions is one from the first round on.
    fn rounds(
        &mut self,
        callees: &[(BlockId, Vec<Poly>)],
        here: &Here<'_>,
        mut inputs: Vec<Shape>,
        span: Span,
        at: Span,
    ) -> Option<(Vec<InstanceId>, Shape)> {
        loop {
            let mut changed = false;
            let mut instances = Vec::with_capacity(callees.len());
            for (block, dims) in callees {
                let given: Vec<&Shape> = inputs.iter().collect();
                let arguments = self.arguments(*block, &given, dims, span)?;
                let (instance, output) = self.call(*block, here, dims.clone(), arguments)?;
                instances.push(instance);
                let carried = inputs.first_mut()?;
                let symbols = self.cx.symbols;
                let clash = carried
                    .axes()
                    .iter()
                    .zip(output.axes())
                    .find(|(a, b)| !a.dim.same(&b.dim, symbols));
                if carried.rank() != output.rank() || clash.is_some() {
                    let message = format!(
                        "`{}` is repeated, but it gives {} and takes {}",
                        self.graph.block(*block).name,
                        output.show(symbols),
                        carried.show(symbols)
                    );
                    let help = clash.and_then(|(a, b)| mend(a.dim.poly(), b.dim.poly(), self.cx));
                    self.refuse(Diagnostic::at(Code::Shape, at, message).maybe_help(help));
                    return None;
                }
                for (axis, given) in carried.0.iter_mut().zip(output.axes()) {
                    changed |= axis.learn(given);
                }
            }
            if !changed {
                return Some((instances, inputs.into_iter().next()?));
            }
        }
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
        let mut subst = Subst::new();
        for (sym, value) in block.dims.iter().zip(dims) {
            subst.insert(*sym, value.clone());
        }
        let mut arguments = Vec::with_capacity(given.len());
        for ((name, declared), argument) in block.inputs.iter().zip(given) {
            let mut wanted = declared.clone();
            for axis in &mut wanted.0 {
                let dim = self.cx.substitute(axis.dim.poly(), &subst);
                *axis = Axis::feature(self.accept(dim, span)?);
            }
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
