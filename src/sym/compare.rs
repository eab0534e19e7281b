//! Whether two formulas are equal. Must never answer "different" without values at which they are.

use std::collections::BTreeSet;

use dashu_int::IBig;

use super::atom::OpaqueKind;
use super::sign::replace;
use super::symbols::solve_for;
use super::{Atom, Bindings, Coeff, Condition, Poly, Sym, Symbols, Term};

/// How two formulas compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// Their normal forms are the same.
    Equal,
    /// They differ at these values.
    Different {
        /// A value for each free symbol.
        witness: Bindings,
        /// The first formula there.
        left: Coeff,
        /// The second formula there.
        right: Coeff,
    },
    /// Their normal forms differ, and no values were found at which they do.
    NotRefuted,
}

/// Most small assignments that are tried in order, and most larger ones after them.
const SMALL: u64 = 1000;
const LARGE: usize = 400;

/// Compares normal forms; when they differ, looks for values at which the formulas do: small ones first, inside the
/// domains and the assumptions, derived symbols whole.
pub fn compare(a: &Poly, b: &Poly, symbols: &Symbols) -> Comparison {
    let (left, right) = (symbols.normal(a), symbols.normal(b));
    if left.limit().is_some() || right.limit().is_some() {
        return Comparison::NotRefuted;
    }
    let difference = &left - &right;
    if difference.is_zero() || aligned(&difference).is_some_and(|p| p.is_zero()) {
        return Comparison::Equal;
    }
    let mut derived: BTreeSet<Sym> = (&a.symbols() | &b.symbols())
        .into_iter()
        .filter(|s| symbols.solution(*s).is_some())
        .collect();
    let mut free: BTreeSet<Sym> = &left.symbols() | &right.symbols();
    for sym in &derived {
        free.extend(symbols.normal(&Poly::symbol(*sym)).symbols());
    }
    let settled = |value: &Poly| value.symbols().iter().all(|s| free.contains(s));
    derived.extend(
        symbols
            .definitions()
            .filter(|(_, value)| settled(value))
            .map(|(sym, _)| sym),
    );
    // What the difference depends on varies first.
    let varied = difference.symbols();
    let free: Vec<Sym> = varied
        .iter()
        .chain(free.difference(&varied))
        .copied()
        .collect();
    let relevant: Vec<&Condition> = symbols
        .assumptions()
        .iter()
        .filter(|c| {
            c.symbols()
                .iter()
                .all(|s| free.contains(s) || symbols.solution(*s).is_some())
        })
        .collect();
    let whole: Vec<Condition> = derived
        .iter()
        .map(|sym| Condition::in_domain(*sym, symbols))
        .collect();
    for values in samples(&free, symbols) {
        let inside = whole.iter().all(|c| c.holds(&values, symbols) == Ok(true))
            && relevant
                .iter()
                .all(|c| c.holds(&values, symbols) != Ok(false));
        if !inside || difference.eval(&values, symbols).is_ok_and(|d| d.is_zero()) {
            continue;
        }
        if let (Ok(left), Ok(right)) = (left.eval(&values, symbols), right.eval(&values, symbols))
            && left != right
        {
            return Comparison::Different {
                witness: values,
                left,
                right,
            };
        }
    }
    Comparison::NotRefuted
}

/// The polynomial with each min of two arguments written as `a + min(0, b - a)`, `b - a` leading with a positive
/// coefficient: minima that differ by a shift or a turn of sign become the same.
fn aligned(poly: &Poly) -> Option<Poly> {
    let mut current = poly.clone();
    let atoms: BTreeSet<_> = poly.opaques().cloned().collect();
    for opaque in atoms {
        let OpaqueKind::Min(arguments) = opaque.kind() else {
            continue;
        };
        let [a, b] = &**arguments else { continue };
        let gap = b - a;
        let turned = gap.terms().first().is_some_and(|t| t.coeff().is_negative());
        let (base, gap) = if turned { (b, -gap) } else { (a, gap) };
        let content = Poly::from_coeff(gap.content());
        let unit = gap.div_single(&content)?;
        // No constructor makes this argument list in this place, so it stands for itself alone.
        let least = Poly::opaque(OpaqueKind::Min(vec![Poly::zero(), unit])).ok()?;
        current = replace(
            &current,
            &Atom::Opaque(opaque.clone()),
            &(base + &(&content * &least)),
        )?;
    }
    Some(current)
}

/// Deterministic assignments inside the domains: all small ones in order as far as they go, then wider ones.
fn samples<'a>(free: &'a [Sym], symbols: &'a Symbols) -> impl Iterator<Item = Bindings> + 'a {
    let place = |sym: Sym, offset: u64| {
        let domain = symbols.domain(sym);
        let value = IBig::from(domain.min) + IBig::from(offset);
        domain
            .max
            .map_or(value.clone(), |max| value.min(IBig::from(max)))
    };
    let small = (0..SMALL).map(move |mut code| {
        let offsets = free.iter().map(|sym| {
            let offset = code % 4;
            code /= 4;
            (*sym, place(*sym, offset))
        });
        offsets.collect::<Bindings>()
    });
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let widths = [6, 12, 30, 100, 5000].into_iter().cycle();
    let large = widths.take(LARGE).map(move |width| {
        let offsets = free.iter().map(|sym| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*sym, place(*sym, (state >> 33) % width))
        });
        offsets.collect::<Bindings>()
    });
    let wanted = 4_u64
        .checked_pow(u32::try_from(free.len()).unwrap_or(u32::MAX))
        .unwrap_or(SMALL);
    small
        .take(usize::try_from(wanted.min(SMALL)).unwrap_or(0))
        .chain(large)
}

/// The equation under which two products are equal: one symbol in terms of the others, "equal if `d = H*dh`". A
/// product is preferred to a quotient, then the symbol declared last. A symbol on which both depend is not solved for: no
/// equation makes `d` and `floor(d/2)` one size.
pub fn equal_if(a: &Poly, b: &Poly, symbols: &Symbols) -> Option<(Sym, Poly)> {
    let raw = solve(a, b, symbols);
    raw.or_else(|| solve(&symbols.normal(a), &symbols.normal(b), symbols))
}

fn solve(a: &Poly, b: &Poly, symbols: &Symbols) -> Option<(Sym, Poly)> {
    let ratio = a.div_single(b)?;
    let term = ratio.as_single()?;
    let sides = [symbols.normal(a), symbols.normal(b)];
    let on_one_side = |sym| sides[0].mentions(sym) != sides[1].mentions(sym);
    let candidates = term
        .factors()
        .iter()
        .rev()
        .filter_map(|(atom, e)| match atom {
            Atom::Sym(sym)
                if e.abs() == 1 && symbols.solution(*sym).is_none() && on_one_side(*sym) =>
            {
                Some((*sym, solve_for(term, *sym, *e)?))
            }
            _ => None,
        });
    let candidates: Vec<(Sym, Term)> = candidates.collect();
    let (sym, value) = candidates
        .iter()
        .find(|(_, value)| value.is_whole())
        .or(candidates.first())?;
    Some((*sym, Poly::from_term(value.clone())))
}
