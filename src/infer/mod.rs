//! Shapes: every node of every block, for each distinct way in which the block is called.
//!
//! A block is traced once for each distinct set of argument shapes, dimensions and inherited part, so that blocks which
//! call each other twice and nest deep cost what their text costs. What is found lives in side tables beside the graph;
//! holding a [`Traced`] proves that all shapes fit.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use smallvec::SmallVec;

use crate::diag::{Code, Diagnostic, Diagnostics, Span};
use crate::graph::{BlockId, Graph, Node, NodeId, NodeKind};
use crate::lower::{Positions, refusal};
use crate::ops::{Inferred, Op};
use crate::part::Part;
use crate::shape::{Axis, Coordinate, MAX_RANK, Shape};
use crate::sym::{AlgebraError, Condition, Context, Poly, Subst};
use crate::work::Store;

mod calls;
mod times;

pub use times::{Callee, Reading, Rounds, Times};

/// Most nodes that all blocks may come to, in all ways in which they are called.
const MAX_TRACED: usize = 250_000;

/// Most bytes that the paths of all nodes may have, each with the names of the calls that lead to it.
const MAX_PATH_BYTES: usize = 32 << 20;

/// One way in which a block is called, by its place in [`Traced`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) usize);

/// What is known of a node in one instance of its block.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The shape that it gives.
    pub shape: Arc<Shape>,
    /// Whether it sums over positions, or reads what earlier places of a scan over positions left.
    pub sums_positions: bool,
    /// Whether it depends on the state of a scan over positions.
    pub history: bool,
    /// The scalars that a scan leaves for later passes.
    pub state: Option<Poly>,
    /// The instances that it calls and how often, if it calls blocks.
    pub callees: Vec<Callee>,
    /// The op as it is here, where the block's own dimensions make it differ from the one in the graph.
    pub op: Option<Arc<dyn Op>>,
}

impl Fact {
    /// A tensor of a shape, which depends on the state of a scan over positions or not.
    fn of(shape: Shape, history: bool) -> Fact {
        Fact {
            shape: Arc::new(shape),
            sums_positions: false,
            history,
            state: None,
            callees: Vec::new(),
            op: None,
        }
    }
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
    /// The rounds that its sizes depend on, the outer ones first.
    pub rounds: Vec<Rounds>,
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
    inside: Inside,
    /// The rounds that its sizes depend on, the outer ones first.
    rounds: Vec<Rounds>,
    /// Its own dimensions.
    dims: Vec<Poly>,
    arguments: Vec<Shape>,
    /// Which of the arguments depend on the state of a scan over positions.
    history: Flags,
}

impl Key {
    /// A block that no call says anything of.
    fn uncalled(block: BlockId, arguments: Vec<Shape>) -> Key {
        Key {
            block,
            part: Part::Other,
            once: false,
            inside: Inside::default(),
            rounds: Vec::new(),
            dims: Vec::new(),
            history: Flags::from_elem(false, arguments.len()),
            arguments,
        }
    }
}

/// What a block runs in that nothing kept for later passes has a place in.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Inside {
    /// The cell of a scan over the positions of a pass.
    scan: bool,
    /// An expert.
    route: bool,
}

/// One for each input.
type Flags = SmallVec<[bool; 4]>;

/// Where a node stands.
#[derive(Clone)]
struct Here<'a> {
    /// How the block is called.
    key: &'a Key,
    /// Which inputs of the node depend on the state of a scan over positions.
    history: Flags,
    part: Part,
    once: bool,
    inside: Inside,
    /// The rounds that sizes here may depend on, the outer ones first.
    rounds: Vec<Rounds>,
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
    /// How many nodes were traced, in all instances together.
    traced: usize,
    /// Bytes of the names that lead to the node at hand, and of such paths of all nodes.
    path: usize,
    path_bytes: usize,
}

