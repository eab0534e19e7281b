//! Straight-line programs over columns of numbers, and where their values are kept while they run. Must never know what a
//! number is, nor what a formula is.

use std::collections::{BTreeMap, BTreeSet};

use crate::sym::Coeff;

/// Where a number of each point is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Reg {
    /// In a column of the caller.
    Column(usize),
    /// In a value that the program computes.
    Value(usize),
}

/// One computation for all points of a block.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Step<K> {
    /// A constant and at most [`WIDTH`] values times a constant each.
    Sum { constant: K, parts: Vec<(K, Reg)> },
    /// A constant times at most [`WIDTH`] values, one at least.
    Product { factor: K, parts: Vec<Reg> },
    /// A constant times one to three values, times a sum of one or two.
    Tower {
        factor: K,
        parts: Vec<Reg>,
        constant: K,
        inner: Vec<(K, Reg)>,
    },
    /// A quotient, in integer arithmetic one without rest.
    Quotient { num: Reg, den: Reg },
    /// The greatest integer not above a quotient.
    Floor { num: Reg, den: Reg },
    /// The lesser of two.
    Min(Reg, Reg),
    /// A power with an integer exponent.
    Power { base: Reg, exponent: Reg },
    /// A sum over an index.
    Loop(Box<Loop<K>>),
    /// Nothing has a value here.
    Fault,
}

/// A sum of a value over an index from one bound to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Loop<K> {
    pub(super) lo: Reg,
    pub(super) hi: Reg,
    /// The value that the index is.
    pub(super) index: usize,
    pub(super) body: Vec<Instr<K>>,
    pub(super) value: Reg,
}

/// A step and the value that it computes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Instr<K> {
    pub(super) step: Step<K>,
    pub(super) out: usize,
}

/// Most operands of a sum or a product.
pub(super) const WIDTH: usize = 4;

impl<K> Step<K> {
    /// What it reads, of a loop the bounds.
    pub(super) fn operands(&self) -> Vec<Reg> {
        match self {
            Step::Sum { parts, .. } => parts.iter().map(|(_, reg)| *reg).collect(),
            Step::Product { parts, .. } => parts.clone(),
            Step::Tower { parts, inner, .. } => {
                let inner = inner.iter().map(|(_, reg)| *reg);
                parts.iter().copied().chain(inner).collect()
            }
            Step::Quotient { num: a, den: b }
            | Step::Floor { num: a, den: b }
            | Step::Min(a, b)
            | Step::Power {
                base: a,
                exponent: b,
            } => vec![*a, *b],
            Step::Loop(inner) => vec![inner.lo, inner.hi],
            Step::Fault => Vec::new(),
        }
    }

    /// The same step with other constants; nothing if one of them has no counterpart.
    fn with_constants<N>(&self, to: &impl Fn(&K) -> Option<N>) -> Option<Step<N>> {
        let weighed = |parts: &[(K, Reg)]| {
            let parts = parts.iter().map(|(k, reg)| Some((to(k)?, *reg)));
            parts.collect::<Option<Vec<_>>>()
        };
        Some(match self {
            Step::Sum { constant, parts } => Step::Sum {
                constant: to(constant)?,
                parts: weighed(parts)?,
            },
            Step::Tower {
                factor,
                parts,
                constant,
                inner,
            } => Step::Tower {
                factor: to(factor)?,
                parts: parts.clone(),
                constant: to(constant)?,
                inner: weighed(inner)?,
            },
            Step::Product { factor, parts } => Step::Product {
                factor: to(factor)?,
                parts: parts.clone(),
            },
            Step::Quotient { num, den } => Step::Quotient {
                num: *num,
                den: *den,
            },
            Step::Floor { num, den } => Step::Floor {
                num: *num,
                den: *den,
            },
            Step::Min(a, b) => Step::Min(*a, *b),
            Step::Power { base, exponent } => Step::Power {
                base: *base,
                exponent: *exponent,
            },
            Step::Loop(inner) => Step::Loop(Box::new(Loop {
                lo: inner.lo,
                hi: inner.hi,
                index: inner.index,
                body: all(&inner.body, to)?,
                value: inner.value,
            })),
            Step::Fault => Step::Fault,
        })
    }
}

fn all<K, N>(code: &[Instr<K>], to: &impl Fn(&K) -> Option<N>) -> Option<Vec<Instr<N>>> {
    code.iter()
        .map(|instr| {
            Some(Instr {
                step: instr.step.with_constants(to)?,
                out: instr.out,
            })
        })
        .collect()
}

/// A program with a slot for each of its values; values that are never needed at once may share one.
#[derive(Clone, Debug)]
pub(super) struct Program<N> {
    pub(super) code: Vec<Instr<N>>,
    pub(super) slot_of: Vec<usize>,
    pub(super) slots: usize,
}

