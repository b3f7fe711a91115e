//! Is this property as it should be? Tests on one value.

use alloc::boxed::Box;
use core::cmp::Ordering;

use super::Path;
use crate::amount::Quantity;
use crate::json::{Kind, Raw, Scratch, Text};

/// What a property must be, for its event to count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filter {
    /// Where it stands.
    pub path: Path,
    /// What must hold of it, all of it.
    pub tests: Box<[Test]>,
}

impl Filter {
    /// The most that a feature may have: each reads the properties once more.
    pub const NUMBER_MAX: usize = 16;

    /// Whether it holds of these properties.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::{Lexer, Profile, Scratch};
    /// use weir_core::route::{Filter, Path, Test};
    ///
    /// let (body, mut scratch) = (br#"{"model": {"name": "gpt-5"}}"#, Scratch::default());
    /// let sent = Lexer::new(body, &Profile::STRICT, &mut scratch)?.value()?.expect("an object");
    /// let tests = [Test::Prefix("gpt-".into())];
    /// let filter = Filter { path: Path::parse("model.name")?, tests: tests.into() };
    /// let mut scratch = Scratch::default();
    /// assert!(filter.holds(sent, &mut scratch));
    /// let other = Filter { path: Path::parse("model.maker")?, ..filter };
    /// assert!(!other.holds(sent, &mut scratch)); // it is absent
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn holds(&self, properties: Raw<'_>, scratch: &mut Scratch) -> bool {
        let found = self.path.find(properties, scratch);
        self.tests.iter().all(|test| test.holds(found))
    }
}

/// What must hold of a property.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Test {
    /// It is absent.
    Absent,
    /// It is a number above this.
    Above(Quantity),
    /// It is a number below this.
    Below(Quantity),
    /// It is one of these.
    In(Box<[Is]>),
    /// It is a number, and not above this.
    Max(Quantity),
    /// It is a number, and not below this.
    Min(Quantity),
    /// It is a text that starts with this one.
    Prefix(Box<str>),
    /// It is there.
    There,
}

/// A value that a property may be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Is {
    /// This truth value.
    Bool(bool),
    /// This number, however it is spelled.
    Number(Quantity),
    /// This text, however it is spelled.
    Text(Box<str>),
}

impl Test {
    fn holds(&self, found: Option<Raw<'_>>) -> bool {
        let Some(value) = found else { return matches!(self, Self::Absent) };
        let stands = |to: Quantity, is: fn(Ordering) -> bool| compared(value, to).is_some_and(is);
        match self {
            Self::Absent => false,
            Self::Above(line) => stands(*line, Ordering::is_gt),
            Self::Below(line) => stands(*line, Ordering::is_lt),
            Self::In(all) => all.iter().any(|one| one.equals(value)),
            Self::Max(most) => stands(*most, Ordering::is_le),
            Self::Min(least) => stands(*least, Ordering::is_ge),
            Self::Prefix(start) => value.as_text().is_some_and(|text| starts(text, start)),
            Self::There => true,
        }
    }
}

impl Is {
    fn equals(&self, value: Raw<'_>) -> bool {
        match self {
            Self::Bool(wanted) => value.as_bool() == Some(*wanted),
            Self::Number(wanted) => compared(value, *wanted).is_some_and(Ordering::is_eq),
            Self::Text(wanted) => value.as_text().is_some_and(|text| text == **wanted),
        }
    }
}

/// How a value stands to a number, if it is one itself.
fn compared(value: Raw<'_>, to: Quantity) -> Option<Ordering> {
    if value.kind() != Kind::Number {
        return None;
    }
    to.compared(value.as_str().as_bytes())
}

fn starts(text: Text<'_>, start: &str) -> bool {
    match text.as_plain() {
        Some(plain) => plain.starts_with(start),
        None => {
            let mut chars = text.chars();
            start.chars().all(|wanted| chars.next() == Some(wanted))
        }
    }
}
