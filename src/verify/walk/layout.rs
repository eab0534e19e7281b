//! Sources and layout: ops that move data and compute nothing. Each output scalar is followed to the one it copies.

use crate::ops::args::Arg;

use super::count::{Count, Store};
use super::ops::{Given, misfit};
use super::setting::Misfit;
use super::tensor::{Axis, Size, Tensor, each};

/// `Param`: its scalars are trained.
pub(crate) fn param(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let output = given.axes("shape")?;
    count.visit(&output.dims())?;
    each(&output.dims(), |_| count.weigh("tensor"));
    Ok(output)
}

/// `Constant`: its scalars are given.
pub(crate) fn constant(given: &Given<'_, '_>, _: &mut Count) -> Result<Tensor, Misfit> {
    given.axes("shape")
}

/// Follows every output scalar to the scalar of an input that it copies, if it copies one.
fn follow(
    given: &Given<'_, '_>,
    output: &Tensor,
    count: &mut Count,
    source: impl Fn(&[usize]) -> Option<(usize, Vec<usize>)>,
) -> Result<(), Misfit> {
    let mut inside = true;
    count.visit(&output.dims())?;
    each(&output.dims(), |at| {
        count.sight.output(output, at);
        if let Some((input, place)) = source(at) {
            let read = given.inputs[input];
            inside &= read.dims().iter().zip(&place).all(|(size, at)| at < size)
                && read.rank() == place.len();
            count.sight.read(read, &place);
        }
    });
    if inside {
        Ok(())
    } else {
        misfit("an output scalar copies what is outside the input")
    }
}

/// The input with one axis at another length, and where its scalars come from.
fn resized(
    given: &Given<'_, '_>,
    count: &mut Count,
    size: Size,
    source: impl Fn(usize) -> Option<usize>,
) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let along = given.axis(x, "axis")?;
    let mut output = x.clone();
    output.0[along] = x.0[along].resized(size);
    follow(given, &output, count, |at| {
        let mut place = at.to_vec();
        place[along] = source(at[along])?;
        Some((0, place))
    })?;
    Ok(output)
}

/// `Cache`: the past stands before what the input adds; with a window no more of it than the first new position sees, and
/// no more is kept than the next position could.
pub(crate) fn cache(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let axis = &x.0[given.axis(x, "axis")?];
    if !axis.is_position() {
        return misfit("a cache along what is no position");
    }
    let mut past = given.size("past")?;
    let places = past.here + axis.size.here;
    let mut window = places;
    if given.field("window").is_some() {
        let size = given.size("window")?;
        if size.here == 0 {
            return misfit("a cache that keeps nothing");
        }
        window = size.here;
        past = Size {
            here: past.here.min(size.here - 1),
            wide: past.wide.min(size.wide - 1),
        };
    }
    let kept = (0..places).filter(|place| place + window >= places).count();
    let beside: usize = x.dims().iter().product::<usize>() / axis.size.here.max(1);
    let new = places - axis.size.here..places;
    let written = new.filter(|place| place + window >= places).count();
    count.store.cached += (kept * beside) as u64;
    count.store.read += (past.here * beside) as u64;
    count.store.written += (written * beside) as u64;
    resized(given, count, past.plus(axis.size), |at| {
        at.checked_sub(past.here)
    })
}

/// `Previous`: as many positions as are kept stand before the new ones, whatever is past.
pub(crate) fn previous(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let axis = &x.0[given.axis(x, "axis")?];
    if !axis.is_position() {
        return misfit("nothing is previous along what is no position");
    }
    let before = given.size("count")?;
    let beside: usize = x.dims().iter().product::<usize>() / axis.size.here.max(1);
    if given.setting.goes_on() {
        let state = Store::state(before.here * beside, given.setting.begins());
        count.store.add(&state);
    }
    resized(given, count, before.plus(axis.size), |at| {
        at.checked_sub(before.here)
    })
}

/// `Slice`: the last elements of an axis.
pub(crate) fn slice(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let (whole, size) = (x.0[given.axis(x, "axis")?].size.here, given.size("size")?);
    let Some(left_out) = whole.checked_sub(size.here) else {
        return misfit(format!("{} elements of {whole}", size.here));
    };
    resized(given, count, size, |at| Some(at + left_out))
}

/// `Pad`: elements more along an axis.
pub(crate) fn pad(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let (whole, by) = (x.0[given.axis(x, "axis")?].size, given.size("by")?);
    resized(given, count, whole.plus(by), |at| at.checked_sub(by.here))
}

/// `Expand`: an axis repeated, or a new one before the others.
pub(crate) fn expand(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let mut output = x.clone();
    match given.map()? {
        (from, to) if from.is_empty() && to.len() == 1 => {
            output.0.insert(0, Axis::new(to[0], None));
            follow(given, &output, count, |at| Some((0, at[1..].to_vec())))?;
        }
        (from, to) if from.len() == 1 && to.len() == 1 => {
            let Some(along) = x.find(from[0]) else {
                return misfit("no such axis to expand");
            };
            let Some(each_serves) = to[0].split(from[0]) else {
                return misfit(format!("{} is no multiple of {}", to[0].here, from[0].here));
            };
            output.0[along] = x.0[along].resized(to[0]);
            follow(given, &output, count, |at| {
                let mut place = at.to_vec();
                place[along] /= each_serves.here.max(1);
                Some((0, place))
            })?;
        }
        _ => return misfit("more than one axis to expand"),
    }
    Ok(output)
}

