//! Which rule was broken? A stable code each, and what is said of it.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The rule that a value breaks.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleCode {
    /// The number is not more than the limit.
    Above,
    /// None of a group of fields is there.
    AtLeastOneOf,
    /// The number is not less than the limit.
    Below,
    /// The value is not the only one allowed.
    Equals,
    /// None of a group of fields is there, or several.
    ExactlyOneOf,
    /// The text is not of the wanted grammar, or the number is no instant.
    Format,
    /// More than nine fraction digits where the number must be exact.
    Inexact,
    /// The number is not whole.
    Integer,
    /// The key of a map breaks the rule of its keys.
    Key,
    /// The number is more than the greatest.
    Max,
    /// The number is less than the least.
    Min,
    /// The value is none of those allowed.
    OneOf,
    /// The field is not there, or `null` or blank where that means the same.
    Required,
    /// The object has more bytes than it may.
    Size,
    /// The number is no whole multiple of the step.
    Step,
    /// Fewer items or members than needed.
    TooFew,
    /// The number does not fit a quantity.
    TooLarge,
    /// The text has too many characters.
    TooLong,
    /// More items or members than allowed.
    TooMany,
    /// The text has too few characters.
    TooShort,
    /// The value is of another type.
    Type,
    /// The key is not known.
    Unknown,
}

impl RuleCode {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Above => "schema.above",
            Self::AtLeastOneOf => "schema.at_least_one_of",
            Self::Below => "schema.below",
            Self::Equals => "schema.equals",
            Self::ExactlyOneOf => "schema.exactly_one_of",
            Self::Format => "schema.format",
            Self::Inexact => "schema.inexact",
            Self::Integer => "schema.integer",
            Self::Key => "schema.key",
            Self::Max => "schema.max",
            Self::Min => "schema.min",
            Self::OneOf => "schema.one_of",
            Self::Required => "schema.required",
            Self::Size => "schema.size",
            Self::Step => "schema.step",
            Self::TooFew => "schema.too_few",
            Self::TooLarge => "schema.too_large",
            Self::TooLong => "schema.too_long",
            Self::TooMany => "schema.too_many",
            Self::TooShort => "schema.too_short",
            Self::Type => "schema.type",
            Self::Unknown => "schema.unknown",
        }
    }

    /// What is said where a schema has no template of its own.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Above => "{place} must be above {expected}",
            Self::AtLeastOneOf => "{place} needs at least one of {expected}",
            Self::Below => "{place} must be below {expected}",
            Self::Equals => "{place} must be {expected}",
            Self::ExactlyOneOf => "{place} needs exactly one of {expected}",
            Self::Format => "{place} must be {an_expected}",
            Self::Inexact => "{place} must have at most nine fraction digits",
            Self::Integer => "{place} must be a whole number",
            Self::Key => "{place} has a key that is not allowed there",
            Self::Max => "{place} must be at most {expected}",
            Self::Min => "{place} must be at least {expected}",
            Self::OneOf => "{place} must be one of {expected}",
            Self::Required => "{place} is required",
            Self::Size => "{place} must have at most {expected} bytes",
            Self::Step => "{place} must be a multiple of {expected}",
            Self::TooFew => "{place} must have at least {expected} entries",
            Self::TooLarge => "{place} is too large a number",
            Self::TooLong => "{place} must have at most {expected} characters",
            Self::TooMany => "{place} must have at most {expected} entries",
            Self::TooShort => "{place} must have at least {expected} characters",
            Self::Type => "{place} must be {an_expected}, not {received}",
            Self::Unknown => "{place} is not known",
        }
    }
}

impl fmt::Display for RuleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
