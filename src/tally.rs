//! Shapes become a ledger: each op's work, times its repeats, under a phase and a profile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::graph::{Graph, NodeKind};
use crate::infer::{Fact, InstanceId, Traced};
use crate::ledger::{Amounts, Ledger, Row};
use crate::ops::Op;
use crate::part::Mixing;
use crate::profile::Profile;
use crate::shape::Shape;
use crate::sym::{AlgebraError, Bindings, Conditions, Context, Poly, Subst, Symbols};
use crate::work::{Dots, Kind, Length, Macs, Ops, Params, WeightRole, Work};

/// Enters every op of a traced graph.
///
/// # Errors
/// When putting the phase into a formula divides by zero or exceeds a limit of the algebra.
pub(crate) fn tally(
    graph: &Graph,
    traced: &Traced,
    symbols: &Symbols,
    conditions: &Conditions,
    (phase, numbers): (&Subst, &Bindings),
    profile: &Profile,
) -> Result<Ledger, AlgebraError> {
    let mut tally = Tally {
        graph,
        traced,
        profile,
        phase,
        cx: Context::new(symbols),
        repeats: repeats(graph, traced),
        seen: HashSet::new(),
        words: HashMap::new(),
        rows: Vec::new(),
    };
    tally.instance(traced.body(), "")?;
    let body = traced.instance(traced.body());
    let result = body
        .fact(graph.block(graph.body()).output)
        .map(|fact| fact.shape.clone())
        .unwrap_or_default();
    let mut holds = Conditions::new();
    for condition in conditions {
        holds.insert(condition.substitute(phase, &mut tally.cx)?);
    }
    holds.extend(tally.cx.used.clone());
    let holds = holds
        .into_iter()
        .filter(|condition| !condition.is_trivial(symbols))
        .collect();
    Ok(Ledger {
        rows: tally.rows,
        result,
        symbols: symbols.clone(),
        phase: phase.clone(),
        conditions: holds,
        numbers: numbers.clone(),
    })
}

/// How often each instance runs in a pass, callers before callees.
fn repeats(graph: &Graph, traced: &Traced) -> Vec<Poly> {
    let mut repeats: Vec<Poly> = traced.callees_first().map(|_| Poly::zero()).collect();
    repeats[traced.body().0] = Poly::one();
    for (id, instance) in traced.callees_first().rev() {
        let own = repeats[id.0].clone();
        let block = graph.block(instance.block);
        for node in block.ids() {
            if let Some((callee, count)) = instance.fact(node).and_then(|fact| fact.callee.as_ref())
            {
                repeats[callee.0] = &repeats[callee.0] + &(&own * count);
            }
        }
    }
    repeats
}

struct Tally<'g, 'c> {
    graph: &'g Graph,
    traced: &'g Traced,
    profile: &'g Profile,
    phase: &'g Subst,
    cx: Context<'c>,
    repeats: Vec<Poly>,
    seen: HashSet<InstanceId>,
    words: HashMap<&'static str, Arc<str>>,
    rows: Vec<Row>,
}

impl Tally<'_, '_> {
    /// Enters the rows of an instance and, where they stand, those of the instances that it calls first.
    fn instance(&mut self, id: InstanceId, path: &str) -> Result<(), AlgebraError> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let traced = self.traced;
        let instance = traced.instance(id);
        let block = self.graph.block(instance.block);
        let repeat = self.put(&self.repeats[id.0].clone())?;
        let block_name: Arc<str> = block.name.as_str().into();
        for node_id in block.ids() {
            let node = block.node(node_id);
            let Some(fact) = instance.fact(node_id) else {
                continue;
            };
            let path = if path.is_empty() {
                node.name.clone()
            } else {
                format!("{path}.{}", node.name)
            };
            if let Some((callee, _)) = &fact.callee {
                self.instance(*callee, &path)?;
            }
            let NodeKind::Op { def, op, .. } = &node.kind else {
                continue;
            };
            let operands = block.operands(node_id);
            let inputs: SmallVec<[Arc<Shape>; 2]> = operands
                .iter()
                .filter_map(|operand| instance.fact(*operand))
                .map(|fact| fact.shape.clone())
                .collect();
            let op: &Arc<dyn Op> = fact.op.as_ref().unwrap_or(op);
            let work = {
                let shapes: SmallVec<[&Shape; 2]> = inputs.iter().map(|shape| &**shape).collect();
                op.work(&shapes, &fact.shape, self.cx.symbols)
            };
            let row = Row {
                path,
                block: block_name.clone(),
                op: self
                    .words
                    .entry(def.name)
                    .or_insert_with(|| def.word().into())
                    .clone(),
                part: node.part.unwrap_or(instance.part),
                mixing: mixing(fact),
                repeat: repeat.clone(),
                inputs,
                weights: operand_weights(&work),
                output: fact.shape.clone(),
                length: None,
                elementwise: Vec::new(),
                amounts: Amounts::zero(),
            };
            let row = self.entered(row, &work)?;
            self.rows.push(row);
        }
        Ok(())
    }

    /// The row with its amounts.
    fn entered(&mut self, mut row: Row, work: &Work) -> Result<Row, AlgebraError> {
        let repeat = row.repeat.clone();
        for contraction in &work.contractions {
            let counted = contraction.counted(self.profile.masks, &mut self.cx)?;
            let dots = self.put(&counted.dots.0)?;
            let macs = self.put(&counted.macs.0)?;
            row.amounts.dots += Dots(dots).times(&repeat);
            row.amounts.macs += Macs(macs).times(&repeat);
            row.length = Some(match counted.length {
                Length::Fixed(length) => Length::Fixed(self.put(&length)?),
                Length::Varies { min, max, mean } => {
                    varying(self.put(&min)?, self.put(&max)?, self.put(&mean)?)
                }
            });
        }
        for (kind, count) in &work.elementwise {
            let count = Ops(self.put(&count.0)?).times(&repeat);
            row.elementwise.push((*kind, count));
        }
        row.amounts.elementwise = row
            .elementwise
            .iter()
            .map(|(_, count): &(Kind, Ops)| count.clone())
            .sum();
        if !work.weights.is_empty() {
            row.amounts.params = Params(self.put(&work.params().0)?).times(&repeat);
        }
        row.amounts.flops = self.profile.price(&row.amounts.macs, &row.elementwise);
        Ok(row)
    }

    fn put(&mut self, poly: &Poly) -> Result<Poly, AlgebraError> {
        self.cx.substitute(poly, self.phase)
    }
}

/// Lengths that differ, unless the phase made them one.
fn varying(min: Poly, max: Poly, mean: Poly) -> Length {
    if min == max {
        Length::Fixed(max)
    } else {
        Length::Varies { min, max, mean }
    }
}

fn mixing(fact: &Fact) -> Mixing {
    if fact.sums_positions || fact.shape.pairs_positions() {
        Mixing::Horizontal
    } else {
        Mixing::Vertical
    }
}

/// Sizes of the weights that an op contracts with.
fn operand_weights(work: &Work) -> Vec<Vec<Poly>> {
    if work.contractions.is_empty() {
        return Vec::new();
    }
    let operands = work
        .weights
        .iter()
        .filter(|weight| weight.role == WeightRole::Operand);
    operands.map(|weight| weight.dims.clone()).collect()
}
