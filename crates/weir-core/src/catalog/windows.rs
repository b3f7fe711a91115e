//! When does a limit count anew? What an operator writes of it, and what is wrong with that.

use alloc::format;

use serde::{Deserialize, Serialize};

use super::compile::Compiler;
use crate::amount::Quantity;
use crate::time::{Span, Stride, Timestamp};
use crate::window::zone::{ZoneId, ZoneName};
use crate::window::{Continuous, Cycle, MonthRule, Rolling, Unit, Weekday, Window};

/// When a limit counts anew.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum WindowDefinition {
    /// Periods of equal length.
    Anchored {
        /// Where one starts; absent for each scope's own anchor.
        #[serde(default)]
        anchor: Option<Timestamp>,
        /// What happens to a day that a month does not have; `clamp` when absent.
        #[serde(default)]
        month_rule: MonthRule,
        /// How long each is.
        span: Stride,
        /// Whose clocks show the months and days of the span; UTC when absent.
        #[serde(default)]
        zone: Option<ZoneName>,
    },
    /// Civil periods.
    Calendar {
        /// How many units make a period; one when absent.
        #[serde(default = "one")]
        count: u16,
        /// What is counted.
        unit: Unit,
        /// With which day a week starts; `monday` when absent.
        #[serde(default)]
        week_starts: Option<Weekday>,
        /// Whose clocks show them; UTC when absent.
        #[serde(default)]
        zone: Option<ZoneName>,
    },
    /// Bit by bit: what was taken comes back evenly, and the capacity is what may be out at once.
    Continuous {
        /// In which time so much comes back.
        per: Span,
        /// How much comes back in it.
        rate: Quantity,
    },
    /// Civil periods from an instant on.
    Cycle(CycleDefinition),
    /// From the first counted request.
    FirstUse {
        /// How long.
        span: Stride,
        /// Whose clocks show the months and days of the span; UTC when absent.
        #[serde(default)]
        zone: Option<ZoneName>,
    },
    /// As holds end: what is held counts, and nothing else.
    InFlight,
    /// Never.
    Lifetime,
    /// Never, and nothing counts before and after.
    Once {
        /// The first instant that counts.
        from: Timestamp,
        /// The first one after it that does not.
        until: Timestamp,
    },
    /// With each request: what one asks for is compared by itself, and nothing is taken.
    PerRequest,
    /// Step by step: what lies further back than the span counts no more.
    Rolling {
        /// In how many steps it slides over its span; 60 when absent.
        #[serde(default = "sixty")]
        buckets: u16,
        /// How far back it reaches.
        span: Span,
    },
}

impl WindowDefinition {
    /// The zone that is named.
    #[must_use]
    pub const fn zone(&self) -> Option<&ZoneName> {
        match self {
            Self::Anchored { zone, .. }
            | Self::Calendar { zone, .. }
            | Self::Cycle(CycleDefinition { zone, .. })
            | Self::FirstUse { zone, .. } => zone.as_ref(),
            Self::Continuous { .. }
            | Self::InFlight
            | Self::Lifetime
            | Self::Once { .. }
            | Self::PerRequest
            | Self::Rolling { .. } => None,
        }
    }

    /// Where its periods start, if that is not each scope's own affair.
    pub(super) const fn anchor(&self) -> Option<Timestamp> {
        match self {
            Self::Anchored { anchor, .. } => *anchor,
            Self::Cycle(cycle) => cycle.from,
            _ => None,
        }
    }
}

/// Civil periods from an instant on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CycleDefinition {
    /// Where in its unit a period starts: second of the minute, minute of the hour, hour of the
    /// day, day of the week from 1 for Monday, day of the month; absent for where the cycle begins.
    #[serde(default)]
    pub at: Option<u8>,
    /// How many units make a period; one when absent.
    #[serde(default = "one")]
    pub count: u16,
    /// When the cycle begins; absent for each scope's own anchor.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// What happens to a day that a month does not have; `clamp` when absent.
    #[serde(default)]
    pub month_rule: MonthRule,
    /// A period of its own before the others; absent for none.
    #[serde(default)]
    pub trial: Option<Span>,
    /// What is counted.
    pub unit: Unit,
    /// Where it ends; absent for never.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Whose clocks count; UTC when absent.
    #[serde(default)]
    pub zone: Option<ZoneName>,
}

