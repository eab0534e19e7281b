//! Readable names for floors and minima: ceil, mod, max and clamp come back where they make the formula shorter. Must
//! never change the value: each name is introduced by solving its own canonical expansion.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::atom::OpaqueKind;
use super::floor::divide_exactly;
use super::sign::replace;
use super::tree::{Builder, Rounding};
use super::{Atom, Coeff, Context, Opaque, Poly, Sym};

/// Larger formulas keep their floors and minima as they are.
const MAX_RESTORED_TERMS: usize = 256;
/// As do formulas whose opaque atoms hold more terms.
const MAX_RESTORED_WEIGHT: usize = 1000;
/// As do formulas with higher powers of an opaque atom.
const MAX_RESTORED_POWER: u32 = 8;
/// As do formulas with more distinct opaque atoms.
const MAX_RESTORED_ATOMS: usize = 24;

/// What a placeholder stands for.
#[derive(Clone, Debug)]
pub(super) enum Readable {
    Rounded(Rounding, Poly, Poly),
    Max(Vec<Poly>),
    Clamp { x: Poly, lo: Poly, hi: Poly },
}

impl Readable {
    fn cost(&self) -> usize {
        match self {
            Readable::Rounded(_, num, den) => 1 + cost(num, &[]) + cost(den, &[]),
            Readable::Max(arguments) => 1 + arguments.iter().map(|p| cost(p, &[])).sum::<usize>(),
            Readable::Clamp { x, lo, hi } => {
                1 + [x, lo, hi].iter().map(|p| cost(p, &[])).sum::<usize>()
            }
        }
    }
}

/// The polynomial with placeholders, registered in the builder, where a readable name is shorter.
pub(super) fn restore(poly: &Poly, builder: &mut Builder<'_>) -> Poly {
    let high =
        |(atom, e): &(Atom, i32)| atom.opaque().is_some() && e.unsigned_abs() > MAX_RESTORED_POWER;
    let weight: usize = poly.opaques().map(|opaque| opaque.weight()).sum();
    if weight > MAX_RESTORED_WEIGHT || poly.terms().iter().any(|t| t.factors().iter().any(high)) {
        return poly.clone();
    }
    let mut current = poly.clone();
    loop {
        let atoms: BTreeSet<&Arc<Opaque>> = current.opaques().collect();
        if current.terms().len() > MAX_RESTORED_TERMS || atoms.len() > MAX_RESTORED_ATOMS {
            return current;
        }
        let known: Vec<(Sym, usize)> = builder
            .names
            .iter()
            .map(|(sym, name)| (*sym, name.cost()))
            .collect();
        let before = cost(&current, &known);
        let atoms: Vec<Arc<Opaque>> = atoms.into_iter().rev().cloned().collect();
        let placeholder = builder.cx.fresh();
        let mut best: Option<(usize, Poly, Readable)> = None;
        for atom in &atoms {
            for (readable, expansion) in candidates(atom, &atoms, &mut builder.cx) {
                let Some(shorter) = introduce(&current, atom, &expansion, placeholder) else {
                    continue;
                };
                let mut costs = known.clone();
                costs.push((placeholder, readable.cost()));
                let after = cost(&shorter, &costs);
                if after < best.as_ref().map_or(before, |(least, ..)| *least) {
                    best = Some((after, shorter, readable));
                }
            }
        }
        match best {
            Some((_, shorter, readable)) => {
                builder.names.insert(placeholder, readable);
                current = shorter;
            }
            None => {
                builder.cx.release_fresh();
                return current;
            }
        }
    }
}

fn size(poly: &Poly) -> Coeff {
    poly.terms()
        .iter()
        .fold(Coeff::ZERO, |total, term| &total + &term.coeff().abs())
}

