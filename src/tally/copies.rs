//! How often each instance of a block runs, in how many copies it exists, and of how many a pass reads the parameters.

use foldhash::HashMap;

use crate::graph::Graph;
use crate::infer::{Callee, Reading, Rounds, Times, Traced};
use crate::sym::{AlgebraError, Context, LimitError, Poly, Sym};
use crate::work::Bounds;

/// Most ways that lead through choices to one instance: each is terms of its own in what is read.
const MAX_WAYS: usize = 256;

/// What there is of an instance, over all its callers.
pub(super) struct Copies {
    /// How often, in a round of each of `rounds`.
    pub(super) times: Times,
    /// The rounds that its sizes depend on, the outer ones first.
    pub(super) rounds: Vec<Rounds>,
    /// Copies whose parameters are read, by the choices on the way to them.
    ways: HashMap<Vec<Reading>, Poly>,
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
    let mut ways: Vec<HashMap<Vec<Reading>, Vec<Poly>>> = Vec::with_capacity(parts.len());
    ways.resize_with(parts.len(), HashMap::default);
    let mut rounds: Vec<Option<Vec<Rounds>>> = vec![None; parts.len()];
    let body = traced.body().0;
    parts[body].push(Times::each(Poly::one()));
    ways[body].insert(Vec::new(), vec![Poly::one()]);
    let mut all = Vec::with_capacity(parts.len());
    for (id, instance) in traced.callees_first().rev() {
        let times = Times::total(&std::mem::take(&mut parts[id.0]));
        let own: HashMap<Vec<Reading>, Poly> = std::mem::take(&mut ways[id.0])
            .into_iter()
            .map(|(way, copies)| (way, Poly::sum(copies)))
            .collect();
        if own.len() > MAX_WAYS {
            return Err(LimitError::Terms.into());
        }
        let outer = rounds[id.0].take().unwrap_or_default();
        let block = graph.block(instance.block);
        for node in block.ids() {
            for callee in instance.fact(node).iter().flat_map(|fact| &fact.callees) {
                let at = callee.instance.0;
                let numbers = &traced.instance(callee.instance).numbers;
                let all_rounds = outer.iter().chain(&callee.rounds).cloned().collect();
                let (stay, summed) = split(all_rounds, numbers);
                if rounds[at].get_or_insert_with(|| stay.clone()) != &stay {
                    // The same sizes in other numbers of rounds: nothing here tells the two apart.
                    return Err(LimitError::Terms.into());
                }
                let here = times.within(&callee.times);
                parts[at].push(here.try_map(|amount| over_rounds(amount, &summed, cx))?);
                for (way, copies) in &own {
                    let (way, copies) = further(way, copies, &callee.reading, choices);
                    let copies = over_rounds(&copies, &summed, cx)?;
                    ways[at].entry(way).or_default().push(copies);
                }
            }
        }
        all.push(Copies {
            times,
            rounds: outer,
            ways: own,
        });
    }
    all.reverse();
    Ok(all)
}

/// The rounds that sizes depend on, through their number or through the count of others that stay; and those that can be summed.
fn split(rounds: Vec<Rounds>, numbers: &[Sym]) -> (Vec<Rounds>, Vec<Rounds>) {
    let (mut stay, mut summed): (Vec<Rounds>, Vec<Rounds>) = (Vec::new(), Vec::new());
    for one in rounds.into_iter().rev() {
        let counted = |other: &Rounds| other.count.mentions(one.number);
        if numbers.contains(&one.number) || stay.iter().any(counted) {
            stay.insert(0, one);
        } else {
            summed.insert(0, one);
        }
    }
    (stay, summed)
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

/// A way one call further.
fn further(
    way: &[Reading],
    copies: &Poly,
    reading: &Reading,
    choices: bool,
) -> (Vec<Reading>, Poly) {
    let mut way = way.to_vec();
    let mut copies = copies.clone();
    match (reading, way.last_mut()) {
        (Reading::Each(count), _) => copies = &copies * count,
        (Reading::Again(_), _) if !choices => {}
        (Reading::Again(count), Some(Reading::Again(before))) => *before = &*before * count,
        _ => way.push(reading.clone()),
    }
    (way, copies)
}

impl Copies {
    /// Of how many copies a pass reads the parameters.
    pub(super) fn read(&self, cx: &mut Context<'_>) -> Result<Bounds, AlgebraError> {
        let mut parts = Vec::with_capacity(self.ways.len());
        for (way, copies) in &self.ways {
            let copies = Bounds::certain(copies.clone());
            parts.push(copies.zip(&chosen(way, cx)?, |a, b| a * b));
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
