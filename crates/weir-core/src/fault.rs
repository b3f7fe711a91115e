//! What must an operator edit? One fault of a catalog, found while it was compiled.
//!
//! Every room that compiles a part of the catalog reports all of its faults at once, in source
//! order, as a list of [`Fault`]s. The old catalog stays in force until the list is empty.

use alloc::string::String;
use core::fmt;

/// One thing that is wrong with a catalog.
///
/// # Shape
///
/// `pointer` is an RFC 6901 JSON Pointer into the document that was compiled; a room that compiles
/// a part of it starts from that part, and its caller puts the part's own place in front with
/// [`Fault::under`].
///
/// # Example
///
/// ```
/// use weir_core::fault::Fault;
///
/// let fault = Fault::new("/site/prefix", "token.prefix", "at least one character");
/// assert_eq!(
///     fault.under("/classes").to_string(),
///     "/classes/site/prefix: at least one character (token.prefix)",
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// A code that never changes once released.
    pub code: &'static str,
    /// What to edit, in a few words.
    pub hint: String,
    /// Where it stands.
    pub pointer: String,
}

impl Fault {
    /// A fault at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str, hint: impl Into<String>) -> Self {
        Self { code, hint: hint.into(), pointer: pointer.into() }
    }

    /// The same fault, with `parent` put in front of its pointer.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.pointer.insert_str(0, parent);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.pointer, self.hint, self.code)
    }
}

impl core::error::Error for Fault {}
