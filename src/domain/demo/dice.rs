//! Choices of the demo city, drawn from a seeded stream.

use jiff::ToSpan;

use crate::base::random::below;
use crate::base::time::Date;
use crate::crypto::derive::SeededRandom;

/// A stream of choices.
pub(super) struct Dice(SeededRandom);

impl Dice {
    pub(super) fn new(seed: &str) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// A number from `low` to `high`, both included; `low` when `high` is less.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(below(&self.0, span)).unwrap_or_default()
    }

    /// True in so many of a hundred throws.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.between(1, 100) <= chance
    }

    /// One of the list; the empty value for an empty list.
    pub(super) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let last = u32::try_from(list.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let at = self.between(0, last);
        usize::try_from(at).ok().and_then(|at| list.get(at)).copied().unwrap_or_default()
    }

    /// A day from `first` to `last`, both included; `first` when `last` is earlier.
    pub(super) fn day(&mut self, first: Date, last: Date) -> Date {
        let span = first.until(last).map_or(0, |span| span.get_days()).max(0);
        let days = self.between(0, u32::try_from(span).unwrap_or_default());
        first.saturating_add(i64::from(days).days())
    }
}

/// The same day so many years later; 28 February for a 29th that the year does not have.
pub(super) fn years_after(day: Date, years: u32) -> Date {
    day.saturating_add(i64::from(years).years())
}

/// The same day so many years earlier.
pub(super) fn years_before(day: Date, years: u32) -> Date {
    day.saturating_sub(i64::from(years).years())
}

/// So many days later.
pub(super) fn days_after(day: Date, days: u32) -> Date {
    day.saturating_add(i64::from(days).days())
}

/// So many days earlier.
pub(super) fn days_before(day: Date, days: u32) -> Date {
    day.saturating_sub(i64::from(days).days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices_within_their_bounds() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (0..200).map(|_| dice.between(3, 7)).collect::<Vec<_>>()
        };
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
        for number in 3..=7 {
            assert!(draw("a").contains(&number));
        }
        assert!(draw("a").iter().all(|number| (3..=7).contains(number)));
    }

    #[test]
    fn days_stay_within_their_span() {
        let mut dice = Dice::new("a");
        let (first, last) = (date(2024, 2, 27), date(2024, 3, 1));
        let days: std::collections::BTreeSet<_> = (0..100).map(|_| dice.day(first, last)).collect();
        assert_eq!(days.len(), 4);
        assert_eq!(dice.day(last, first), last);
        assert_eq!(years_after(date(2024, 2, 29), 1), date(2025, 2, 28));
        assert_eq!(dice.pick::<u8>(&[]), 0);
    }
}
