//! The graph of a model: a DAG of named nodes for each block, and which blocks call which.
//!
//! This is the only module that names `petgraph`. It knows ops as opaque values; shapes and work live elsewhere, in
//! tables beside the graph.

use std::collections::HashSet;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef, Reversed, VisitMap, Visitable};
use smallvec::SmallVec;

use crate::diag::Span;
use crate::ops::args::Args;
use crate::ops::{Op, OpDef};
use crate::part::Part;
use crate::shape::Shape;
use crate::sym::{Conditions, Poly, Sym};

/// A node of a block, by its place in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// A block of a model, by its place in the model; the body is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub(crate) usize);

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// An input of the block, by its place among them.
    Input(usize),
    /// An op. Its attributes are kept beside it, for blocks whose dimensions a call sets.
    Op {
        /// Its entry in the list of ops.
        def: &'static OpDef,
        /// Its attributes.
        args: Args,
        /// The op made from them.
        op: Arc<dyn Op>,
        /// Where each field stands in the text.
        places: Places,
    },
    /// What could not be made sense of; it is reported, and nothing is inferred from it.
    Broken,
    /// Blocks that run.
    Call {
        /// Which blocks.
        blocks: Vec<Callee>,
        /// Which of them runs when.
        pattern: Pattern,
    },
}

/// Where the fields of an op stand in the text.
pub(crate) type Places = SmallVec<[(&'static str, Span); 3]>;

/// A block that a node calls.
#[derive(Clone, Debug)]
pub struct Callee {
    /// Which block.
    pub block: BlockId,
    /// What the block's own dimensions are.
    pub dims: Vec<Poly>,
}

/// How the blocks of a call run.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// One block once; its input need not be shaped like its output.
    Once,
    /// One block in so many copies, of which a position passes so many: experts. There are no rounds.
    Route {
        /// How many copies there are, each with parameters of its own.
        experts: Poly,
        /// How many of them a position passes.
        active: Poly,
        /// How much room each expert has, in shares of what an even choice would fill; room that is left over is worked on all
        /// the same. Without it, an expert works on the positions that chose it.
        capacity: Option<Poly>,
    },
    /// In rounds, each of which gives the next its first input.
    Rounds {
        /// How many rounds.
        count: Poly,
        /// The number of the round, from one, where the block's dimensions depend on it.
        number: Option<Sym>,
        /// Where that is written.
        at: Span,
        /// Whose turn it is in each.
        turns: Turns,
        /// Whether all rounds have the same parameters.
        shared: bool,
    },
    /// One block at one place after another along an axis. Its first input is the state, which each place gives the next;
    /// the others are what stands at the place. The output is the state after each place.
    Scan {
        /// The size of the axis.
        over: Poly,
        /// Where that is written.
        at: Span,
    },
}

/// Which block runs in which round.
#[derive(Clone, Debug)]
pub enum Turns {
    /// One after another, from the first again after the last.
    Cycle,
    /// The first in every round whose number, counted from one, is a multiple of this; the second in the others.
    Every(Poly),
}

/// A node with its name and place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name in the block.
    pub name: String,
    /// Its part, where it does not take that of its block.
    pub part: Option<Part>,
    /// Whether it runs once a request: in passes that have nothing past, and not in those that go on from there.
    pub once: bool,
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// A block: a DAG from inputs to one output.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name; empty for the body of the model.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its part, where it does not take that of its caller.
    pub part: Option<Part>,
    /// Symbols of its own dimensions, which a call sets.
    pub dims: Vec<Sym>,
    /// Names and declared shapes of its inputs.
    pub inputs: Vec<(String, Shape)>,
    /// The node that it gives.
    pub output: NodeId,
    /// What must hold for the sizes that its inputs and the nodes that run are written in.
    pub conditions: Conditions,
    nodes: DiGraph<Node, u32>,
    order: Vec<NodeId>,
}

impl NodeId {
    fn of(index: NodeIndex) -> Self {
        NodeId(u32::try_from(index.index()).unwrap_or(u32::MAX))
    }

