//! What the formulas of one call cost, all together: each step alone is bounded by a limit of [`super::limits`], and many
//! of them by [`MAX_STEPS`]. Must never know what is computed.
//!
//! The operators of [`super::Poly`] take nothing but their operands, so what is left to spend belongs to the thread, and to
//! the call that began to count on it.

use std::cell::Cell;

use super::limits::{LimitError, MAX_STEPS};

thread_local! {
    /// What may still be spent; none where nothing is counted.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Stops counting when it is dropped.
struct Counting;

impl Drop for Counting {
    fn drop(&mut self) {
        LEFT.set(None);
    }
}

/// Runs something that builds formulas, and says whether they took more than [`MAX_STEPS`]: then nothing that came of it
/// holds. Inside another such call what is left of its steps is what there is.
pub fn metered<T>(run: impl FnOnce() -> T) -> (T, Option<LimitError>) {
    let counting = LEFT.get().is_none().then(|| {
        LEFT.set(Some(MAX_STEPS));
        Counting
    });
    let value = run();
    let spent = LEFT.get() == Some(0);
    drop(counting);
    (value, spent.then_some(LimitError::Steps))
}

/// Spends steps, one for each term that is formed.
///
/// # Errors
/// When there are not as many left, now and whenever this is called again.
pub(super) fn spend(steps: usize) -> Result<(), LimitError> {
    match LEFT.get() {
        None => Ok(()),
        Some(left) if left > steps => {
            LEFT.set(Some(left - steps));
            Ok(())
        }
        Some(_) => {
            LEFT.set(Some(0));
            Err(LimitError::Steps)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sym::tests::symbols;
    use crate::sym::{Context, Poly, parse_poly};

    #[test]
    fn what_is_formed_in_many_steps_is_counted_together_and_forgotten_after() {
        let symbols = symbols();
        let mut cx = Context::new(&symbols);
        let wide = parse_poly("(T + W + C)^30", &mut cx).expect("a formula");
        let sums = || (0..MAX_STEPS).find(|_| (&wide + &wide).limit().is_some());
        let (found, limit) = metered(sums);
        assert!(found > Some(100), "{found:?}");
        assert_eq!(metered(sums), (found, limit), "each call has all steps");
        assert_eq!(limit, Some(LimitError::Steps));
        assert_eq!((&wide + &wide).limit(), None);
        let (inner, outer) = metered(|| {
            let inner = metered(sums);
            (inner, (&wide * &wide).limit())
        });
        assert_eq!(inner.1, Some(LimitError::Steps));
        assert_eq!(
            (inner.0.1, outer),
            (Some(LimitError::Steps), Some(LimitError::Steps))
        );
        assert_eq!(metered(Poly::one), (Poly::one(), None));
    }
}
