//! From formulas to steps: Horner's scheme over all atoms, each value computed once. Must never know the arithmetic that
//! runs the steps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::program::{Instr, Loop, Reg, Step, WIDTH};
use crate::sym::atom::{Opaque, OpaqueKind};
use crate::sym::eval::power;
use crate::sym::limits::{LimitError, MAX_BITS, MAX_DEPTH};
use crate::sym::{Atom, Bindings, Coeff, Condition, Context, Domain, Poly, Sym, Symbols};

/// How deep products are taken out of sums; what is left then is written out.
const MAX_NESTING: usize = 48;

/// A value as a quotient of two that are integers wherever the formula's atoms are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    pub(super) num: Reg,
    pub(super) den: Option<Reg>,
}

/// What must hold of a ratio.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) kind: Kind,
    pub(super) of: Ratio,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Integer,
    Zero,
    NotZero,
    NotNegative,
    Within(Domain),
}

/// Powers of values, all above zero.
type Factors = Vec<(Reg, u32)>;
/// A coefficient times powers of values.
type Product = (Coeff, Factors);

/// Steps that belong together: those outside of loops, and those of each open loop.
#[derive(Default)]
struct Scope {
    code: Vec<Instr<Coeff>>,
    known: HashMap<Step<Coeff>, Reg>,
    atoms: HashMap<Atom, Reg>,
    index: Option<(Sym, Reg)>,
}

