//! How often each instance of a block runs, in how many copies it exists, and of how many a pass reads the parameters.

use foldhash::HashMap;

use crate::graph::Graph;
use crate::infer::{Callee, Reading, Rounds, Times, Traced};
use crate::sym::{AlgebraError, Context, LimitError, Poly};
use crate::work::Bounds;

/// Most ways that lead through choices to one instance: each is terms of its own in what is read.
const MAX_WAYS: usize = 256;

/// What there is of an instance, over all its callers.
pub(super) struct Copies {
    /// How often, in a round of each of `rounds`.
    pub(super) times: Times,
    /// The rounds that its sizes depend on, the outer ones first.
    pub(super) rounds: Vec<Rounds>,
    /// Copies whose parameters are read, by the way to them.
    ways: HashMap<Way, Poly>,
}

/// The choices on the way to an instance, and the rounds that these depend on and its sizes do not.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Way {
    readings: Vec<Reading>,
    rounds: Vec<Rounds>,
}

/// The copies of each instance.
///
/// # Errors
/// When one is reached through experts in too many ways.
pub(super) fn copies(
    graph: &Graph,
    traced: &Traced,
    cx: &mut Context<'_>,
) -> Result<Vec<Copies>, AlgebraError> {
    let chosen = |callee: &Callee| matches!(callee.reading, Reading::Chosen { .. });
    let mut callees = traced.callees_first().flat_map(|(_, instance)| {
        let nodes = graph.block(instance.block).ids();
        nodes.flat_map(|node| {
            instance
                .fact(node)
                .into_iter()
                .flat_map(|fact| &fact.callees)
        })
    });
    // Where nothing is chosen, how often a weight is used does not matter.
    let choices = callees.any(chosen);
    // What the callers of each instance contribute; it is summed when all of them are known.
    let mut parts: Vec<Vec<Times>> = traced.callees_first().map(|_| Vec::new()).collect();
    let mut ways: Vec<HashMap<Way, Vec<Poly>>> = Vec::with_capacity(parts.len());
    ways.resize_with(parts.len(), HashMap::default);
    let body = traced.body().0;
    parts[body].push(Times::each(Poly::one()));
    ways[body].insert(Way::default(), vec![Poly::one()]);
    let mut all = Vec::with_capacity(parts.len());
    for (id, instance) in traced.callees_first().rev() {
        let times = Times::total(&std::mem::take(&mut parts[id.0]));
        let own: HashMap<Way, Poly> = std::mem::take(&mut ways[id.0])
            .into_iter()
            .map(|(way, copies)| (way, Poly::sum(copies)))
            .collect();
        if own.len() > MAX_WAYS {
            return Err(LimitError::Terms.into());
        }
        let block = graph.block(instance.block);
        for node in block.ids() {
            for callee in instance.fact(node).iter().flat_map(|fact| &fact.callees) {
                let at = callee.instance.0;
                let stay = &traced.instance(callee.instance).rounds;
                let all_rounds = instance.rounds.iter().chain(&callee.rounds);
                let summed: Vec<Rounds> = all_rounds
                    .filter(|one| !stay.contains(one))
                    .cloned()
                    .collect();
                let here = times.within(&callee.times);
                parts[at].push(here.try_map(|amount| over_rounds(amount, &summed, cx))?);
                for (way, copies) in &own {
                    let (way, copies) = further(way, copies, callee, &summed, choices, cx)?;
                    ways[at].entry(way).or_default().push(copies);
                }
            }
        }
        all.push(Copies {
            times,
            rounds: instance.rounds.clone(),
            ways: own,
        });
    }
    all.reverse();
    Ok(all)
}

/// The sum of an amount over rounds, the inner ones first.
pub(super) fn over_rounds(
    amount: &Poly,
    rounds: &[Rounds],
    cx: &mut Context<'_>,
) -> Result<Poly, AlgebraError> {
    let mut amount = amount.clone();
    for one in rounds.iter().rev() {
        amount = cx.sum(one.number, &Poly::one(), &one.count, &amount)?;
    }
    Ok(amount)
}

/// A way one call further, where some rounds end to matter to sizes.
fn further(
    way: &Way,
    copies: &Poly,
    callee: &Callee,
    summed: &[Rounds],
    choices: bool,
    cx: &mut Context<'_>,
) -> Result<(Way, Poly), AlgebraError> {
    let mut readings = way.readings.clone();
    let mut copies = copies.clone();
    match (&callee.reading, readings.last_mut()) {
        (Reading::Each(count), _) => copies = &copies * count,
        (Reading::Again(_), _) if !choices => {}
        (Reading::Again(count), Some(Reading::Again(before))) => *before = &*before * count,
        (reading, _) => readings.push(reading.clone()),
    }
    let all = || way.rounds.iter().chain(summed);
    let depends = |number| readings.iter().any(|reading| reading.mentions(number));
    let rounds = Rounds::needed(all(), depends);
    let closed: Vec<Rounds> = all().filter(|one| !rounds.contains(one)).cloned().collect();
    let copies = over_rounds(&copies, &closed, cx)?;
    Ok((Way { readings, rounds }, copies))
}

impl Copies {
    /// Of how many copies a pass reads the parameters.
    pub(super) fn read(&self, cx: &mut Context<'_>) -> Result<Bounds, AlgebraError> {
        let mut parts = Vec::with_capacity(self.ways.len());
        for (way, copies) in &self.ways {
            let chosen = chosen(&way.readings, cx)?;
            let read = chosen.try_map(|each| over_rounds(&(copies * each), &way.rounds, cx))?;
            parts.push(read);
        }
        Ok(Bounds::sum(parts.iter()).unwrap_or_else(|| Bounds::certain(Poly::zero())))
    }
}

/// How many copies are read of what stands at the end of a way.
fn chosen(way: &[Reading], cx: &mut Context<'_>) -> Result<Bounds, AlgebraError> {
    let (mut lower, mut upper, mut experts_in_all) = (Poly::one(), Poly::one(), Poly::one());
    // Draws of a copy, by all positions together.
    let (mut draws, mut positions_in_all) = (Poly::one(), None);
    for reading in way {
        match reading {
            Reading::Each(_) => {}
            Reading::Again(count) => draws = &draws * count,
            Reading::Chosen {
                experts,
                active,
                positions,
            } => {
                if positions_in_all.is_none() {
                    draws = &draws * positions;
                    positions_in_all = Some(positions);
                }
                draws = &draws * active;
                lower = &lower * active;
                experts_in_all = &experts_in_all * experts;
                upper = cx.least(&[&upper * experts, draws.clone()])?;
            }
        }
    }
    let Some(positions) = positions_in_all else {
        return Ok(Bounds::certain(Poly::one()));
    };
    // The chance that a position uses a copy, from the innermost choice outwards.
    let mut missed = Poly::zero();
    for reading in way.iter().rev() {
        match reading {
            Reading::Each(_) => {}
            Reading::Again(count) if !missed.is_zero() => missed = cx.power(&missed, count)?,
            Reading::Again(_) => {}
            Reading::Chosen {
                experts, active, ..
            } => {
                let share = cx.divide_freely(active, experts)?;
                missed = Poly::one() - share * (Poly::one() - missed);
            }
        }
    }
    let missed = cx.power(&missed, positions)?;
    Ok(Bounds {
        lower,
        expected: experts_in_all * (Poly::one() - missed),
        upper,
    })
}