/// `Concat`: along an axis that the first input names, each scalar is of one of the inputs.
pub(crate) fn concat(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let Some((first, others)) = given.inputs.split_first() else {
        return misfit("nothing to join");
    };
    let along = given.axis(first, "axis")?;
    let mut output = (*first).clone();
    for other in others {
        if other.rank() != output.rank() {
            return misfit("tensors of unequal rank are joined");
        }
        for (at, (axis, new)) in output.0.iter_mut().zip(&other.0).enumerate() {
            if at == along {
                let coordinate = axis.coordinate().or_else(|| new.coordinate());
                *axis = Axis::new(axis.size.plus(new.size), coordinate);
            } else if axis.size.here != new.size.here {
                return misfit(format!(
                    "{} and {} beside the axis that is joined",
                    axis.size.here, new.size.here
                ));
            } else if !axis.is_position() {
                axis.digits.clone_from(&new.digits);
            }
        }
    }
    follow(given, &output, count, |at| {
        let mut place = at.to_vec();
        for (input, tensor) in given.inputs.iter().enumerate() {
            let size = tensor.0[along].size.here;
            if place[along] < size {
                return Some((input, place));
            }
            place[along] -= size;
        }
        Some((given.inputs.len() - 1, place))
    })?;
    Ok(output)
}

/// `Gather`: rows of a table. Which row is data; that it is one row of the table and one index is not.
pub(crate) fn gather(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let [table, indices] = given.inputs else {
        return misfit("a table and indices");
    };
    let Some((rows, columns)) = table.0.split_first() else {
        return misfit("a table has rows");
    };
    let output = Tensor(indices.0.iter().chain(columns).cloned().collect());
    if rows.size.here == 0 && !output.dims().contains(&0) {
        return misfit("rows of an empty table");
    }
    follow(given, &output, count, |at| {
        Some((1, at[..indices.rank()].to_vec()))
    })?;
    Ok(output)
}

/// `Rearrange`: labels are split off the axes of the input and merged into those of the output.
pub(crate) fn rearrange(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let Some(equation) = given.equation() else {
        return misfit("no equation");
    };
    let given_sizes = match given.field("sizes") {
        Some(Arg::Sizes(sizes)) => sizes.as_slice(),
        _ => &[],
    };
    let [groups] = equation.inputs.as_slice() else {
        return misfit("one tensor is rearranged at a time");
    };
    if groups.len() != x.rank() {
        return misfit("the equation is of another number of axes");
    }
    let mut labels: Vec<(&str, Axis)> = Vec::new();
    for (group, axis) in groups.iter().zip(&x.0) {
        let mut left = axis.size;
        let mut sizes: Vec<Option<Size>> = Vec::with_capacity(group.len());
        for label in group {
            let size = given_sizes
                .iter()
                .find(|(name, _)| name == label)
                .map(|(_, size)| given.setting.size(size));
            let size = size.transpose()?;
            if let Some(size) = size {
                left = left
                    .split(size)
                    .ok_or_else(|| Misfit::new(format!("{} does not divide an axis", size.here)))?;
            }
            sizes.push(size);
        }
        let open = sizes.iter().filter(|size| size.is_none()).count();
        if open > 1 || (open == 0 && left.here != 1) {
            return misfit("the labels of a group do not make its axis");
        }
        let sizes: Vec<Size> = sizes.into_iter().map(|size| size.unwrap_or(left)).collect();
        labels.extend(group.iter().map(String::as_str).zip(axis.divided(&sizes)));
    }
    let place = |label: &String| labels.iter().position(|(name, _)| name == label);
    let order: Option<Vec<usize>> = equation.output.iter().flatten().map(place).collect();
    let Some(order) = order.filter(|order| order.len() == labels.len()) else {
        return misfit("labels differ on the two sides");
    };
    let mut at = 0;
    let output = Tensor(
        equation
            .output
            .iter()
            .map(|group| {
                let parts: Vec<Axis> = order[at..at + group.len()]
                    .iter()
                    .map(|label| labels[*label].1.clone())
                    .collect();
                at += group.len();
                Axis::merged(&parts)
            })
            .collect(),
    );
    let lengths: Vec<usize> = labels.iter().map(|(_, axis)| axis.size.here).collect();
    follow(given, &output, count, |index| {
        let values = digits(index, &equation.output, |slot| lengths[order[slot]]);
        let mut point = vec![0; labels.len()];
        for (slot, value) in values.into_iter().enumerate() {
            point[order[slot]] = value;
        }
        let mut next = 0;
        let place = groups.iter().map(|group| {
            let range = next..next + group.len();
            next = range.end;
            range.fold(0, |index, label| index * lengths[label] + point[label])
        });
        Some((0, place.collect()))
    })?;
    Ok(output)
}

/// The values of the labels of each group at an index of the merged axes.
fn digits(index: &[usize], groups: &[Vec<String>], length: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut values = Vec::new();
    for (at, group) in index.iter().zip(groups) {
        let first = values.len();
        let mut rest = *at;
        values.resize(first + group.len(), 0);
        for slot in (first..first + group.len()).rev() {
            values[slot] = rest % length(slot).max(1);
            rest /= length(slot).max(1);
        }
    }
    values
}