/// Collects the steps of one program.
pub(super) struct Builder<'a> {
    columns: &'a [Sym],
    /// The values of all other symbols.
    numbers: &'a Bindings,
    symbols: &'a Symbols,
    scopes: Vec<Scope>,
    /// The scope of each value.
    levels: Vec<usize>,
    derived: HashMap<Sym, Reg>,
    depth: usize,
    /// Symbols that have no value.
    pub(super) missing: BTreeSet<Sym>,
    /// What must be an integer and is not one by its form.
    pub(super) whole: Vec<Poly>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(columns: &'a [Sym], numbers: &'a Bindings, symbols: &'a Symbols) -> Self {
        Builder {
            columns,
            numbers,
            symbols,
            scopes: vec![Scope::default()],
            levels: Vec::new(),
            derived: HashMap::new(),
            depth: 0,
            missing: BTreeSet::new(),
            whole: Vec::new(),
        }
    }

    /// The steps outside of loops, and how many values there are.
    pub(super) fn finish(mut self) -> (Vec<Instr<Coeff>>, usize) {
        (std::mem::take(&mut self.scopes[0].code), self.levels.len())
    }

    /// What decides a condition; nothing where only a trial does.
    pub(super) fn check(&mut self, condition: &Condition) -> Result<Option<Check>, LimitError> {
        let (kind, of) = match condition {
            Condition::Integer(value) => (Kind::Integer, self.ratio(value)?),
            Condition::Equal(a, b) => (Kind::Zero, self.ratio(&(a - b))?),
            Condition::AtLeast(a, b) => (Kind::NotNegative, self.ratio(&(a - b))?),
            Condition::NonZero(value) => (Kind::NotZero, self.ratio(value)?),
            Condition::InDomain(value, domain) => (Kind::Within(*domain), self.ratio(value)?),
            Condition::Divides(a, b) => {
                let (a, b) = (self.single(a)?, self.single(b)?);
                let of = Ratio {
                    num: b,
                    den: Some(a),
                };
                (Kind::Integer, of)
            }
            Condition::Throughout { .. } => return Ok(None),
        };
        Ok(Some(Check { kind, of }))
    }

    /// A formula as one value.
    pub(super) fn single(&mut self, poly: &Poly) -> Result<Reg, LimitError> {
        let ratio = self.ratio(poly)?;
        Ok(self.quotient(ratio))
    }

    pub(super) fn quotient(&mut self, Ratio { num, den }: Ratio) -> Reg {
        den.map_or(num, |den| self.emit(Step::Quotient { num, den }))
    }

    /// A formula as a quotient without fractions in it.
    pub(super) fn ratio(&mut self, poly: &Poly) -> Result<Ratio, LimitError> {
        if self.depth > 4 * MAX_DEPTH {
            return Err(LimitError::Depth);
        }
        self.depth += 1;
        let ratio = self.fraction(poly);
        self.depth -= 1;
        ratio
    }

    fn fraction(&mut self, poly: &Poly) -> Result<Ratio, LimitError> {
        let mut terms: BTreeMap<Vec<(Reg, i32)>, Coeff> = BTreeMap::new();
        let mut divisors = BTreeSet::new();
        for term in poly.terms() {
            let mut coeff = term.coeff().clone();
            let mut factors: BTreeMap<Reg, i32> = BTreeMap::new();
            for (atom, e) in term.factors() {
                let Some(number) = self.number(atom) else {
                    let reg = self.atom(atom)?;
                    if *e < 0 {
                        divisors.insert(reg);
                    }
                    *factors.entry(reg).or_default() += e;
                    continue;
                };
                match power(&number, &Coeff::from(i64::from(*e))) {
                    Ok(Some(power)) => coeff = &coeff * &power,
                    _ => return Ok(self.fault()),
                }
                if coeff.bits() > MAX_BITS {
                    return Ok(self.fault());
                }
            }
            factors.retain(|_, e| *e != 0);
            let sum = terms
                .entry(factors.into_iter().collect())
                .or_insert(Coeff::ZERO);
            *sum = &*sum + &coeff;
        }
        terms.retain(|_, coeff| !coeff.is_zero());
        let mut scale = Coeff::ONE;
        let mut lowest: BTreeMap<Reg, u32> = BTreeMap::new();
        for (factors, coeff) in &terms {
            scale = scale.lcm_of_integers(&Coeff::from(coeff.denominator()));
            for (reg, e) in factors.iter().filter(|(_, e)| *e < 0) {
                let deep = lowest.entry(*reg).or_default();
                *deep = (*deep).max(e.unsigned_abs());
            }
        }
        // What cancelled must not be zero all the same.
        for reg in divisors {
            if !lowest.contains_key(&reg) {
                self.emit(Step::Floor { num: reg, den: reg });
            }
        }
        let raised = |factors: Vec<(Reg, i32)>| {
            let mut raised = lowest.clone();
            for (reg, e) in factors {
                let own = raised.entry(reg).or_default();
                *own = own.saturating_add_signed(e);
            }
            raised.into_iter().filter(|(_, e)| *e > 0).collect()
        };
        let entire = terms
            .into_iter()
            .map(|(factors, coeff)| (&coeff * &scale, raised(factors)))
            .collect();
        let num = self.sum(entire, 0);
        let den = (!scale.is_one() || !lowest.is_empty())
            .then(|| self.product(&scale, lowest.into_iter().collect()));
        Ok(Ratio { num, den })
    }

    /// The value of an atom that depends on no column.
    fn number(&self, atom: &Atom) -> Option<Coeff> {
        if let Atom::Sym(sym) = atom {
            if self.columns.contains(sym) {
                return None;
            }
            if let Some(number) = self.numbers.get(*sym) {
                return Some(number.into());
            }
        }
        let alone = Poly::atom(atom.clone());
        alone.eval_bound(self.numbers, self.symbols).ok().flatten()
    }

    fn atom(&mut self, atom: &Atom) -> Result<Reg, LimitError> {
        let opaque = match atom {
            Atom::Sym(sym) => return self.sym(*sym),
            Atom::Opaque(opaque) => opaque,
        };
        if let Some(reg) = self.scopes.iter().find_map(|scope| scope.atoms.get(atom)) {
            return Ok(*reg);
        }
        let reg = self.opaque(opaque)?;
        let level = self.level(reg);
        self.scopes[level].atoms.insert(atom.clone(), reg);
        Ok(reg)
    }

    fn sym(&mut self, sym: Sym) -> Result<Reg, LimitError> {
        if let Some(column) = self.columns.iter().position(|own| *own == sym) {
            return Ok(Reg::Column(column));
        }
        let mut indices = self.scopes.iter().rev().filter_map(|scope| scope.index);
        if let Some((_, reg)) = indices.find(|(own, _)| *own == sym) {
            return Ok(reg);
        }
        if let Some(reg) = self.derived.get(&sym) {
            return Ok(*reg);
        }
        let Some(definition) = self.symbols.solution(sym).filter(|_| !sym.is_reserved()) else {
            self.missing.insert(sym);
            return Ok(self.constant(Coeff::ZERO));
        };
        let definition = definition.clone();
        let reg = self.integer(&definition, true)?;
        self.derived.insert(sym, reg);
        Ok(reg)
    }

    /// A formula that must be an integer. One that is `closed` depends on no index of a loop.
    fn integer(&mut self, poly: &Poly, closed: bool) -> Result<Reg, LimitError> {
        let mut indices = self.scopes.iter().filter_map(|scope| scope.index);
        if (closed || !indices.any(|(sym, _)| poly.mentions(sym)))
            && !Context::without_assumptions(self.symbols).proves_integer(poly)
        {
            self.whole.push(poly.clone());
        }
        self.single(poly)
    }

    fn opaque(&mut self, opaque: &Opaque) -> Result<Reg, LimitError> {
        match opaque.kind() {
            OpaqueKind::Floor { num, den } => {
                let (num, den) = (self.ratio(num)?, self.ratio(den)?);
                let times = |builder: &mut Self, a: Reg, b: Option<Reg>| match b {
                    Some(b) => builder.product(&Coeff::ONE, vec![(a, 1), (b, 1)]),
                    None => a,
                };
                if let Some(den) = den.den {
                    self.emit(Step::Floor { num: den, den });
                }
                let above = times(self, num.num, den.den);
                let below = times(self, den.num, num.den);
                Ok(self.emit(Step::Floor {
                    num: above,
                    den: below,
                }))
            }
            OpaqueKind::Min(arguments) => {
                let mut least = None;
                for argument in arguments {
                    let next = self.single(argument)?;
                    least = Some(match least {
                        None => next,
                        Some(least) => self.emit(Step::Min(least, next)),
                    });
                }
                Ok(least.unwrap_or_else(|| self.constant(Coeff::ZERO)))
            }
            OpaqueKind::Pow { base, exponent } => {
                let (base, exponent) = (self.single(base)?, self.integer(exponent, false)?);
                Ok(self.emit(Step::Power { base, exponent }))
            }
            OpaqueKind::Sum {
                index,
                lo,
                hi,
                body,
            } => {
                let (lo, hi) = (self.integer(lo, false)?, self.integer(hi, false)?);
                self.looped(*index, lo, hi, body)
            }
            OpaqueKind::Beyond(_) => Ok(self.fault().num),
        }
    }

    fn looped(&mut self, sym: Sym, lo: Reg, hi: Reg, body: &Poly) -> Result<Reg, LimitError> {
        let index = self.value_of_level(self.scopes.len());
        self.scopes.push(Scope {
            index: Some((sym, Reg::Value(index))),
            ..Scope::default()
        });
        let value = self.single(body);
        let body = self.scopes.pop().unwrap_or_default().code;
        let level = self.scopes.len() - 1;
        let out = self.value_of_level(level);
        let step = Step::Loop(Box::new(Loop {
            lo,
            hi,
            index,
            body,
            value: value?,
        }));
        self.scopes[level].code.push(Instr { step, out });
        Ok(Reg::Value(out))
    }

    /// A sum of distinct products: what they share is taken out first, then what most of them have.
    fn sum(&mut self, terms: Vec<Product>, depth: usize) -> Reg {
        if let [(coeff, factors)] = &*terms {
            return self.product(coeff, factors.clone());
        }
        if let Some((common, coeff, rest)) = take_out(&terms) {
            let inner = self.sum(rest, depth + 1);
            let mut factors = common;
            factors.push((inner, 1));
            return self.product(&coeff, factors);
        }
        let mut constant = Coeff::ZERO;
        let mut parts = Vec::new();
        for group in groups(terms, depth < MAX_NESTING) {
            match &*group {
                [(coeff, factors)] if factors.is_empty() => constant = coeff.clone(),
                [(coeff, factors)] => {
                    parts.push((coeff.clone(), self.product(&Coeff::ONE, factors.clone())));
                }
                _ => parts.push((Coeff::ONE, self.sum(group, depth + 1))),
            }
        }
        if let [(coeff, reg)] = &*parts
            && coeff.is_one()
            && constant.is_zero()
        {
            return *reg;
        }
        let mut last = None;
        for chunk in parts.chunks(WIDTH - 1) {
            let mut parts: Vec<(Coeff, Reg)> =
                last.map(|reg| (Coeff::ONE, reg)).into_iter().collect();
            parts.extend(chunk.iter().cloned());
            last = Some(self.emit(Step::Sum { constant, parts }));
            constant = Coeff::ZERO;
        }
        last.unwrap_or_else(|| self.constant(constant))
    }

    fn product(&mut self, coeff: &Coeff, factors: Factors) -> Reg {
        let mut parts = Vec::new();
        for (reg, e) in factors {
            self.raise(reg, e, &mut parts);
        }
        match &*parts {
            [] => return self.constant(coeff.clone()),
            [reg] if coeff.is_one() => return *reg,
            _ => {}
        }
        while parts.len() > WIDTH {
            let rest = parts.split_off(WIDTH);
            let first = self.emit(Step::Product {
                factor: Coeff::ONE,
                parts,
            });
            parts = rest;
            parts.insert(0, first);
        }
        self.emit(Step::Product {
            factor: coeff.clone(),
            parts,
        })
    }

    /// A power as factors: small ones are repeated, others are squares of half the power.
    fn raise(&mut self, reg: Reg, e: u32, parts: &mut Vec<Reg>) {
        if e < 4 {
            parts.extend((0..e).map(|_| reg));
            return;
        }
        let half = self.product(&Coeff::ONE, vec![(reg, e / 2)]);
        parts.extend([half, half]);
        parts.extend((0..e % 2).map(|_| reg));
    }

    fn constant(&mut self, constant: Coeff) -> Reg {
        self.emit(Step::Sum {
            constant,
            parts: Vec::new(),
        })
    }

    fn fault(&mut self) -> Ratio {
        Ratio {
            num: self.emit(Step::Fault),
            den: None,
        }
    }

    fn level(&self, reg: Reg) -> usize {
        match reg {
            Reg::Column(_) => 0,
            Reg::Value(value) => self.levels[value],
        }
    }

    fn value_of_level(&mut self, level: usize) -> usize {
        self.levels.push(level);
        self.levels.len() - 1
    }

    /// The value of a step, which stands as far out as what it reads.
    fn emit(&mut self, step: Step<Coeff>) -> Reg {
        let operands = step.operands().into_iter();
        let level = operands.map(|reg| self.level(reg)).max().unwrap_or(0);
        if let Some(reg) = self.scopes[level].known.get(&step) {
            return *reg;
        }
        let out = self.value_of_level(level);
        let scope = &mut self.scopes[level];
        scope.known.insert(step.clone(), Reg::Value(out));
        scope.code.push(Instr { step, out });
        Reg::Value(out)
    }
}

