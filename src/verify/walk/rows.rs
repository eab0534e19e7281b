//! Elementwise ops and those that go along one axis: each row is computed element by element and counts itself.

use super::arithmetic::Calc;
use super::count::Count;
use super::labels::{Labels, picked};
use super::ops::{Given, misfit};
use super::setting::Misfit;
use super::tensor::{Axis, Tensor, each};

/// `Map`: a function at each element of the output.
pub(crate) fn map(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let word = given.word("function")?;
    let output = match given.equation() {
        Some(equation) => {
            let labels = Labels::bind(equation, given.inputs)?;
            let places = labels.places(&equation.output)?;
            let output = labels.tensor(&places);
            let mut point = vec![0; labels.len()];
            let sides = labels.sides(equation)?;
            count.visit(&output.dims())?;
            each(&output.dims(), |at| {
                for (place, value) in places.iter().zip(at) {
                    point[*place] = *value;
                }
                count.sight.output(&output, at);
                sides
                    .iter()
                    .for_each(|(read, places)| count.sight.read(read, &picked(&point, places)));
            });
            output
        }
        None => {
            let Some((first, others)) = given.inputs.split_first() else {
                return misfit("a map of nothing");
            };
            let mut output = (*first).clone();
            for other in others {
                if other.dims() != output.dims() {
                    return misfit(format!(
                        "`{word}` of {:?} and {:?}",
                        output.dims(),
                        other.dims()
                    ));
                }
                for (axis, new) in output
                    .0
                    .iter_mut()
                    .zip(&other.0)
                    .filter(|(axis, _)| !axis.is_position())
                {
                    axis.digits.clone_from(&new.digits);
                }
            }
            count.visit(&output.dims())?;
            each(&output.dims(), |at| {
                count.sight.output(&output, at);
                given
                    .inputs
                    .iter()
                    .for_each(|input| count.sight.read(input, at));
            });
            output
        }
    };
    let mut known = true;
    each(&output.dims(), |_| {
        known &= Calc(count).function(word).is_some()
    });
    if known {
        Ok(output)
    } else {
        misfit(format!("the oracle does not know `{word}`"))
    }
}

/// Turns to each element of the output, which reads the whole row of the input that goes through it.
fn look_along(x: &Tensor, output: &Tensor, along: usize, count: &mut Count) -> Result<(), Misfit> {
    count.visit(output.dims().iter().chain([&x.0[along].size.here]))?;
    each(&output.dims(), |at| {
        count.sight.output(output, at);
        for element in 0..x.0[along].size.here {
            let mut place = at.to_vec();
            if output.rank() == x.rank() {
                place[along] = element;
            } else {
                place.insert(along, element);
            }
            count.sight.read(x, &place);
        }
    });
    Ok(())
}

/// Computes each row along an axis.
fn each_row(x: &Tensor, along: usize, mut row: impl FnMut(&[f64])) {
    let mut others = x.dims();
    others.remove(along);
    let elements = vec![1.0; x.0[along].size.here];
    if !elements.is_empty() {
        each(&others, |_| row(&elements));
    }
}

/// The sum of a row, from its first element on.
fn sum(calc: &mut Calc<'_>, row: &[f64]) -> f64 {
    row[1..]
        .iter()
        .fold(row[0], |sum, element| calc.add(sum, *element))
}

/// `Softmax`: the greatest element is found and subtracted, exponentials are summed and divided.
pub(crate) fn softmax(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let along = given.axis(x, "axis")?;
    look_along(x, x, along, count)?;
    each_row(x, along, |row| {
        let mut calc = Calc(count);
        let top = row[1..]
            .iter()
            .fold(row[0], |top, element| calc.max(top, *element));
        let powers: Vec<f64> = row
            .iter()
            .map(|element| {
                let below = calc.add(*element, -top);
                calc.exp(below)
            })
            .collect();
        let whole = sum(&mut calc, &powers);
        powers.iter().for_each(|power| {
            calc.div(*power, whole);
        });
    });
    Ok(x.clone())
}

