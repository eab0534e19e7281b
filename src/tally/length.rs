//! How long dots are, under a mask, in all steps of a stage and in rounds of different sizes.

use super::Tally;
use crate::mask::{MaskCounting, Pairs};
use crate::sym::{AlgebraError, Context, Poly, Subst, Sym};
use crate::work::{Contraction, Counted, Length, MaskedAxes};

impl Tally<'_, '_> {
    /// How long the dots of a contraction are, in all steps.
    pub(super) fn length(
        &mut self,
        contraction: &Contraction,
        counted: &Counted,
    ) -> Result<Length, AlgebraError> {
        let (min, max, mean) = match &counted.length {
            Length::Fixed(length) => {
                let length = self.put(length)?;
                (length.clone(), length.clone(), length)
            }
            Length::Varies { min, max, mean } => {
                let mean = mean.as_ref().unwrap_or(max);
                (self.put(min)?, self.put(max)?, self.put(mean)?)
            }
        };
        let Some((step, count)) = &self.stage.steps else {
            return Ok(if min == max {
                Length::Fixed(max)
            } else {
                Length::Varies {
                    min,
                    max,
                    mean: Some(mean),
                }
            });
        };
        if !min.mentions(*step) && min == max {
            return Ok(Length::Fixed(max));
        }
        let (step, count) = (*step, count.clone());
        let total = self.over_steps(mean)?;
        // Of no steps there is no mean.
        let mean = match self.cx.proves_positive(&count) {
            true => Some(self.cx.divide_freely(&total, &count)?),
            false => None,
        };
        if let Some(pairs) = self.pairs_of_steps(contraction, step, &count)? {
            let scaled = |keys: &Poly| &contraction.summed * keys;
            let (min, max) = (
                self.put(&scaled(&pairs.min))?,
                self.put(&scaled(&pairs.max))?,
            );
            return Ok(Length::Varies { min, max, mean });
        }
        Ok(Length::Varies {
            min: self.at_step(&min, step, &Poly::one())?,
            max: self.at_step(&max, step, &count)?,
            mean,
        })
    }

    /// The lengths of dots in all rounds: the shortest and the longest stand in the first round or the last.
    pub(super) fn length_in_rounds(
        &mut self,
        length: Length,
        dots: &Poly,
        macs: &Poly,
    ) -> Result<Length, AlgebraError> {
        let (mut min, mut max) = match length {
            Length::Fixed(length) => (length.clone(), length),
            Length::Varies { min, max, .. } => (min, max),
        };
        for one in self.rounds.clone().iter().rev() {
            let (first, last) = (Poly::one(), &one.count);
            let ends = |length: &Poly, cx: &mut Context<'_>| {
                let at = [&first, last]
                    .map(|at| cx.substitute(length, &Subst::from_iter([(one.number, at.clone())])));
                let [first, last] = at;
                Ok::<[Poly; 2], AlgebraError>([first?, last?])
            };
            min = ends(&min, &mut self.cx).and_then(|ends| self.cx.least(&ends))?;
            max = ends(&max, &mut self.cx).and_then(|ends| self.cx.greatest(&ends))?;
        }
        // Where there may be no dots there is no mean.
        let mean = match self.cx.proves_positive(dots) {
            true => self.cx.divide_freely(macs, dots).ok(),
            false => None,
        };
        Ok(Length::Varies { min, max, mean })
    }

    /// The pairs that are counted of two axes: scores and what is mixed by them have the same.
    pub(super) fn pairs(&mut self, axes: &MaskedAxes) -> Result<Pairs, AlgebraError> {
        if let Some(known) = self.known_pairs.get(axes) {
            return Ok(known.clone());
        }
        let masks = self.profile.masks;
        let pairs = axes
            .mask
            .pairs(&axes.queries, &axes.keys, masks, &mut self.cx)?;
        self.known_pairs.insert(axes.clone(), pairs.clone());
        Ok(pairs)
    }

    /// The pairs of steps of one query each, under a mask: those of all their queries at once, after what was past before
    /// the first. A profile that counts masked pairs counts at each step the keys that are there by then.
    fn pairs_of_steps(
        &mut self,
        contraction: &Contraction,
        step: Sym,
        count: &Poly,
    ) -> Result<Option<Pairs>, AlgebraError> {
        let Some(pair) = &contraction.pair else {
            return Ok(None);
        };
        let (queries, keys) = (self.put(&pair.axes.queries)?, self.put(&pair.axes.keys)?);
        let (at_last, masks) = (self.at_step(&keys, step, count)?, self.profile.masks);
        let grows_by_one = &keys - &Poly::symbol(step) == &at_last - count;
        if masks != MaskCounting::Exact || !queries.is_one() || !grows_by_one {
            return Ok(None);
        }
        let size = |size: &Poly| self.cx.substitute(size, &self.stage.puts);
        let mask = pair.axes.mask.resized(size)?.stepwise();
        mask.pairs(count, &at_last, masks, &mut self.cx).map(Some)
    }
}