    fn index(self) -> NodeIndex {
        NodeIndex::new(self.0 as usize)
    }

    /// Its place in a table beside the block.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

impl Block {
    /// How many nodes, inputs included.
    pub fn len(&self) -> usize {
        self.nodes.node_count()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The nodes in the author's order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.nodes.node_indices().map(NodeId::of)
    }

    /// The nodes that run, each after what it reads. A node that is read only in branches of `If` that do not hold is not
    /// among them.
    pub fn topological(&self) -> &[NodeId] {
        &self.order
    }

    /// How many of its nodes are ops.
    pub fn ops(&self) -> usize {
        let kinds = self.nodes.node_weights().map(|node| &node.kind);
        kinds
            .filter(|kind| matches!(kind, NodeKind::Op { .. }))
            .count()
    }

    /// What a node reads, in the order of its inputs.
    pub fn operands(&self, id: NodeId) -> SmallVec<[NodeId; 2]> {
        let edges = self.nodes.edges_directed(id.index(), Direction::Incoming);
        let mut operands: SmallVec<[(u32, NodeId); 2]> = edges
            .map(|edge| (*edge.weight(), NodeId::of(edge.source())))
            .collect();
        operands.sort_unstable();
        operands.into_iter().map(|(_, node)| node).collect()
    }

    /// The nodes that read a node, each with the number of the input that it is there.
    pub fn users(&self, id: NodeId) -> impl Iterator<Item = (NodeId, u32)> {
        let edges = self.nodes.edges_directed(id.index(), Direction::Outgoing);
        edges.map(|edge| (NodeId::of(edge.target()), *edge.weight()))
    }
}

/// A block under construction.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    nodes: DiGraph<Node, u32>,
    passed_over: HashSet<NodeId>,
}

impl BlockBuilder {
    /// A builder with room for `nodes` nodes.
    pub fn with_capacity(nodes: usize) -> Self {
        BlockBuilder {
            nodes: DiGraph::with_capacity(nodes, 2 * nodes),
            passed_over: HashSet::new(),
        }
    }

    /// Adds a node.
    pub fn add(&mut self, node: Node) -> NodeId {
        NodeId::of(self.nodes.add_node(node))
    }

    /// Makes `user` read `operand` as its input number `slot`.
    pub fn connect(&mut self, operand: NodeId, user: NodeId, slot: usize) {
        self.nodes.add_edge(
            operand.index(),
            user.index(),
            u32::try_from(slot).unwrap_or(u32::MAX),
        );
    }

    /// Makes a node something else.
    pub fn replace(&mut self, id: NodeId, kind: NodeKind) {
        if let Some(node) = self.nodes.node_weight_mut(id.index()) {
            node.kind = kind;
        }
    }

    /// Says that a branch of an `If` that does not hold names this node: where nothing else reads it, it does not run.
    pub fn pass_over(&mut self, id: NodeId) {
        self.passed_over.insert(id);
    }

    /// Finishes the block, or gives the names and places of nodes that read each other, in the author's order.
    pub fn finish(
        self,
        name: String,
        span: Span,
        part: Option<Part>,
        dims: Vec<Sym>,
        inputs: Vec<(String, Shape)>,
        output: NodeId,
    ) -> Result<Block, Vec<(String, Span)>> {
        let BlockBuilder {
            mut nodes,
            passed_over,
        } = self;
        let in_order = nodes
            .edge_references()
            .all(|edge| edge.source() < edge.target());
        let mut order: Vec<NodeId> = if in_order {
            nodes.node_indices().map(NodeId::of).collect()
        } else {
            match toposort(&nodes, None) {
                Ok(order) => order.into_iter().map(NodeId::of).collect(),
                Err(_) => {
                    return Err(cycle(&nodes)
                        .into_iter()
                        .map(|at| (nodes[at].name.clone(), nodes[at].span))
                        .collect());
                }
            }
        };
        if !passed_over.is_empty() {
            let runs = running(&nodes, output, &passed_over);
            order.retain(|node| runs.is_visited(&node.index()));
            // What does not run reads nothing.
            nodes.retain_edges(|graph, edge| {
                let ends = graph.edge_endpoints(edge);
                ends.is_some_and(|(_, user)| runs.is_visited(&user))
            });
        }
        Ok(Block {
            name,
            span,
            part,
            dims,
            inputs,
            output,
            conditions: Conditions::new(),
            nodes,
            order,
        })
    }
}

