//! Shapes become a ledger: each op's work, times its repeats, under a phase and a profile.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smallvec::SmallVec;

use crate::graph::{Block, Graph, NodeId, NodeKind, Pattern};
use crate::infer::{Fact, InstanceId, Times, Traced};
use crate::ledger::{Amounts, Ledger, Row};
use crate::mask::{MaskCounting, Pairs};
use crate::ops::Op;
use crate::part::Mixing;
use crate::profile::Profile;
use crate::shape::Shape;
use crate::sym::{AlgebraError, Bindings, Conditions, Context, Poly, Subst, Sym, Symbols};
use crate::work::{
    Bounds, Contraction, Counted, Dots, Kept, Kind, Length, Macs, MaskedAxes, Ops, Params, Store,
    Stored, WeightRole, Work,
};

mod price;

/// A stage of a phase: what it puts in place of symbols, and how many steps it takes.
pub(crate) struct Stage {
    pub(crate) name: String,
    /// Whether a request begins with it, so that what runs once in a request runs now.
    pub(crate) begins: bool,
    pub(crate) puts: Subst,
    /// The symbol of the number of a step, and how many there are.
    pub(crate) steps: Option<(Sym, Poly)>,
}

/// Enters every op of a traced graph, stage by stage.
///
/// # Errors
/// When putting the phase into a formula divides by zero or exceeds a limit of the algebra.
pub(crate) fn tally(
    (graph, traced): (&Graph, &Traced),
    symbols: &Symbols,
    conditions: &Conditions,
    stages: &[Stage],
    numbers: &Bindings,
    profile: &Profile,
) -> Result<Ledger, AlgebraError> {
    let repeats = repeats(graph, traced);
    let blocks = traced.callees_first().map(|(_, instance)| instance.block);
    let ops: usize = blocks.map(|block| graph.block(block).ops()).sum();
    let mut ledger = Ledger {
        rows: Vec::with_capacity(ops * stages.len()),
        result: Arc::default(),
        symbols: symbols.clone(),
        phase: Subst::new(),
        conditions: Conditions::new(),
        numbers: numbers.clone(),
        whole: profile.masks != MaskCounting::Half,
    };
    for (at, stage) in stages.iter().enumerate() {
        let mut tally = Tally {
            graph,
            traced,
            profile,
            stage,
            name: stage.name.as_str().into(),
            first: at == 0,
            last: at + 1 == stages.len(),
            cx: Context::new(symbols),
            repeats: &repeats,
            seen: HashSet::new(),
            words: HashMap::new(),
            known_pairs: HashMap::new(),
            rows: std::mem::take(&mut ledger.rows),
        };
        let prefix = if stages.len() > 1 {
            stage.name.as_str()
        } else {
            ""
        };
        tally.instance(traced.body(), prefix)?;
        for puts in stage.ends(&mut tally.cx)? {
            for condition in conditions {
                ledger
                    .conditions
                    .insert(condition.substitute(&puts, &mut tally.cx)?);
            }
        }
        ledger.conditions.extend(tally.cx.used);
        ledger.rows = tally.rows;
        ledger.phase = stage.puts.clone();
    }
    let body = traced.instance(traced.body());
    if let Some(fact) = body.fact(graph.block(graph.body()).output) {
        ledger.result = fact.shape.clone();
    }
    let holds = ledger.conditions.into_iter();
    ledger.conditions = holds
        .filter(|condition| !condition.is_trivial(symbols))
        .collect();
    Ok(ledger)
}

impl Stage {
    /// What the first and the last step put in place of symbols: a condition that holds at both ends holds between, where it
    /// is linear in the steps.
    fn ends(&self, cx: &mut Context<'_>) -> Result<Vec<Subst>, AlgebraError> {
        let Some((step, count)) = &self.steps else {
            return Ok(vec![self.puts.clone()]);
        };
        let mut ends = Vec::with_capacity(2);
        for at in [&Poly::one(), count] {
            let at = Subst::from_iter([(*step, at.clone())]);
            let mut puts = at.clone();
            for (sym, value) in self.puts.iter() {
                puts.insert(sym, cx.substitute(value, &at)?);
            }
            ends.push(puts);
        }
        Ok(ends)
    }
}

