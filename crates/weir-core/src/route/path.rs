//! Where does it stand? The names on the way to a property.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{Kind, Raw, Scratch};

/// The way to a property, from object to object.
///
/// # Shape
///
/// 1 to 16 names with a dot between them, such as `usage.tokens`. A dot that is part of a name is
/// written `\.`, a backslash `\\`; no name is empty.
///
/// # Example
///
/// ```
/// use weir_core::json::{Lexer, Profile, Scratch};
/// use weir_core::route::{Path, PathError};
///
/// let (body, mut scratch) = (br#"{"a": {"b.c": 7}}"#, Scratch::default());
/// let mut lexer = Lexer::new(body, &Profile::STRICT, &mut scratch)?;
/// let sent = lexer.value()?.expect("a value was sent");
/// let find = |path: &str| Path::parse(path).map(|path| path.find(sent, &mut Scratch::default()));
/// assert_eq!(find(r"a.b\.c")?.expect("it is there").as_str(), "7");
/// assert!(find("a.b.c")?.is_none());
/// assert_eq!(Path::parse("a..c"), Err(PathError::EmptyName));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Path(Box<[Box<str>]>); // INVARIANT: as its shape says; `of` is the only door.

impl Path {
    /// The most names.
    pub const NAMES_MAX: usize = 16;

    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`PathError`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut names = Vec::new();
        let mut name = String::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            match char {
                '.' => names.push(core::mem::take(&mut name)),
                '\\' => match chars.next() {
                    Some(escaped @ ('.' | '\\')) => name.push(escaped),
                    _ => return Err(PathError::BadEscape),
                },
                char => name.push(char),
            }
        }
        names.push(name);
        Self::of(names)
    }

    /// The path by these names, whatever characters they have.
    ///
    /// # Errors
    ///
    /// [`PathError`].
    pub fn of<T: Into<Box<str>>>(names: impl IntoIterator<Item = T>) -> Result<Self, PathError> {
        let names: Box<[Box<str>]> = names.into_iter().map(Into::into).collect();
        if names.is_empty() || names.iter().any(|name| name.is_empty()) {
            return Err(PathError::EmptyName);
        }
        if names.len() > Self::NAMES_MAX {
            return Err(PathError::TooLong);
        }
        Ok(Self(names))
    }

    /// What stands there in an object; `None` where there is nothing, or `null`.
    ///
    /// Takes time proportional to the object.
    pub fn find<'a>(&self, object: Raw<'a>, scratch: &mut Scratch) -> Option<Raw<'a>> {
        let mut here = object;
        for name in &self.0 {
            here = here.member(name, scratch)?;
        }
        (here.kind() != Kind::Null).then_some(here)
    }
}

impl fmt::Display for Path {
    /// As it is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            for char in name.chars() {
                if matches!(char, '.' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{char}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a [`Path`].
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathError {
    /// A backslash before anything but a dot or a backslash.
    #[error("in a path, a backslash stands before a dot or a backslash only")]
    BadEscape,
    /// A name without characters.
    #[error("a path has no empty name")]
    EmptyName,
    /// More than [`Path::NAMES_MAX`] names.
    #[error("a path of more than {} names", Path::NAMES_MAX)]
    TooLong,
}

impl PathError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadEscape => "path.bad_escape",
            Self::EmptyName => "path.empty_name",
            Self::TooLong => "path.too_long",
        }
    }
}
