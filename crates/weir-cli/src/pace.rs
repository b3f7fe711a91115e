//! At which time is a request decided? At its own, or at that time spread over a longer stretch.

use std::num::NonZeroU32;

use weir_core::time::Timestamp;

/// Spreads instants: each is `scale` times as far from the first one as it was.
pub(crate) struct Pace {
    scale: NonZeroU32,
    first: Option<Timestamp>,
}

impl Pace {
    /// A pace that has seen no instant yet.
    pub(crate) const fn new(scale: NonZeroU32) -> Self {
        Self { scale, first: None }
    }

    /// The instant at which a request of `at` is decided, or `None` outside the years 1 to 9999.
    pub(crate) fn spread(&mut self, at: Timestamp) -> Option<Timestamp> {
        let first = self.first.get_or_insert(at).as_millis();
        let away = at.as_millis().saturating_sub(first);
        let away = away.checked_mul(i64::from(self.scale.get()))?;
        Timestamp::from_millis(first.checked_add(away)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_covers_a_day_at_scale_24() {
        let mut pace = Pace::new(NonZeroU32::new(24).unwrap());
        let mut spread = |at: &str| pace.spread(at.parse().unwrap()).map(|at| at.to_string());
        assert_eq!(
            spread("2026-01-01T12:00:00Z").as_deref(),
            Some("2026-01-01T12:00:00.000Z"),
            "the first stays where it is"
        );
        assert_eq!(spread("2026-01-01T13:00:00.5Z").as_deref(), Some("2026-01-02T12:00:12.000Z"));
        assert_eq!(spread("2026-01-01T11:00:00Z").as_deref(), Some("2025-12-31T12:00:00.000Z"));
        assert_eq!(spread("9000-01-01T00:00:00Z"), None);
    }
}