/// A rough length of the text: a sign, a digit, a name count one each.
fn cost(poly: &Poly, placeholders: &[(Sym, usize)]) -> usize {
    let atom_cost = |atom: &Atom| match atom {
        Atom::Sym(sym) => placeholders
            .iter()
            .find(|(own, _)| own == sym)
            .map_or(1, |(_, cost)| *cost),
        Atom::Opaque(opaque) => {
            1 + opaque
                .kind()
                .arguments()
                .iter()
                .map(|p| cost(p, placeholders))
                .sum::<usize>()
        }
    };
    let one = |term: &super::Term| {
        let own: usize = term
            .factors()
            .iter()
            .map(|(atom, e)| atom_cost(atom) + usize::from(*e != 1))
            .sum();
        own + 2
            + usize::from(term.coeff().is_negative())
            + 2 * usize::from(!term.coeff().is_integer())
    };
    poly.terms().iter().map(one).sum()
}

/// Names that an atom may be part of, each with its canonical expansion.
fn candidates(
    atom: &Arc<Opaque>,
    atoms: &[Arc<Opaque>],
    cx: &mut Context<'_>,
) -> Vec<(Readable, Poly)> {
    let mut found = Vec::new();
    let mut offer = |readable: Readable, expansion: Option<Poly>| {
        if let Some(expansion) = expansion {
            found.push((readable, expansion));
        }
    };
    match atom.kind() {
        OpaqueKind::Floor { num, den } => {
            offer(
                Readable::Rounded(Rounding::Mod, num.clone(), den.clone()),
                cx.modulo(num, den).ok(),
            );
            // A ceil of the same size, or of what is left of the negated fraction by whole multiples.
            let turned = Some(-num).map(|n| (n, den.clone()));
            let reduced = (-num)
                .div_single(den)
                .map(|value| cx.split_integral(&value).1.fraction());
            for (own, den) in [turned, Some((num.clone(), den.clone())), reduced]
                .into_iter()
                .flatten()
            {
                if size(&own) <= size(num) {
                    let expansion = cx.ceil_div(&own, &den).ok();
                    offer(Readable::Rounded(Rounding::Ceil, own, den), expansion);
                }
            }
        }
        OpaqueKind::Min(arguments) => {
            if let [_, _] = &**arguments {
                offer(
                    Readable::Max(arguments.clone()),
                    cx.greatest(arguments).ok(),
                );
            }
            let negated: Vec<Poly> = arguments.iter().map(|p| -p).collect();
            let expansion = cx.greatest(&negated).ok();
            offer(Readable::Max(negated), expansion);
            for other in atoms.iter().filter(|other| *other != atom) {
                let OpaqueKind::Min(outer) = other.kind() else {
                    continue;
                };
                let ([a, b], [p, q]) = (&**arguments, &**outer) else {
                    continue;
                };
                for (x, lo) in [(a, b), (b, a)] {
                    for hi in [(p, q), (q, p)]
                        .into_iter()
                        .filter(|(own, _)| *own == x)
                        .map(|(_, hi)| hi)
                    {
                        let expansion = cx.clamp(x, lo, hi);
                        let clamp = Readable::Clamp {
                            x: x.clone(),
                            lo: lo.clone(),
                            hi: hi.clone(),
                        };
                        offer(clamp, Some(expansion));
                    }
                }
            }
        }
        _ => {}
    }
    found
}

/// Replaces an atom by what a name makes of it: the name's expansion, `rest + cofactor*atom`, is solved for the atom.
fn introduce(poly: &Poly, atom: &Arc<Opaque>, expansion: &Poly, name: Sym) -> Option<Poly> {
    let own = Atom::Opaque(atom.clone());
    let (rest, cofactor) = expansion.linear_in(&own)?;
    let named = Poly::symbol(name) - &rest;
    if let Some(number) = cofactor.as_const() {
        return replace(poly, &own, &named.scale(&number.recip()?));
    }
    // The name comes with a cofactor, as in `T mod C = T - C*floor(T/C)`.
    let mut parts = Vec::new();
    for (e, outer) in poly.by_powers_of(&own) {
        let e = u32::try_from(e).ok()?;
        let outer = divide_exactly(&outer, &cofactor.pow(e).ok()?)?;
        parts.push(outer * named.pow(e).ok()?);
    }
    Poly::sum(parts).checked().ok()
}