/// The nodes that the output needs, and those that a node needs which nothing reads, unless it was passed over: what an
/// author writes beside the output, such as a second head, runs.
fn running(
    nodes: &DiGraph<Node, u32>,
    output: NodeId,
    passed_over: &HashSet<NodeId>,
) -> <DiGraph<Node, u32> as Visitable>::Map {
    let ends = nodes
        .externals(Direction::Outgoing)
        .filter(|end| !passed_over.contains(&NodeId::of(*end)));
    let mut walk = Dfs::empty(nodes);
    for end in ends.chain([output.index()]) {
        walk.move_to(end);
        while walk.next(Reversed(nodes)).is_some() {}
    }
    walk.discovered
}

/// The nodes of the first cycle, in the author's order.
fn cycle<N, E>(graph: &DiGraph<N, E>) -> Vec<NodeIndex> {
    let looped = |component: &Vec<NodeIndex>| {
        component.len() > 1 || component.iter().any(|at| graph.contains_edge(*at, *at))
    };
    let mut cycles: Vec<Vec<NodeIndex>> = kosaraju_scc(graph).into_iter().filter(looped).collect();
    for component in &mut cycles {
        component.sort_unstable();
    }
    cycles.sort();
    cycles.into_iter().next().unwrap_or_default()
}

/// The blocks of a model and its body.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) blocks: Vec<Block>,
    /// Blocks without dimensions of their own that no block names.
    pub(crate) unused: Vec<BlockId>,
    /// What takes the place of an op's own rules.
    pub(crate) rules: Option<Rules>,
}

/// Gives an op in the place of one that was built: a way to try other rules than its own, such as a broken one that a verifier
/// must notice.
pub type Rules = fn(&'static OpDef, Arc<dyn Op>) -> Arc<dyn Op>;

impl Graph {
    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0]
    }

    /// The body of the model.
    pub fn body(&self) -> BlockId {
        BlockId(self.blocks.len() - 1)
    }

    /// Replaces every op by what `rules` gives for it.
    pub(crate) fn ruled(&mut self, rules: Rules) {
        self.rules = Some(rules);
        for node in self
            .blocks
            .iter_mut()
            .flat_map(|block| block.nodes.node_weights_mut())
        {
            if let NodeKind::Op { def, op, .. } = &mut node.kind {
                *op = rules(def, op.clone());
            }
        }
    }

    /// Builds an op from its attributes.
    ///
    /// # Errors
    /// What the op refuses.
    pub(crate) fn build(
        &self,
        def: &'static OpDef,
        args: &Args,
    ) -> Result<Arc<dyn Op>, crate::ops::OpError> {
        let op = (def.build)(args)?;
        Ok(match self.rules {
            Some(rules) => rules(def, op),
            None => op,
        })
    }
}

/// Things by their numbers, each after those that it needs; or the numbers of things that need each other.
pub(crate) fn in_order_of_need(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in needs {
        graph.add_node(());
    }
    for (user, needed) in needs.iter().enumerate() {
        for thing in needed {
            graph.add_edge(NodeIndex::new(user), NodeIndex::new(*thing), ());
        }
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().rev().map(NodeIndex::index).collect()),
        Err(_) => Err(cycle(&graph).into_iter().map(NodeIndex::index).collect()),
    }
}

/// How deep each block calls others, itself included, where `calls` says which block calls which; or the blocks of a
/// cycle by their numbers.
pub(crate) fn nesting(calls: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut depth = vec![1_usize; calls.len()];
    for caller in in_order_of_need(calls)? {
        let deepest = calls[caller]
            .iter()
            .map(|callee| depth[*callee])
            .max()
            .unwrap_or(0);
        depth[caller] = deepest + 1;
    }
    Ok(depth)
}
