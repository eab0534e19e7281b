//! Sources, storage and layout: what stands by itself, what outlasts a pass, and what moves axes.

use super::build::{Builder, Scope, Value};
use super::shape::{Axis, Shape, marked};
use super::size::Size;

impl Builder<'_, '_> {
    pub(super) fn source(&mut self, scope: &mut Scope) -> Option<Value> {
        let rank = 1 + self.choices.below(3);
        let mut shape: Shape = Vec::new();
        for _ in 0..rank {
            let size = match self.phased && !scope.inside.once && self.choices.chance(1, 10) {
                true => Size::symbol(self.choices.pick(&["n", "s"])),
                false => self.some_size(scope),
            };
            shape.push(match self.choices.chance(1, 6) {
                true => Axis::position(size),
                false => Axis::feature(size),
            });
        }
        let op = self.choices.pick(&["Param", "Param", "Constant"]);
        let text = format!("{op}(\"{}\")", marked(&shape));
        let fits = self.fits(scope, &shape, 1);
        fits.then(|| self.node(scope, text, &[], shape, 1))
    }

    pub(super) fn gather(&mut self, scope: &mut Scope) -> Option<Value> {
        let indices = self.value(scope)?;
        let table = match self.choices.chance(1, 2) {
            true => self.source(scope)?,
            false => self.value_where(scope, &|_, value| !value.shape.is_empty())?,
        };
        let shape: Shape = indices
            .shape
            .iter()
            .chain(&table.shape[1..])
            .cloned()
            .collect();
        let text = format!("Gather({}, {})", table.name, indices.name);
        let fits = self.fits(scope, &shape, 1);
        fits.then(|| self.node(scope, text, &[&table, &indices], shape, 1))
    }

    /// `Cache` and `Previous`.
    pub(super) fn kept(&mut self, scope: &mut Scope) -> Option<Value> {
        let previous = self.choices.chance(1, 3);
        if !self.phased || scope.inside.scan || (previous && scope.inside.route) {
            return None;
        }
        let once = scope.inside.once;
        let grows = |all: &Self, axis: &Axis| {
            axis.is_position()
                && (once || all.normal(&all.spelled(scope, &axis.size)) == Size::symbol("n"))
        };
        let x = self.value_where(scope, &|all, value| {
            value.shape.iter().any(|axis| grows(all, axis))
        })?;
        let at = x.shape.iter().rposition(|axis| grows(self, axis))?;
        if self.find(scope, &x.shape, &x.shape[at].size) != Some(at) {
            return None;
        }
        let (name, axis) = (&x.name, x.shape[at].size.clone());
        let mut more = if once {
            Size::default()
        } else {
            Size::symbol("p")
        };
        let text = if previous {
            more = match self.choices.below(3) {
                0 => Size::number(1),
                1 => Size::number(2),
                _ => self.some_size(scope).minus(&Size::number(1)),
            };
            format!("Previous({name}, \"{}\", \"{}\")", axis.text(), more.text())
        } else if !once && self.choices.chance(1, 2) {
            let window = self.some_size(scope);
            more = Size::min(more, window.minus(&Size::number(1)));
            format!("Cache({name}, \"{}\", \"{}\")", axis.text(), window.text())
        } else {
            format!("Cache({name}, \"{}\")", axis.text())
        };
        let mut shape = x.shape.clone();
        shape[at] = shape[at].resized(axis.plus(&more));
        if !self.fits(scope, &shape, 1) {
            return None;
        }
        scope.particular = true;
        scope.outlasts |= previous;
        Some(self.node(scope, text, &[&x], shape, 1))
    }

    /// `Slice`, `Pad`, `Expand`.
    pub(super) fn resize(&mut self, scope: &mut Scope) -> Option<Value> {
        if self.choices.chance(1, 5) {
            let (x, size) = (self.value(scope)?, self.some_size(scope));
            let mut shape = x.shape.clone();
            shape.insert(0, Axis::feature(size.clone()));
            let text = format!("Expand({}, \"-> {}\")", x.name, size.text());
            let fits = self.fits(scope, &shape, 1);
            return fits.then(|| self.node(scope, text, &[&x], shape, 1));
        }
        let (x, at) = self.axis(scope)?;
        let (name, axis) = (&x.name, x.shape[at].size.clone());
        let (text, size) = match self.choices.below(3) {
            0 => {
                let size = self.less(scope, &axis);
                (
                    format!("Slice({name}, \"{}\", \"{}\")", axis.text(), size.text()),
                    size,
                )
            }
            1 => {
                let by = self.some_size(scope);
                (
                    format!("Pad({name}, \"{}\", \"{}\")", axis.text(), by.text()),
                    axis.plus(&by),
                )
            }
            _ => {
                let to = match self.choices.chance(1, 3) && axis.is_single() {
                    true => self.some_size(scope),
                    false => axis.times(&self.some_size(scope)),
                };
                let times = to.over(&axis);
                if !times.is_none_or(|times| self.is_whole(scope, &times)) {
                    return None;
                }
                (
                    format!("Expand({name}, \"{} -> {}\")", axis.text(), to.text()),
                    to,
                )
            }
        };
        let mut shape = x.shape.clone();
        shape[at] = shape[at].resized(size);
        let fits = self.fits(scope, &shape, 1);
        fits.then(|| self.node(scope, text, &[&x], shape, 1))
    }