/// Infers all shapes. `None` comes back with a diagnostic, or when the graph holds a broken node, which is reported.
pub(crate) fn infer(
    graph: &Graph,
    positions: Option<Positions>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Traced> {
    let body = graph.body();
    let shapes: Vec<Shape> = graph
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
        traced: 0,
        path: 0,
        path_bytes: 0,
    };
    let body = infer.instance(Key::uncalled(body, shapes));
    infer.try_unused();
    let body = body?;
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

    /// Checks the blocks that nothing names at the shapes that they declare, as if each axis were one of positions: what an
    /// op refuses there, it refuses at every call. Nothing else is kept of them.
    fn try_unused(&mut self) {
        let graph = self.graph;
        let (instances, used) = (self.instances.len(), self.cx.used.clone());
        for id in &graph.unused {
            let position = |axis: &Axis| Axis::along(axis.dim.clone(), Some(Coordinate::new(0)));
            let inputs = graph.block(*id).inputs.iter();
            let shapes = inputs.map(|(_, shape)| Shape::new(shape.axes().iter().map(position)));
            let shapes: Vec<Shape> = shapes.collect();
            self.instance(Key::uncalled(*id, shapes));
        }
        self.instances.truncate(instances);
        self.cx.used = used;
    }

    fn trace(&mut self, key: &Key) -> Option<InstanceId> {
        let graph = self.graph;
        let block = graph.block(key.block);
        self.traced += block.len();
        if self.traced > MAX_TRACED {
            let message = format!(
                "blocks are called in so many ways that they come to more than {MAX_TRACED} nodes, the limit"
            );
            self.refuse(Diagnostic::at(Code::Limit, block.span, message));
            return None;
        }
        let subst = calls::own_dims(block, &key.dims);
        let past = self.positions.map(|positions| positions.past);
        for condition in &block.conditions {
            let condition = condition.substitute(&subst, self.cx);
            let condition = self.accept(condition, block.span)?;
            self.cx.used.insert(condition);
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
                // What runs once finds nothing past.
                let started = once.then(|| {
                    let mut started = subst.clone();
                    if let Some(past) = past {
                        started.insert(past, Poly::zero());
                    }
                    started
                });
                let depends = |operand: &NodeId| facts[operand.at()].as_ref()?.history.into();
                let here = Here {
                    key,
                    history: operands.iter().filter_map(depends).collect(),
                    part: node.part.unwrap_or(part),
                    once,
                    inside: key.inside,
                    rounds: key.rounds.clone(),
                    subst: started.as_ref().unwrap_or(&subst),
                };
                inputs.and_then(|inputs| {
                    let fact = self.below(node, &inputs, &here)?;
                    if fact.shape.rank() > MAX_RANK {
                        let message = format!("a tensor has more than {MAX_RANK} axes, the limit");
                        self.refuse(Diagnostic::at(Code::Limit, node.span, message));
                        return None;
                    }
                    let stays = !once || self.outlasts_a_pass(node, &inputs, &fact);
                    (stays && self.has_a_place(node, &here, &fact)).then_some(fact)
                })
            };
            let impossible = self.cx.impossible.take();
            let fact = fact.filter(|_| self.possible(impossible, node.span));
            sound &= fact.is_some();
            facts[node_id.at()] = fact.map(|mut fact| {
                // Most nodes give a shape that they were given; one copy of it is enough.
                let mut given = operands.iter().filter_map(|at| facts[at.at()].as_ref());
                if let Some(same) = given.find(|given| given.shape == fact.shape) {
                    fact.shape = same.shape.clone();
                }
                fact
            });
        }
        if !sound {
            return None;
        }
        self.instances.push(Instance {
            block: key.block,
            part,
            once: key.once,
            rounds: key.rounds.clone(),
            facts,
        });
        Some(InstanceId(self.instances.len() - 1))
    }

    /// Whether a size is of the positions of a pass.
    fn is_of_a_pass(&self, size: &Poly) -> bool {
        let size = self.cx.symbols.normal(size);
        let set = self.positions.map(Positions::set);
        set.iter().flatten().any(|sym| size.mentions(*sym))
    }

    /// Whether what is computed once a request is of one size in every pass; else it is refused.
    fn outlasts_a_pass(&mut self, node: &Node, inputs: &[&Shape], fact: &Fact) -> bool {
        let of_a_pass = |shape: &&&Shape| {
            let mut dims = shape.axes().iter().map(|axis| axis.dim.poly());
            dims.any(|dim| self.is_of_a_pass(dim))
        };
        let output: &Shape = &fact.shape;
        let shape = inputs.iter().chain([&output]).find(of_a_pass);
        let mut rounds = fact.callees.iter().map(|callee| &callee.times.runs);
        let changes = match (shape, rounds.find(|runs| self.is_of_a_pass(runs))) {
            (Some(shape), _) => format!("{} is another size", shape.show(self.cx.symbols)),
            (None, Some(runs)) => format!("`{}` is another number", runs.show(self.cx.symbols)),
            (None, None) => return true,
        };
        let message = format!(
            "`{}` runs once a request, and {changes} in every pass",
            node.name
        );
        let help = String::from("what passes add is kept by a `Cache` outside `Once`");
        self.refuse(Diagnostic::at(Code::Shape, node.span, message).help(help));
        false
    }

    /// Whether a node that keeps something for later passes stands where there is one of it; else it is refused.
    fn has_a_place(&mut self, node: &Node, here: &Here<'_>, fact: &Fact) -> bool {
        let Inside { scan, route } = here.inside;
        let kept = match &node.kind {
            NodeKind::Op { op, .. } => op.stays(),
            _ => fact.state.as_ref().map(|_| Store::State),
        };
        // What runs once from further out runs once here too.
        let once = here.once && !here.key.once;
        // Of new positions, an expert caches those that chose it; a state is of none.
        let of_an_expert = kept == Some(Store::State) || once;
        let place = match kept.is_some() || once {
            true if scan => "each place of a scan has its own run of it",
            true if route && of_an_expert => "an expert works for the positions that chose it",
            _ => return true,
        };
        let message = format!("`{}` outlasts a pass, and {place}", node.name);
        let help = String::from("compute it outside and give it whole");
        self.refuse(Diagnostic::at(Code::Shape, node.span, message).help(help));
        false
    }

    /// What is known of a node whose path is one name longer than that of its block.
    fn below(&mut self, node: &Node, inputs: &[&Shape], here: &Here<'_>) -> Option<Fact> {
        let own = node.name.len() + 1;
        self.path += own;
        self.path_bytes += self.path;
        let fact = if self.path_bytes > MAX_PATH_BYTES {
            let message =
                format!("the paths of all nodes have more than {MAX_PATH_BYTES} bytes, the limit");
            let help = "shorter names, or fewer blocks inside each other";
            self.refuse(Diagnostic::at(Code::Limit, node.span, message).help(help));
            None
        } else {
            self.fact(node, inputs, here)
        };
        self.path -= own;
        fact
    }

    fn fact(&mut self, node: &Node, inputs: &[&Shape], here: &Here<'_>) -> Option<Fact> {
        let subst = here.subst;
        let history = here.history.contains(&true);
        match &node.kind {
            NodeKind::Broken => None,
            NodeKind::Input(slot) => {
                let shape = here.key.arguments.get(*slot)?.clone();
                Some(Fact::of(shape, *here.key.history.get(*slot)?))
            }
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
                        self.graph
                            .build(def, &args)
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
                        sums_positions: sums_positions || history,
                        op: own,
                        ..Fact::of(output, history)
                    }),
                    Err(error) => {
                        self.refuse(refusal(def, &error, places, node.span));
                        None
                    }
                }
            }
            NodeKind::Call { blocks, pattern } => {
                self.called(node, (blocks, pattern), inputs, here)
            }
        }
    }

    /// Whether all that a node needs holds at some values.
    fn possible(&mut self, impossible: Option<Condition>, span: Span) -> bool {
        let Some(condition) = impossible else {
            return true;
        };
        let needs = condition.display(self.cx.symbols);
        let message = format!("this needs `{needs}`, which never holds");
        self.refuse(Diagnostic::at(Code::Dimension, span, message));
        false
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
}