/// `TopK`: the largest of what is left, as often as elements are wanted.
pub(crate) fn topk(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let along = given.axis(x, "axis")?;
    let size = given.size("size")?;
    if size.here > x.0[along].size.here {
        return misfit("more elements than there are");
    }
    look_along(x, x, along, count)?;
    each_row(x, along, |row| {
        let mut left = row.to_vec();
        for _ in 0..size.here {
            let mut calc = Calc(count);
            let top = left[1..]
                .iter()
                .fold(left[0], |top, element| calc.max(top, *element));
            let at = left.iter().position(|element| *element == top);
            left.remove(at.expect("the largest is among them"));
        }
    });
    let mut output = x.clone();
    output.0[along] = x.0[along].resized(size);
    Ok(output)
}

/// `Norm`: mean where the norm is centred, mean square, root, quotients, gains, biases.
pub(crate) fn norm(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let along = given.axis(x, "axis")?;
    let (gain, bias) = (given.flag("gain", true), given.flag("bias", false));
    let centred = match given.word("kind")? {
        "layer" => true,
        "rms" => false,
        "batch" => return batch_norm(x, along, (gain, bias), count),
        other => return misfit(format!("the oracle does not know the norm `{other}`")),
    };
    look_along(x, x, along, count)?;
    each_row(x, along, |row| {
        let mut calc = Calc(count);
        let size = row.len() as f64;
        let mut row = row.to_vec();
        if centred {
            let whole = sum(&mut calc, &row);
            let mean = calc.div(whole, size);
            row.iter_mut()
                .for_each(|element| *element = calc.add(*element, -mean));
        }
        let squares: Vec<f64> = row
            .iter()
            .map(|element| calc.mul(*element, *element))
            .collect();
        let whole = sum(&mut calc, &squares);
        let mean = calc.div(whole, size);
        let safe = calc.add(mean, 1e-5);
        let root = calc.sqrt(safe);
        for element in row {
            let mut element = calc.div(element, root);
            if gain {
                element = calc.mul(element, 1.0);
            }
            if bias {
                calc.add(element, 0.0);
            }
        }
    });
    weigh_channels(x, along, (gain, bias), count);
    Ok(x.clone())
}

/// `Norm` with what is stored for each channel: a root a channel, and each element by itself.
fn batch_norm(
    x: &Tensor,
    channels: usize,
    (gain, bias): (bool, bool),
    count: &mut Count,
) -> Result<Tensor, Misfit> {
    let mut roots = Vec::new();
    for channel in 0..x.0[channels].size.here {
        let mut calc = Calc(count);
        let safe = calc.add(channel as f64, 1e-5);
        roots.push(calc.sqrt(safe));
    }
    count.visit(&x.dims())?;
    each(&x.dims(), |at| {
        count.sight.output(x, at);
        count.sight.read(x, at);
        let mut calc = Calc(count);
        let centred = calc.add(1.0, -0.5);
        let mut element = calc.div(centred, roots[at[channels]]);
        if gain {
            element = calc.mul(element, 1.0);
        }
        if bias {
            calc.add(element, 0.0);
        }
    });
    weigh_channels(x, channels, (gain, bias), count);
    Ok(x.clone())
}

/// The gains and biases of a norm, one of each for an element of the axis.
fn weigh_channels(x: &Tensor, along: usize, (gain, bias): (bool, bool), count: &mut Count) {
    for (has, tensor) in [(gain, "gain"), (bias, "bias")] {
        if has {
            each(&[x.0[along].size.here], |_| count.weigh(tensor));
        }
    }
}

/// `Reduce`: each row becomes one number.
pub(crate) fn reduce(given: &Given<'_, '_>, count: &mut Count) -> Result<Tensor, Misfit> {
    let x = given.input()?;
    let along = given.axis(x, "axis")?;
    let how = given.word("how")?;
    if !["sum", "mean", "max"].contains(&how) {
        return misfit(format!("the oracle does not know how to `{how}`"));
    }
    let axes: Vec<Axis> =
        x.0.iter()
            .enumerate()
            .filter(|(at, _)| *at != along)
            .map(|(_, axis)| axis.clone())
            .collect();
    let output = Tensor(axes);
    look_along(x, &output, along, count)?;
    each_row(x, along, |row| {
        let mut calc = Calc(count);
        if how == "max" {
            row[1..]
                .iter()
                .fold(row[0], |top, element| calc.max(top, *element));
            return;
        }
        let whole = sum(&mut calc, row);
        if how == "mean" {
            calc.div(whole, row.len() as f64);
        }
    });
    Ok(output)
}
