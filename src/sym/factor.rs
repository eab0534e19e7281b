//! The factored form: content and common factors out, then Horner's scheme on the atom that most terms share. Must
//! never search for factors that are not common to terms.

use std::collections::BTreeMap;

use super::tree::{Builder, Tree};
use super::{Atom, Coeff, Mono, Poly, Term};

/// Deepest nesting of factored sums.
const MAX_FACTOR_DEPTH: usize = 16;
/// Largest sum that is split by shared atoms.
const MAX_FACTOR_TERMS: usize = 512;

pub(super) fn factored(poly: &Poly, builder: &mut Builder<'_>) -> Tree {
    match poly.terms() {
        [] => Tree::add(Vec::new()),
        [term] => Tree::add(vec![(term.coeff().is_negative(), builder.product(term))]),
        _ => {
            let (negative, tree) = product(poly, builder, 0);
            Tree::add(vec![(negative, tree)])
        }
    }
}

/// A sum of several terms as a product: its sign, and its magnitude.
fn product(poly: &Poly, builder: &mut Builder<'_>, depth: usize) -> (bool, Tree) {
    if let [term] = poly.terms() {
        return (term.coeff().is_negative(), builder.product(term));
    }
    let negative = poly.terms().iter().all(|t| t.coeff().is_negative());
    let content = if negative {
        -poly.content()
    } else {
        poly.content()
    };
    let common = Term {
        mono: poly.common_mono(),
        coeff: content,
    };
    let divisor = Poly::from_term(common.clone());
    let rest = poly.div_single(&divisor).unwrap_or_else(|| poly.clone());
    let (mut num, den) = builder.sides(&common);
    num.push(sum(&rest, builder, depth));
    (negative, Tree::div(Tree::mul(num), Tree::mul(den)))
}

/// A sum without common factors.
fn sum(poly: &Poly, builder: &mut Builder<'_>, depth: usize) -> Tree {
    if depth >= MAX_FACTOR_DEPTH || poly.terms().len() > MAX_FACTOR_TERMS {
        return builder.expanded(poly);
    }
    let mut groups: Vec<(usize, bool, Tree)> = Vec::new();
    let mut left: Vec<(usize, Term)> = poly.terms().iter().cloned().enumerate().collect();
    while let Some((atom, least)) = most_shared(&left) {
        let (own, other): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(_, t)| t.mono().exponent(&atom) > 0);
        left = other;
        let place = own.iter().map(|(place, _)| *place).min().unwrap_or(0);
        let inverse = Mono::power_of(atom.clone(), -least);
        let inside =
            Poly::from_terms(own.into_iter().map(|(_, t)| t).collect()).times_mono(&inverse);
        let (negative, cofactor) = product(&inside, builder, depth + 1);
        let (mut factors, _) = builder.sides(&Term {
            mono: Mono::power_of(atom, least),
            coeff: Coeff::ONE,
        });
        match cofactor {
            Tree::Mul(inner) => {
                // A leading number stays in front.
                let lead = inner
                    .iter()
                    .take_while(|f| matches!(f, Tree::Int(_)))
                    .count();
                factors.splice(0..0, inner.iter().take(lead).cloned());
                factors.extend(inner.into_iter().skip(lead));
            }
            other => factors.push(other),
        }
        groups.push((place, negative, Tree::mul(factors)));
    }
    groups.extend(
        left.into_iter()
            .map(|(place, t)| (place, t.coeff().is_negative(), builder.product(&t))),
    );
    groups.sort_by_key(|(place, ..)| *place);
    Tree::add(
        groups
            .into_iter()
            .map(|(_, negative, tree)| (negative, tree))
            .collect(),
    )
}

/// The first atom that most terms share, at least two, and its least power in them.
fn most_shared(terms: &[(usize, Term)]) -> Option<(Atom, i32)> {
    let mut counts: BTreeMap<&Atom, (usize, i32)> = BTreeMap::new();
    for (atom, e) in terms
        .iter()
        .flat_map(|(_, t)| t.factors())
        .filter(|(_, e)| *e > 0)
    {
        let entry = counts.entry(atom).or_insert((0, *e));
        *entry = (entry.0 + 1, entry.1.min(*e));
    }
    let most = counts
        .values()
        .map(|(count, _)| *count)
        .max()
        .filter(|most| *most > 1)?;
    let (atom, (_, least)) = counts.into_iter().find(|(_, (count, _))| *count == most)?;
    Some((atom.clone(), least))
}