/// How often each instance runs in a pass and in how many copies it exists, callers before callees.
fn repeats(graph: &Graph, traced: &Traced) -> Vec<Times> {
    // What the callers of each instance contribute; it is summed when all of them are known.
    let mut parts: Vec<Vec<Times>> = traced.callees_first().map(|_| Vec::new()).collect();
    let mut repeats: Vec<Times> = Vec::with_capacity(parts.len());
    parts[traced.body().0].push(Times::each(Poly::one()));
    for (id, instance) in traced.callees_first().rev() {
        let own = Times::total(&std::mem::take(&mut parts[id.0]));
        let block = graph.block(instance.block);
        for node in block.ids() {
            for (callee, times) in instance.fact(node).iter().flat_map(|fact| &fact.callees) {
                parts[callee.0].push(own.within(times));
            }
        }
        repeats.push(own);
    }
    repeats.reverse();
    repeats
}

struct Tally<'g, 'c> {
    graph: &'g Graph,
    traced: &'g Traced,
    profile: &'g Profile,
    stage: &'g Stage,
    name: Arc<str>,
    /// Whether this is the first stage of the phase, which counts the parameters.
    first: bool,
    /// Whether this is the last stage, after which caches are looked at.
    last: bool,
    cx: Context<'c>,
    repeats: &'g [Times],
    seen: HashSet<InstanceId>,
    words: HashMap<&'static str, Arc<str>>,
    known_pairs: HashMap<MaskedAxes, Pairs>,
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
        let times = self.repeats[id.0].clone();
        let times = Times {
            runs: self.put(&times.runs)?,
            owned: self.put(&times.owned)?,
            active: self.put(&times.active)?,
            kept: self.put(&times.kept)?,
            read: times.read.try_map(|copies| self.put(copies))?,
        };
        let often = self.over_steps(times.runs.clone())?;
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
            for (callee, _) in &fact.callees {
                // In a pattern of several blocks a path names the block too.
                let name = &self.graph.block(traced.instance(*callee).block).name;
                if fact.callees.len() > 1 {
                    self.instance(*callee, &format!("{path}.{name}"))?;
                } else {
                    self.instance(*callee, &path)?;
                }
            }
            let operands = block.operands(node_id);
            let inputs: SmallVec<[Arc<Shape>; 2]> = operands
                .iter()
                .filter_map(|operand| instance.fact(*operand))
                .map(|fact| fact.shape.clone())
                .collect();
            let (word, whole, work) = match &node.kind {
                NodeKind::Op { def, op, args, .. } => {
                    let op: &Arc<dyn Op> = fact.op.as_ref().unwrap_or(op);
                    let shapes: SmallVec<[&Shape; 2]> =
                        inputs.iter().map(|shape| &**shape).collect();
                    let work = op.work(&shapes, &fact.shape, self.cx.symbols);
                    (def.name, self.profile.of_op(def.name, args.chosen()), work)
                }
                NodeKind::Call {
                    pattern: Pattern::Scan { .. },
                    ..
                } => {
                    let state = fact.state.clone();
                    let work =
                        state.map_or_else(Work::none, |state| Work::keeping(Kept::state(state)));
                    ("Scan", None, work)
                }
                _ => continue,
            };
            let waits = (instance.once || node.once) && !self.stage.begins;
            let row = Row {
                path,
                block: block_name.clone(),
                op: self
                    .words
                    .entry(word)
                    .or_insert_with(|| word.to_lowercase().into())
                    .clone(),
                part: node.part.unwrap_or(instance.part),
                mixing: mixing(fact),
                stage: self.name.clone(),
                phase: self.stage.puts.clone(),
                repeat: if waits { Poly::zero() } else { often.clone() },
                inputs,
                weights: operand_weights(&work),
                output: fact.shape.clone(),
                length: None,
                elementwise: Vec::new(),
                amounts: Amounts::zero(),
            };
            let mut row = self.entered(row, &work, &times, waits)?;
            if !waits {
                row.amounts.flops = self.flops(&row, &work, whole, &times.runs)?;
                let read = self.weights_read((block, node_id), (&work, &fact.shape), &times)?;
                row.amounts.weights_read = read.map(Box::new);
            }
            self.rows.push(row);
        }
        Ok(())
    }

    /// The row with its amounts; `times` is how often it runs in a step, and in how many copies. Where it `waits` it has run
    /// before this stage, and what it made is still there.
    fn entered(
        &mut self,
        mut row: Row,
        work: &Work,
        times: &Times,
        waits: bool,
    ) -> Result<Row, AlgebraError> {
        let none = Poly::zero();
        let repeat = if waits { &none } else { &times.runs };
        for contraction in &work.contractions {
            let pairs = match &contraction.pair {
                Some(pair) => Some(self.pairs(&pair.axes)?),
                None => None,
            };
            let counted = contraction.counted(pairs.as_ref());
            let dots = self.total(&counted.dots.0, repeat)?;
            let length = self.length(contraction, &counted)?;
            let macs = match (&length, &self.stage.steps) {
                (Length::Fixed(length), None) => (&dots * length).checked()?,
                _ => self.total(&counted.macs.0, repeat)?,
            };
            row.amounts.dots += Dots(dots);
            row.amounts.macs += Macs(macs);
            row.length = Some(length);
        }
        for (kind, count) in &work.elementwise {
            let count = Ops(self.total(&count.0, repeat)?);
            row.elementwise.push((*kind, count));
        }
        row.amounts.elementwise = row
            .elementwise
            .iter()
            .map(|(_, count): &(Kind, Ops)| count.clone())
            .sum();
        if self.first && !work.weights.is_empty() {
            let params = Params(self.put(&work.params().0)?);
            row.amounts.params = params.times(&times.owned);
            row.amounts.params_active = params.times(&times.active);
        }
        if let Some(kept) = &work.kept {
            self.store(&mut row.amounts, kept, &times.kept, waits)?;
        }
        Ok(row)
    }

    /// The trainable scalars that a node reads: its weights once a pass, but of a table that is only looked up in this block the
    /// rows that are, by each node that looks them up.
    fn weights_read(
        &mut self,
        (block, id): (&Block, NodeId),
        (work, output): (&Work, &Shape),
        times: &Times,
    ) -> Result<Option<Bounds>, AlgebraError> {
        if looks_up(block, id) {
            let table = block.operands(id).first().copied();
            if !table.is_some_and(|table| is_param(block, table)) {
                return Ok(None);
            }
            let rows = self.total(&output.elements(), &times.runs)?;
            return Ok(Some(Bounds::certain(rows)));
        }
        let mut users = block.users(id).peekable();
        let is_table =
            users.peek().is_some() && users.all(|(user, slot)| slot == 0 && looks_up(block, user));
        if work.weights.is_empty() || is_table {
            return Ok(None);
        }
        let params = work.params();
        let read = times
            .read
            .try_map(|copies| self.total(params.poly(), copies));
        read.map(Some)
    }

    /// Enters what an op keeps for later passes in so many `copies`, and what it reads and writes there.
    fn store(
        &mut self,
        amounts: &mut Amounts,
        kept: &Kept,
        copies: &Poly,
        waits: bool,
    ) -> Result<(), AlgebraError> {
        if self.last {
            let held = Stored(&self.at_the_end(kept.held.poly())? * copies);
            match kept.store {
                Store::Cache => amounts.cached = held,
                Store::State => amounts.state = held,
            }
        }
        // What was made when the request began is there whole.
        let read = if waits { &kept.held } else { &kept.read };
        if !self.stage.begins {
            amounts.cache_read = Stored(self.total(read.poly(), copies)?);
        }
        if !waits {
            amounts.cache_written = Stored(self.total(kept.written.poly(), copies)?);
        }
        Ok(())
    }

    /// What there is of something after the last step.
    fn at_the_end(&mut self, amount: &Poly) -> Result<Poly, AlgebraError> {
        let amount = self.put(amount)?;
        match &self.stage.steps {
            Some((step, count)) => self.at_step(&amount, *step, count),
            None => Ok(amount),
        }
    }

    /// A formula of the stage at one of its steps.
    fn at_step(&mut self, poly: &Poly, step: Sym, at: &Poly) -> Result<Poly, AlgebraError> {
        self.cx
            .substitute(poly, &Subst::from_iter([(step, at.clone())]))
    }

    /// What an amount of one run comes to in all repeats and steps.
    fn total(&mut self, amount: &Poly, repeat: &Poly) -> Result<Poly, AlgebraError> {
        let amount = self.put(amount)?;
        let amount = if repeat.is_one() {
            amount
        } else {
            &amount * repeat
        };
        self.over_steps(amount)
    }

    /// The sum over the steps of the stage.
    fn over_steps(&mut self, amount: Poly) -> Result<Poly, AlgebraError> {
        match &self.stage.steps {
            Some((step, count)) => self.cx.sum(*step, &Poly::one(), count, &amount),
            None => Ok(amount),
        }
    }

    /// How long the dots of a contraction are, in all steps.
    fn length(
        &mut self,
        contraction: &Contraction,
        counted: &Counted,
    ) -> Result<Length, AlgebraError> {
        let (min, max, mean) = match &counted.length {
            Length::Fixed(length) => {
                let length = self.put(length)?;
                (length.clone(), length.clone(), length)
            }
            Length::Varies { min, max, mean } => (self.put(min)?, self.put(max)?, self.put(mean)?),
        };
        let Some((step, count)) = &self.stage.steps else {
            return Ok(if min == max {
                Length::Fixed(max)
            } else {
                Length::Varies { min, max, mean }
            });
        };
        if !min.mentions(*step) && min == max {
            return Ok(Length::Fixed(max));
        }
        let (step, count) = (*step, count.clone());
        let total = self.over_steps(mean)?;
        let mean = self.cx.divide_freely(&total, &count)?;
        if let Some(pairs) = self.pairs_of_steps(contraction, step, &count)? {
            let scaled = |keys: &Poly| &contraction.summed * keys;
            let (min, max) = (
                self.put(&scaled(&pairs.min))?,
                self.put(&scaled(&pairs.max))?,
            );
            return Ok(Length::Varies { min, max, mean });
        }
        Ok(Length::Varies {
            min: self.at_step(&min, step, &Poly::one())?,
            max: self.at_step(&max, step, &count)?,
            mean,
        })
    }

    /// The pairs that are counted of two axes: scores and what is mixed by them have the same.
    fn pairs(&mut self, axes: &MaskedAxes) -> Result<Pairs, AlgebraError> {
        if let Some(known) = self.known_pairs.get(axes) {
            return Ok(known.clone());
        }
        let masks = self.profile.masks;
        let pairs = axes
            .mask
            .pairs(&axes.queries, &axes.keys, masks, &mut self.cx)?;
        self.known_pairs.insert(axes.clone(), pairs.clone());
        Ok(pairs)
    }

    /// The pairs of steps of one query each, under a mask: those of all their queries at once, after what was past before
    /// the first.
    fn pairs_of_steps(
        &mut self,
        contraction: &Contraction,
        step: Sym,
        count: &Poly,
    ) -> Result<Option<Pairs>, AlgebraError> {
        let Some(pair) = &contraction.pair else {
            return Ok(None);
        };
        let (queries, keys) = (self.put(&pair.axes.queries)?, self.put(&pair.axes.keys)?);
        let (at_last, masks) = (self.at_step(&keys, step, count)?, self.profile.masks);
        let grows_by_one = &keys - &Poly::symbol(step) == &at_last - count;
        if !queries.is_one() || !grows_by_one {
            return Ok(None);
        }
        let size = |size: &Poly| self.cx.substitute(size, &self.stage.puts);
        let mask = pair.axes.mask.resized(size)?.stepwise();
        mask.pairs(count, &at_last, masks, &mut self.cx).map(Some)
    }

    fn put(&mut self, poly: &Poly) -> Result<Poly, AlgebraError> {
        self.cx.substitute(poly, &self.stage.puts)
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

/// Whether a node reads some rows of a table.
fn looks_up(block: &Block, id: NodeId) -> bool {
    matches!(&block.node(id).kind, NodeKind::Op { op, .. } if op.looks_up())
}

/// Whether a node is a trainable tensor by itself.
fn is_param(block: &Block, id: NodeId) -> bool {
    matches!(&block.node(id).kind, NodeKind::Op { op, .. } if op.is_trained())
}