/// Puts small sums that are only multiplied once into the product, so that they are never kept.
fn with_towers(mut code: Vec<Instr<Coeff>>, values: usize, results: &[Reg]) -> Vec<Instr<Coeff>> {
    fn count(code: &[Instr<Coeff>], uses: &mut impl FnMut(Reg)) {
        for instr in code {
            instr.step.operands().into_iter().for_each(&mut *uses);
            if let Step::Loop(inner) = &instr.step {
                uses(inner.value);
                count(&inner.body, uses);
            }
        }
    }
    let mut uses = vec![0_usize; values];
    let mut add = |reg: Reg| {
        if let Reg::Value(value) = reg {
            uses[value] += 1;
        }
    };
    results.iter().copied().for_each(&mut add);
    count(&code, &mut add);
    let mut sums = BTreeMap::new();
    for instr in &code {
        if let Step::Sum { constant, parts } = &instr.step
            && uses[instr.out] == 1
            && (1..=2).contains(&parts.len())
        {
            sums.insert(Reg::Value(instr.out), (constant.clone(), parts.clone()));
        }
    }
    let mut inside = BTreeSet::new();
    for instr in &mut code {
        if let Step::Product { factor, parts } = &mut instr.step
            && parts.len() > 1
            && let Some(at) = parts.iter().position(|part| sums.contains_key(part))
        {
            let sum = parts.remove(at);
            if let Some((constant, inner)) = sums.remove(&sum) {
                inside.insert(sum);
                instr.step = Step::Tower {
                    factor: factor.clone(),
                    parts: std::mem::take(parts),
                    constant,
                    inner,
                };
            }
        }
    }
    code.retain(|instr| !inside.contains(&Reg::Value(instr.out)));
    code
}

impl Program<Coeff> {
    /// A program whose values in `results` are kept to the end.
    pub(super) fn new(code: Vec<Instr<Coeff>>, values: usize, results: &[Reg]) -> Program<Coeff> {
        let code = with_towers(code, values, results);
        let mut lives = Lives {
            position: 0,
            last: vec![0; values],
        };
        lives.block(&code, &mut Vec::new());
        for reg in results {
            if let Reg::Value(value) = reg {
                lives.last[*value] = usize::MAX;
            }
        }
        let mut slots = Slots {
            position: 0,
            last: lives.last,
            ending: BTreeMap::new(),
            idle: Vec::new(),
            slot_of: vec![0; values],
            slots: 0,
        };
        slots.block(&code);
        Program {
            code,
            slot_of: slots.slot_of,
            slots: slots.slots,
        }
    }

    /// The program in another arithmetic; nothing if a constant has no place in it.
    pub(super) fn in_numbers<N>(&self, to: impl Fn(&Coeff) -> Option<N>) -> Option<Program<N>> {
        Some(Program {
            code: all(&self.code, &to)?,
            slot_of: self.slot_of.clone(),
            slots: self.slots,
        })
    }
}

/// Finds where each value is needed last. What a loop reads is needed until it ends.
struct Lives {
    position: usize,
    last: Vec<usize>,
}

impl Lives {
    fn block(&mut self, code: &[Instr<Coeff>], used: &mut Vec<usize>) {
        for instr in code {
            let mut reads = instr.step.operands();
            if let Step::Loop(inner) = &instr.step {
                self.position += 1;
                let mut inside = vec![inner.index];
                self.block(&inner.body, &mut inside);
                reads.push(inner.value);
                reads.extend(inside.into_iter().map(Reg::Value));
            }
            self.position += 1;
            self.last[instr.out] = self.last[instr.out].max(self.position);
            for reg in reads {
                if let Reg::Value(value) = reg {
                    self.last[value] = self.last[value].max(self.position);
                    used.push(value);
                }
            }
        }
    }
}

/// Gives out slots in the order of the program, and takes them back where a value was needed last.
struct Slots {
    position: usize,
    last: Vec<usize>,
    ending: BTreeMap<usize, Vec<usize>>,
    idle: Vec<usize>,
    slot_of: Vec<usize>,
    slots: usize,
}

impl Slots {
    fn take(&mut self, value: usize) {
        let slot = self.idle.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        self.slot_of[value] = slot;
        self.ending.entry(self.last[value]).or_default().push(slot);
    }

    fn block(&mut self, code: &[Instr<Coeff>]) {
        for instr in code {
            // Before slots of its operands are free again: a step never writes what it reads.
            self.take(instr.out);
            if let Step::Loop(inner) = &instr.step {
                self.take(inner.index);
                self.position += 1;
                self.block(&inner.body);
            }
            self.position += 1;
            let free = self.ending.remove(&self.position);
            self.idle.extend(free.into_iter().flatten());
        }
    }
}
