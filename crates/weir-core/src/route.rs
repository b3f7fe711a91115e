//! Does a meter count this event, and at what value? Paths into what was sent, filters, and numbers.
//!
//! An event is of a kind and has properties, an object. A meter counts events of one kind, if all of
//! its [`Filter`]s hold; the value is a property, too. Both are found by a [`Path`], in the text as it
//! was sent: no tree is built, numbers are compared with all of their digits, and texts as they read,
//! however they are spelled.
//!
//! # Rules
//!
//! - A path goes from object to object, by their keys, and never into an array. Where a key stands
//!   twice, the last one counts.
//! - A property that is not there, or is `null`, is *absent*: nothing holds of it but
//!   `exists: false`.
//! - A text is no number, and a number no text; no two kinds of value are equal.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/route.rs`, under the same name.
//!
//! - `filters_are_what_they_say`: they hold where a slow reader of the tree says so, whatever the
//!   spelling.
//! - `paths_read_back`: a path as it is written is that path, and finds what is under its names.
//! - `routes_are_all_that_count`: an event finds each feature of its kind whose filters hold, once.
//! - `values_are_those_sent`: the value is that of the property, exactly, or it is refused.
//! - `members_are_what_is_said`: two values stand for one where they say the same, and only there.
//!
//! # Source
//!
//! FIPS 180-4 (SHA-256) for the numbers that stand for texts.

use crate::amount::number::ecmascript;
use crate::amount::{NumberError, Precision, Quantity};
use crate::json::{Kind, Raw, Scratch};

mod filter;
mod member;
mod path;

pub use filter::{Filter, Is, Test};
pub use path::{Path, PathError};

/// An event, as far as meters look at it.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// What else is said of it; of anything but an object, nothing is found.
    pub properties: Raw<'a>,
}

/// Which values are numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Numbers {
    /// Numbers, and texts that ECMAScript's `Number()` reads as one; rounded to nine fraction digits,
    /// since such senders write binary floats.
    Ecmascript,
    /// Numbers, of up to nine fraction digits.
    Exact,
}

/// Why a property is no value.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoValue {
    /// It is absent.
    #[error("no value")]
    Absent,
    /// More than nine fraction digits that matter.
    #[error("more than nine fraction digits")]
    Inexact,
    /// It is no number.
    #[error("not a number")]
    NotANumber,
    /// It is larger than a quantity can be.
    #[error("number too large")]
    TooLarge,
}

impl NoValue {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "value.absent",
            Self::Inexact => "value.inexact",
            Self::NotANumber => "value.not_a_number",
            Self::TooLarge => "value.too_large",
        }
    }
}

impl Numbers {
    /// The number that a value stands for.
    ///
    /// # Errors
    ///
    /// [`NoValue`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::{Lexer, Profile, Scratch};
    /// use weir_core::route::{NoValue, Numbers};
    ///
    /// let mut scratch = Scratch::default();
    /// let mut lexer = Lexer::new(br#"" 0x1F ""#, &Profile::STRICT, &mut scratch)?;
    /// let text = lexer.value()?.expect("a value was sent");
    /// assert_eq!(Numbers::Ecmascript.read(text), Ok("31".parse()?));
    /// assert_eq!(Numbers::Exact.read(text), Err(NoValue::NotANumber));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn read(self, value: Raw<'_>) -> Result<Quantity, NoValue> {
        let read = match (self, value.kind()) {
            (_, Kind::Null) => return Err(NoValue::Absent),
            (Self::Exact, Kind::Number) => number(value, Precision::Exact),
            (Self::Ecmascript, Kind::Number) => number(value, Precision::Nearest),
            (Self::Ecmascript, Kind::String) => text(value),
            _ => Err(NumberError::Syntax),
        };
        read.map_err(|error| match error {
            NumberError::Inexact => NoValue::Inexact,
            NumberError::Syntax => NoValue::NotANumber,
            NumberError::TooLarge => NoValue::TooLarge,
        })
    }

    /// The number that stands under `path`.
    ///
    /// # Errors
    ///
    /// [`NoValue`].
    pub fn at(
        self,
        path: &Path,
        properties: Raw<'_>,
        scratch: &mut Scratch,
    ) -> Result<Quantity, NoValue> {
        self.read(path.find(properties, scratch).ok_or(NoValue::Absent)?)
    }
}

fn number(value: Raw<'_>, precision: Precision) -> Result<Quantity, NumberError> {
    value.as_number().ok_or(NumberError::Syntax)?.quantity(precision)
}

/// What ECMAScript makes of a text. Only one with escapes is copied.
fn text(value: Raw<'_>) -> Result<Quantity, NumberError> {
    let text = value.as_text().ok_or(NumberError::Syntax)?;
    ecmascript(text.decode(&mut alloc::string::String::new()), Precision::Nearest)
}