/// What all terms share, their common divisor, and what is left of them.
fn take_out(terms: &[Product]) -> Option<(Factors, Coeff, Vec<Product>)> {
    let mut common: BTreeMap<Reg, u32> = terms.first()?.1.iter().copied().collect();
    for (_, factors) in terms {
        let own: BTreeMap<Reg, u32> = factors.iter().copied().collect();
        common.retain(|reg, e| {
            *e = (*e).min(own.get(reg).copied().unwrap_or(0));
            *e > 0
        });
    }
    if common.is_empty() {
        return None;
    }
    let content = terms
        .iter()
        .fold(Coeff::ZERO, |all, (coeff, _)| all.gcd(coeff));
    let rest = terms.iter().map(|(coeff, factors)| {
        let left = factors
            .iter()
            .map(|(reg, e)| (*reg, e - common.get(reg).copied().unwrap_or(0)))
            .filter(|(_, e)| *e > 0);
        let coeff = coeff.checked_div(&content).unwrap_or_else(|| coeff.clone());
        (coeff, left.collect())
    });
    let rest = rest.collect();
    Some((common.into_iter().collect(), content, rest))
}

/// Terms in groups, each sharing the value that occurs in most terms of all; or each by itself.
fn groups(terms: Vec<Product>, together: bool) -> Vec<Vec<Product>> {
    if !together {
        return terms.into_iter().map(|term| vec![term]).collect();
    }
    let mut occurs: BTreeMap<Reg, usize> = BTreeMap::new();
    for (reg, _) in terms.iter().flat_map(|(_, factors)| factors) {
        *occurs.entry(*reg).or_default() += 1;
    }
    let mut groups: BTreeMap<(usize, Option<Reg>), Vec<Product>> = BTreeMap::new();
    for term in terms {
        let regs = term.1.iter().map(|(reg, _)| (occurs[reg], Some(*reg)));
        let key = regs.max().unwrap_or((0, None));
        groups.entry(key).or_default().push(term);
    }
    groups.into_values().rev().collect()
}
