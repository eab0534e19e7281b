//! Shapes become a ledger: each op's work, times its repeats, under a phase and a profile.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smallvec::SmallVec;

use crate::graph::{Graph, NodeKind, Pattern};
use crate::infer::{Fact, InstanceId, Rounds, Times, Traced};
use crate::ledger::{Amounts, Ledger, Row};
use crate::mask::{MaskCounting, Pairs};
use crate::ops::Op;
use crate::part::Mixing;
use crate::profile::Profile;
use crate::shape::Shape;
use crate::sym::{AlgebraError, Bindings, Conditions, Context, Poly, Subst, Sym, Symbols};
use crate::work::{
    Dots, Kept, Kind, Length, Macs, MaskedAxes, Ops, Params, Store, Stored, WeightRole, Work,
};

mod copies;
mod length;
mod price;
mod stage;
mod weights;

use copies::{Copies, copies, over_rounds};
pub(crate) use stage::Stage;
use stage::at_all;

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
    let mut cx = Context::new(symbols);
    let copies = copies(graph, traced, &mut cx)?;
    let all_rounds: Vec<&Rounds> = copies.iter().flat_map(|copies| &copies.rounds).collect();
    let mut conditions = conditions.clone();
    conditions.extend(cx.used);
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
            copies: &copies,
            seen: HashSet::new(),
            words: HashMap::new(),
            known_pairs: HashMap::new(),
            rounds: Vec::new(),
            rows: std::mem::take(&mut ledger.rows),
        };
        let prefix = if stages.len() > 1 {
            stage.name.as_str()
        } else {
            ""
        };
        tally.instance(traced.body(), prefix)?;
        if let Some((_, count)) = &stage.steps {
            tally.cx.require_integer(count);
            tally.cx.require_at_least(count, &Poly::zero());
        }
        for condition in &conditions {
            let condition = condition.substitute(&stage.puts, &mut tally.cx)?;
            tally.cx.used.insert(condition);
        }
        // The outer numbers first; one may go to several counts, where a block is called in different numbers of rounds.
        let mut counted: Vec<(Sym, Vec<Poly>)> = Vec::new();
        counted.extend(
            stage
                .steps
                .iter()
                .map(|(step, count)| (*step, vec![count.clone()])),
        );
        for rounds in &all_rounds {
            let count = tally.put(&rounds.count)?;
            match counted
                .iter_mut()
                .find(|(number, _)| *number == rounds.number)
            {
                Some((_, counts)) if counts.contains(&count) => {}
                Some((_, counts)) => counts.push(count),
                None => counted.push((rounds.number, vec![count])),
            }
        }
        for condition in std::mem::take(&mut tally.cx.used) {
            let mut everywhere = vec![condition];
            for (number, counts) in counted.iter().rev() {
                let mut all = Vec::new();
                for count in counts {
                    all.extend(at_all(everywhere.clone(), (*number, count), &mut tally.cx)?);
                }
                everywhere = all;
            }
            ledger.conditions.extend(everywhere);
        }
        ledger.conditions.extend(tally.cx.used);
        ledger.rows = tally.rows;
        ledger.phase = stage.at_the_end(&mut Context::new(symbols))?;
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
    copies: &'g [Copies],
    seen: HashSet<InstanceId>,
    words: HashMap<&'static str, Arc<str>>,
    known_pairs: HashMap<MaskedAxes, Pairs>,
    /// The rounds that sizes of the instance at hand depend on.
    rounds: Vec<Rounds>,
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
        let copies = &self.copies[id.0];
        let times = copies.times.try_map(|amount| self.put(amount))?;
        let read = copies.read(&mut self.cx)?;
        let read = read.try_map(|copies| self.put(copies))?;
        let mut rounds = copies.rounds.clone();
        for one in &mut rounds {
            one.count = self.put(&one.count)?;
        }
        self.rounds.clone_from(&rounds);
        let often = self.total(&Poly::one(), &times.runs)?;
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
            for callee in &fact.callees {
                // In a pattern of several blocks a path names the block too.
                let name = &self
                    .graph
                    .block(traced.instance(callee.instance).block)
                    .name;
                if fact.callees.len() > 1 {
                    self.instance(callee.instance, &format!("{path}.{name}"))?;
                } else {
                    self.instance(callee.instance, &path)?;
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
                    let work = op.work(&shapes, &fact.shape, &mut self.cx);
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
            self.rounds.clone_from(&rounds);
            let mut row = Row {
                path,
                block: block_name.clone(),
                op: self
                    .words
                    .entry(word)
                    .or_insert_with(|| word.to_lowercase().into())
                    .clone(),
                part: node.part.unwrap_or(instance.part),
                mixing: mixing(fact, &inputs),
                stage: self.name.clone(),
                phase: self.stage.puts.clone(),
                repeat: if waits { Poly::zero() } else { often.clone() },
                inputs,
                weights: operand_weights(&work),
                output: fact.shape.clone(),
                length: None,
                elementwise: Vec::with_capacity(work.elementwise.len()),
                weights_read: None,
                amounts: Amounts::zero(),
            };
            let params = (!work.weights.is_empty()).then(|| work.params().0);
            self.enter(&mut row, (&work, params.as_ref()), &times, waits)?;
            if !waits {
                row.amounts.flops = self.flops(&row, &work, whole, &times.runs)?;
                let node = (block, node_id);
                let trained = (params.as_ref(), &*fact.shape);
                let read = self.weights_read(node, trained, &times.runs, &read)?;
                row.weights_read = read.map(Box::new);
            }
            self.rows.push(row);
        }
        Ok(())
    }

    /// Enters the amounts of a row; `times` is how often it runs in a step, and in how many copies. Where it `waits` it has run
    /// before this stage, and what it made is still there.
    fn enter(
        &mut self,
        row: &mut Row,
        (work, params): (&Work, Option<&Poly>),
        times: &Times,
        waits: bool,
    ) -> Result<(), AlgebraError> {
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
            let of_a_round = self.rounds.iter().any(|one| length.mentions(one.number));
            let macs = match (&length, &self.stage.steps) {
                (Length::Fixed(length), None) if !of_a_round => (&dots * length).checked()?,
                _ => self.total(&contraction.macs(pairs.as_ref()).0, repeat)?,
            };
            let length = match of_a_round {
                true => self.length_in_rounds(length, &dots, &macs)?,
                false => length,
            };
            row.amounts.dots += Dots(dots);
            row.amounts.macs += Macs(macs);
            row.length = Some(length);
        }
        for (kind, count) in &work.elementwise {
            // Most kinds are needed as often as one before them.
            let mut before = work.elementwise.iter().zip(&row.elementwise);
            let alike = before.find(|((_, before), _)| before == count);
            let count = match alike.map(|(_, (_, total))| total.clone()) {
                Some(total) => total,
                None => Ops(self.total(&count.0, repeat)?),
            };
            row.elementwise.push((*kind, count));
        }
        row.amounts.elementwise = row
            .elementwise
            .iter()
            .map(|(_, count): &(Kind, Ops)| count.clone())
            .sum();
        if let Some(params) = params.filter(|_| self.first) {
            let params = self.put(params)?;
            row.amounts.params = Params(self.at_the_start(repeated(params.clone(), &times.owned))?);
            row.amounts.params_active = Params(self.at_the_start(repeated(params, &times.active))?);
        }
        if let Some(kept) = &work.kept {
            self.store(&mut row.amounts, kept, &times.kept, waits)?;
        }
        Ok(())
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
            let held = self.put(kept.held.poly())?;
            let held = Stored(self.at_the_end(&held * copies)?);
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

    /// What there is of something at the first step, in all rounds.
    fn at_the_start(&mut self, amount: Poly) -> Result<Poly, AlgebraError> {
        let amount = self.in_rounds(amount)?;
        match &self.stage.steps {
            Some((step, _)) => self.at_step(&amount, *step, &Poly::one()),
            None => Ok(amount),
        }
    }

    /// What there is of something after the last step, in all rounds.
    fn at_the_end(&mut self, amount: Poly) -> Result<Poly, AlgebraError> {
        let amount = self.in_rounds(amount)?;
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
        let amount = repeated(self.put(amount)?, repeat);
        let amount = self.in_rounds(amount)?;
        self.over_steps(amount)
    }

    /// The sum over the rounds that the instance at hand has sizes of.
    fn in_rounds(&mut self, amount: Poly) -> Result<Poly, AlgebraError> {
        over_rounds(&amount, &self.rounds, &mut self.cx)
    }

    /// The sum over the steps of the stage.
    fn over_steps(&mut self, amount: Poly) -> Result<Poly, AlgebraError> {
        match &self.stage.steps {
            Some((step, count)) => self.cx.sum(*step, &Poly::one(), count, &amount),
            None => Ok(amount),
        }
    }

    fn put(&mut self, poly: &Poly) -> Result<Poly, AlgebraError> {
        self.cx.substitute(poly, &self.stage.puts)
    }
}

/// An amount so many times over.
fn repeated(amount: Poly, times: &Poly) -> Poly {
    if times.is_one() {
        amount
    } else {
        &amount * times
    }
}

fn mixing(fact: &Fact, inputs: &[Arc<Shape>]) -> Mixing {
    // What reads pairs of positions and gives none sees two, even where one of them is the only one along its axis.
    let mut shapes = inputs.iter().chain([&fact.shape]);
    if fact.sums_positions || shapes.any(|shape| shape.pairs_positions()) {
        Mixing::Horizontal
    } else {
        Mixing::Vertical
    }
}

/// Sizes of the weights that an op contracts with.
fn operand_weights(work: &Work) -> SmallVec<[Arc<[Poly]>; 1]> {
    if work.contractions.is_empty() {
        return SmallVec::new();
    }
    let operands = work
        .weights
        .iter()
        .filter(|weight| weight.role == WeightRole::Operand);
    operands.map(|weight| weight.dims.clone()).collect()
}
