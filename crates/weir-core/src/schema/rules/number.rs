//! What must a number be? Within limits, a whole one, a multiple, one of some; always exact.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::super::check::{Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::scratch::Detail;
use super::choice::Choice;
use crate::amount::{NumberError, Precision, Quantity};
use crate::json::{Found, Kind, Number};
use crate::time::Timestamp;

/// What a number must be.
///
/// # Units
///
/// Limits are quantities: whole JSON numbers, or decimals in a string such as `"0.5"`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberRule {
    /// The least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Quantity>,
    /// The greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Quantity>,
    /// What it must be more than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Quantity>,
    /// What it must be less than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Quantity>,
    /// What it must be a whole multiple of; more than zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Quantity>,
    /// The only number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Quantity>,
    /// The only numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Quantity>,
    /// What happens to fraction digits after the ninth: `exact` refuses them, `nearest` rounds.
    #[serde(with = "PrecisionText")]
    pub precision: Precision,
}

impl Default for NumberRule {
    fn default() -> Self {
        Self {
            min: None,
            max: None,
            above: None,
            below: None,
            step: None,
            equals: None,
            one_of: Vec::new(),
            precision: Precision::Exact,
        }
    }
}

/// How a [`Precision`] is written.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Precision", rename_all = "snake_case")]
enum PrecisionText {
    Exact,
    Nearest,
}

#[derive(Debug)]
pub(in super::super) struct NumberNode {
    meaning: Meaning,
    precision: Precision,
    /// In the order min, max, above, below.
    limits: Box<[(RuleCode, Quantity)]>,
    step: Option<Quantity>,
    choice: Option<Choice<Quantity>>,
    /// Short numbers within the limits.
    within: SureNumber,
    /// Which numbers of one digit surely break no rule: a bit each, that of 0 the lowest.
    pub(in super::super) digits: u16,
}

/// Numbers that surely break no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct SureNumber {
    meaning: Meaning,
    low: Quantity,
    high: Quantity,
}

impl SureNumber {
    /// Those within some limits; a bound that is excluded excludes no other number, since there is
    /// none between two that follow each other.
    fn of(meaning: Meaning, limits: &[(RuleCode, Quantity)]) -> Self {
        let (low, high) = match meaning {
            Meaning::EpochMs => (*EPOCH_MS.start(), *EPOCH_MS.end()),
            Meaning::Amount | Meaning::Whole => {
                (Quantity::from_nanos(i128::MIN), Quantity::from_nanos(i128::MAX))
            }
        };
        let all = Self { meaning, low, high };
        limits.iter().fold(all, |Self { low, high, .. }, (code, limit)| {
            let next = |by: i128| Quantity::from_nanos(limit.as_nanos().saturating_add(by));
            let (low, high) = match code {
                RuleCode::Above => (low.max(next(1)), high),
                RuleCode::Below => (low, high.min(next(-1))),
                RuleCode::Max => (low, high.min(*limit)),
                _ => (low.max(*limit), high),
            };
            Self { meaning, low, high }
        })
    }

    /// Those that are also of the other ones, if both mean the same.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (self.meaning == other.meaning).then_some(Self { low, high, ..self })
    }

    /// The number, if it is one of these.
    #[inline]
    pub(super) fn admits(self, sent: Number<'_>) -> Option<Quantity> {
        let number = match self.meaning {
            Meaning::Whole => sent.digits()?,
            Meaning::Amount | Meaning::EpochMs => sent.short()?,
        };
        self.holds(number).then_some(number)
    }

    #[inline(always)]
    fn holds(self, number: Quantity) -> bool {
        self.low <= number && number <= self.high
    }
}

/// What a number stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Meaning {
    Amount,
    EpochMs,
    Whole,
}

impl NumberNode {
    /// A number of milliseconds since 1970, with or without a fraction, that a [`Timestamp`] holds.
    pub(super) fn epoch_ms() -> Self {
        let (meaning, precision, limits) = (Meaning::EpochMs, Precision::Nearest, Box::default());
        let within = SureNumber::of(meaning, &limits);
        Self { meaning, precision, limits, step: None, choice: None, within, digits: 0 }
            .with_digits()
    }

    /// Knows its numbers of one digit.
    fn with_digits(self) -> Self {
        let admitted = (0..10_u8).filter(|digit| {
            let number = Quantity::from_units(i64::from(*digit));
            self.within.holds(number) && self.is_among(number)
        });
        let digits = admitted.fold(0, |digits, digit| digits | 1 << digit);
        Self { digits, ..self }
    }

    /// What to call it, in a message.
    pub(super) const fn noun(&self) -> &'static str {
        match self.meaning {
            Meaning::Amount => Kind::Number.name(),
            Meaning::EpochMs => "instant in milliseconds since 1970",
            Meaning::Whole => "integer",
        }
    }

    /// Which numbers surely break no rule, if limits are all that there is.
    pub(super) const fn sure(&self) -> Option<SureNumber> {
        match (self.step, &self.choice) {
            (None, None) => Some(self.within),
            _ => None,
        }
    }

    /// The number, if it surely breaks no rule.
    pub(super) fn surely_admits(&self, sent: Number<'_>) -> Option<Quantity> {
        self.within.admits(sent).filter(|number| self.is_among(*number))
    }

    /// Whether a number breaks neither the rule of steps nor that of the only ones.
    #[inline(always)]
    fn is_among(&self, number: Quantity) -> bool {
        let chosen = |choice: &Choice<_>| choice.broken_by(|option| *option == number).is_none();
        self.step.is_none_or(|step| is_multiple(number, step))
            && self.choice.as_ref().is_none_or(chosen)
    }

    /// The rule of its meaning that a number breaks.
    fn meant(&self, number: Quantity) -> Option<RuleCode> {
        match self.meaning {
            Meaning::Amount => None,
            Meaning::EpochMs => (!EPOCH_MS.contains(&number)).then_some(RuleCode::Format),
            Meaning::Whole => (!is_multiple(number, ONE)).then_some(RuleCode::Integer),
        }
    }
}