impl Compiler<'_> {
    pub(super) fn window(&mut self, at: &str, definition: &WindowDefinition) -> Window {
        match definition {
            WindowDefinition::Anchored { month_rule, span, zone, .. } => {
                let at = format!("{at}/window/anchored");
                self.month_rule(&at, *span, *month_rule);
                self.span(&at, *span, zone.as_ref());
                let zone = self.zone(&at, zone.as_ref());
                Window::Anchored { span: *span, month_rule: *month_rule, zone }
            }
            WindowDefinition::Calendar { count, unit, week_starts, zone } => {
                let at = format!("{at}/window/calendar");
                self.count(&at, *unit, *count);
                if week_starts.is_some() && *unit != Unit::Week {
                    let hint = "only weeks start with a day";
                    self.fault(format!("{at}/week_starts"), "catalog.week_starts_unused", hint);
                }
                let week_starts = week_starts.unwrap_or_default();
                let zone = self.zone(&at, zone.as_ref());
                Window::Calendar { unit: *unit, count: *count, week_starts, zone }
            }
            WindowDefinition::Continuous { per, rate } => self.continuous(
                &format!("{at}/window/continuous"),
                Continuous { rate: *rate, per: *per },
            ),
            WindowDefinition::Cycle(cycle) => self.cycle(&format!("{at}/window/cycle"), cycle),
            WindowDefinition::FirstUse { span, zone } => {
                let at = format!("{at}/window/first_use");
                self.span(&at, *span, zone.as_ref());
                Window::FirstUse { span: *span, zone: self.zone(&at, zone.as_ref()) }
            }
            WindowDefinition::InFlight => Window::InFlight,
            WindowDefinition::PerRequest => Window::PerRequest,
            WindowDefinition::Lifetime => Window::Lifetime,
            WindowDefinition::Once { from, until } => {
                self.not_empty(&format!("{at}/window/once"), (Some(*from), Some(*until)));
                Window::Once { from: *from, until: *until }
            }
            WindowDefinition::Rolling { buckets, span } => self.rolling(
                &format!("{at}/window/rolling"),
                Rolling { span: *span, buckets: *buckets },
            ),
        }
    }

    fn cycle(&mut self, at: &str, definition: &CycleDefinition) -> Window {
        let CycleDefinition { count, from, month_rule, trial, unit, until, zone, .. } = definition;
        let least = if matches!(unit, Unit::Week | Unit::Month | Unit::Year) { 1 } else { 0 };
        let most = match unit {
            Unit::Minute | Unit::Hour => 59,
            Unit::Day => 23,
            Unit::Week => 7,
            Unit::Month | Unit::Year => 31,
        };
        if definition.at.is_some_and(|at| at < least || most < at) {
            let hint = format!("from {least} to {most} for this unit");
            self.fault(format!("{at}/at"), "catalog.cycle_at", hint);
        }
        self.count(at, *unit, *count);
        if *month_rule != MonthRule::Clamp && !matches!(unit, Unit::Month | Unit::Year) {
            self.fault(format!("{at}/month_rule"), "catalog.month_rule_unused", UNUSED);
        }
        if *trial == Some(Span::ZERO) {
            self.fault(format!("{at}/trial"), "catalog.zero_span", LONGER);
        }
        self.not_empty(at, (*from, *until));
        let zone = self.zone(at, zone.as_ref());
        Window::Cycle(Cycle {
            unit: *unit,
            count: *count,
            at: definition.at,
            month_rule: *month_rule,
            trial: *trial,
            until: *until,
            zone,
        })
    }

    fn count(&mut self, at: &str, unit: Unit, count: u16) {
        // Minutes stay within an hour and hours within a day, where they start anew.
        let most = match unit {
            Unit::Minute => 60,
            Unit::Hour => 24,
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => 1_000,
        };
        if count == 0 || count > most {
            let hint = format!("from 1 to {most} of this unit");
            self.fault(format!("{at}/count"), "catalog.calendar_count", hint);
        }
    }

    fn month_rule(&mut self, at: &str, span: Stride, rule: MonthRule) {
        let at = format!("{at}/month_rule");
        let months_only = span.days == 0 && span.elapsed == Span::ZERO;
        match rule {
            MonthRule::Clamp => {}
            _ if span.months == 0 => self.fault(at, "catalog.month_rule_unused", UNUSED),
            MonthRule::OverflowStepwise if !months_only => {
                let hint = "only whole months go on from the boundary before";
                self.fault(at, "catalog.stepwise_span", hint);
            }
            MonthRule::Overflow | MonthRule::OverflowStepwise => {}
        }
    }

    fn span(&mut self, at: &str, span: Stride, zone: Option<&ZoneName>) {
        if span == Stride::ZERO {
            self.fault(format!("{at}/span"), "catalog.zero_span", LONGER);
        } else if zone.is_some() && !span.is_civil() {
            let hint = "hours pass alike in all zones; a span of days or months needs one";
            self.fault(format!("{at}/zone"), "catalog.zone_unused", hint);
        }
    }

    fn not_empty(&mut self, at: &str, (from, until): (Option<Timestamp>, Option<Timestamp>)) {
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            let hint = "must come after the beginning";
            self.fault(format!("{at}/until"), "catalog.empty_window", hint);
        }
    }

    fn zone(&mut self, at: &str, name: Option<&ZoneName>) -> Option<ZoneId> {
        let name = name?;
        let known = self.zones.find(name);
        if known.is_none() {
            let hint = format!("no time zone is called `{name}` here");
            self.fault(format!("{at}/zone"), "catalog.unknown_zone", hint);
        }
        known
    }
}

const fn one() -> u16 {
    1
}

const fn sixty() -> u16 {
    60
}

pub(super) const LONGER: &str = "a period is longer than nothing";
const UNUSED: &str = "only months lack a day";