    pub(super) fn concat(&mut self, scope: &mut Scope) -> Option<Value> {
        let (x, at) = self.axis(scope)?;
        let fit = |all: &Self, y: &Value| {
            let mut axes = x.shape.iter().zip(&y.shape).enumerate();
            x.shape.len() == y.shape.len()
                && axes.all(|(i, (a, b))| i == at || all.same(&a.size, &b.size))
        };
        let mut shape = x.shape.clone();
        let mut inputs = vec![x.clone()];
        for _ in 0..1 + self.choices.below(2) {
            let y = self.value_where(scope, &fit)?;
            for (i, (axis, other)) in shape.iter_mut().zip(&y.shape).enumerate() {
                if i == at {
                    axis.learn(other);
                    *axis = axis.resized(axis.size.plus(&other.size));
                } else {
                    axis.learn(other);
                }
            }
            inputs.push(y);
        }
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let text = format!(
            "Concat([{}], \"{}\")",
            names.join(", "),
            x.shape[at].size.text()
        );
        let reads: Vec<&Value> = inputs.iter().collect();
        let fits = self.fits(scope, &shape, 1);
        fits.then(|| self.node(scope, text, &reads, shape, 1))
    }

    /// `Rearrange`: axes are split, brought into another order, and merged.
    pub(super) fn rearrange(&mut self, scope: &mut Scope) -> Option<Value> {
        let x = self.value(scope)?;
        let words = ["a", "b", "h", "e", "n", "s", "d", "w1", "k", "i"];
        let (mut parts, mut left, mut sizes): (Shape, Vec<String>, Vec<String>) =
            Default::default();
        let splits = self.choices.below(3);
        for (at, axis) in x.shape.iter().enumerate() {
            let (first, second) = (words[parts.len() % 10], words[(parts.len() + 1) % 10]);
            if splits == 0 || at + splits != x.shape.len() || !axis.size.is_single() {
                left.push(first.to_owned());
                parts.push(axis.clone());
                continue;
            }
            let factors = axis.size.factors();
            let by = match factors.is_empty() || self.choices.chance(1, 3) {
                true => self.some_size(scope),
                false => self.choices.pick(&factors),
            };
            let rest = axis
                .size
                .over(&by)
                .filter(|rest| by.is_single() && self.is_whole(scope, rest))?;
            let both = self.choices.chance(1, 4) && by.times(&rest) == axis.size;
            let swap = self.choices.chance(1, 2);
            let (one, other) = if swap { (&rest, &by) } else { (&by, &rest) };
            let known = if swap { second } else { first };
            sizes.push(format!("{known} = {}", by.text()));
            if both {
                let open = if swap { first } else { second };
                sizes.push(format!("{open} = {}", rest.text()));
            }
            left.push(format!("({first} {second})"));
            let split = [one.clone(), other.clone()];
            parts.extend(axis.divided(&split, &|a, b| self.same(a, b)));
        }
        if parts.len() > words.len() {
            return None;
        }
        let order = self.choices.order(parts.len());
        let (mut shape, mut right): (Shape, Vec<String>) = Default::default();
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let count = match self.choices.chance(1, 4) {
                true => 1 + self.choices.below(rest.len().min(3)),
                false => 1,
            };
            let (group, others) = rest.split_at(count);
            rest = others;
            let axes: Vec<Axis> = group.iter().map(|at| parts[*at].clone()).collect();
            let labels: Vec<&str> = group.iter().map(|at| words[*at]).collect();
            let bracket = count > 1 || self.choices.chance(1, 12);
            right.push(match bracket {
                true => format!("({})", labels.join(" ")),
                false => labels.join(" "),
            });
            shape.push(Axis::merged(&axes));
        }
        if self.choices.chance(1, 12) {
            right.push(String::from("()"));
            shape.push(Axis::feature(Size::number(1)));
        }
        let equation = format!("{} -> {}", left.join(" "), right.join(" "));
        let text = match sizes.is_empty() {
            true => format!("Rearrange({}, \"{equation}\")", x.name),
            false => format!(
                "Rearrange({}, \"{equation}\", \"{}\")",
                x.name,
                sizes.join(", ")
            ),
        };
        let fits = self.fits(scope, &shape, 1);
        fits.then(|| self.node(scope, text, &[&x], shape, 1))
    }
}