impl Compiler {
    pub(in super::super) fn integer(&mut self, place: &Place, rule: &NumberRule) -> NumberNode {
        if rule.precision == Precision::Nearest {
            let hint = "a whole number is always read exactly";
            self.fault(format!("{place}/precision"), "schema.precision_unused", hint);
        }
        self.numeric(place, rule, Meaning::Whole)
    }

    pub(in super::super) fn number(&mut self, place: &Place, rule: &NumberRule) -> NumberNode {
        self.numeric(place, rule, Meaning::Amount)
    }

    fn numeric(&mut self, place: &Place, rule: &NumberRule, meaning: Meaning) -> NumberNode {
        let NumberRule { min, max, above, below, step, equals, one_of, precision } = rule;
        for (key, low, high, none) in [
            ("max", min, max, max < min),
            ("below", above, below, below <= above),
            ("below", min, below, below <= min),
            ("max", above, max, max <= above),
        ] {
            if low.is_some() && high.is_some() && none {
                let hint = "no number is within these limits";
                self.fault(format!("{place}/{key}"), "schema.empty_range", hint);
            }
        }
        if step.is_some_and(|step| step <= Quantity::ZERO) {
            let hint = "a step is more than zero";
            self.fault(format!("{place}/step"), "schema.step", hint);
        }
        let limits = [
            (RuleCode::Min, *min),
            (RuleCode::Max, *max),
            (RuleCode::Above, *above),
            (RuleCode::Below, *below),
        ];
        let limits = limits.into_iter().filter_map(|(code, limit)| Some((code, limit?)));
        let read = |number: &Quantity| *number;
        let choice = self.choice(place, (equals.as_ref(), one_of), (read, Quantity::to_string));
        let limits: Box<[_]> = limits.collect();
        let within = SureNumber::of(meaning, &limits);
        let (precision, step) = (*precision, *step);
        NumberNode { meaning, precision, limits, step, choice, within, digits: 0 }.with_digits()
    }
}

impl Checker<'_, '_> {
    /// Checks a number; answers its value, if it has one that can be kept.
    #[inline]
    pub(in super::super) fn number(
        &mut self,
        node: &NumberNode,
        found: Found,
        value: &mut Option<Quantity>,
    ) -> Flow {
        let noun = Detail::Noun(node.noun());
        let Some(sent) = found.number(self.text) else { return Flow::Continue(()) };
        if let Some(number) = node.surely_admits(sent) {
            *value = Some(number);
            return Flow::Continue(());
        }
        let digits = if node.meaning == Meaning::Whole { sent.digits() } else { None };
        let read = digits.map_or_else(|| sent.quantity(node.precision), Ok);
        let number = match read {
            Ok(number) => number,
            Err(NumberError::Inexact) if node.meaning == Meaning::Whole => {
                return self.report(RuleCode::Integer, found, noun);
            }
            Err(NumberError::Inexact) => return self.report(RuleCode::Inexact, found, noun),
            Err(NumberError::Syntax | NumberError::TooLarge) => {
                return self.report(RuleCode::TooLarge, found, noun);
            }
        };
        *value = Some(number);
        if digits.is_none()
            && let Some(code) = node.meant(number)
        {
            self.report(code, found, noun)?;
        }
        for (code, limit) in &node.limits {
            if !holds((*code, *limit), number) {
                self.report(*code, found, Detail::Number(*limit))?;
            }
        }
        if let Some(step) = node.step.filter(|step| !is_multiple(number, *step)) {
            self.report(RuleCode::Step, found, Detail::Number(step))?;
        }
        let Some(choice) = &node.choice else { return Flow::Continue(()) };
        match choice.broken_by(|option| *option == number) {
            Some(code) => self.report(code, found, choice.detail()),
            None => Flow::Continue(()),
        }
    }
}

/// Whether a number is within a limit.
fn holds((code, limit): (RuleCode, Quantity), number: Quantity) -> bool {
    match code {
        RuleCode::Above => number > limit,
        RuleCode::Below => number < limit,
        RuleCode::Max => number <= limit,
        _ => number >= limit,
    }
}

/// Whether a number is a whole multiple of a step, which is more than zero.
fn is_multiple(number: Quantity, step: Quantity) -> bool {
    number.as_nanos().checked_rem(step.as_nanos()) == Some(0)
}

const ONE: Quantity = Quantity::from_units(1);

/// The instants that there are.
const EPOCH_MS: RangeInclusive<Quantity> = Quantity::from_units(Timestamp::MIN.as_millis())
    ..=Quantity::from_units(Timestamp::MAX.as_millis());
