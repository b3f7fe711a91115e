//! What exactly is wrong, and where? Rendered on demand, and never what was sent.

use alloc::string::String;
use core::fmt;

use super::scratch::{Detail, Record, Scratch, Segment};
use super::{RuleCode, Schema, message};
use crate::json::{Found, Kind, SyntaxError};

/// Why a document is no [`Event`](super::Event).
#[derive(Debug)]
pub enum Refused<'a, 's> {
    /// It is well formed and breaks rules.
    Invalid(Violations<'a, 's>),
    /// It is not well formed.
    Syntax(SyntaxError),
}

impl Refused<'_, '_> {
    /// A code that never changes once released: the first violation's, or the syntax error's.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.first().map_or("schema", Violation::code),
            Self::Syntax(error) => error.code(),
        }
    }
}

impl fmt::Display for Refused<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(violations) => violations.fmt(f),
            Self::Syntax(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refused<'_, '_> {}

impl From<SyntaxError> for Refused<'_, '_> {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// All that is wrong with a document, at least one thing, in the order that the schema asks for.
#[derive(Clone, Copy)]
pub struct Violations<'a, 's> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a str,
    pub(super) scratch: &'s Scratch,
}

impl Violations<'_, '_> {
    /// The violations, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Violation<'_>> {
        let Self { schema, text, scratch } = *self;
        scratch.findings.records.iter().map(move |record| Violation {
            schema,
            text,
            record,
            path: path(scratch, record),
        })
    }

    /// The first violation.
    #[must_use]
    pub fn first(&self) -> Option<Violation<'_>> {
        self.iter().next()
    }

    /// Whether there are more than the schema lets be reported.
    #[must_use]
    pub const fn more(&self) -> bool {
        self.scratch.findings.more
    }
}

impl fmt::Debug for Violations<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Display for Violations<'_, '_> {
    /// Every message, with semicolons between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for violation in self.iter() {
            f.write_str(separator)?;
            violation.message(f)?;
            separator = "; ";
        }
        if self.more() { f.write_str("; and more") } else { Ok(()) }
    }
}

/// A broken rule, and where.
#[derive(Clone, Copy)]
pub struct Violation<'v> {
    schema: &'v Schema,
    text: &'v str,
    record: &'v Record,
    path: &'v [Segment],
}

impl<'v> Violation<'v> {
    /// The rule.
    #[must_use]
    pub const fn rule(self) -> RuleCode {
        self.record.code
    }

    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.record.code.code()
    }

    /// Where the value starts in the document, in bytes; for a key that is refused, where the key
    /// starts; for what is missing, where the object starts in which it is missing.
    #[must_use]
    pub const fn at(self) -> u32 {
        self.record.at
    }

    /// The RFC 6901 JSON Pointer to the value.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut pointer = String::new();
        // Writing to a string does not fail.
        let _ = self.write_pointer(&mut pointer);
        pointer
    }

    /// The type of what was sent: `string`, `number`, `object`, `array`, `boolean`, `null`, or
    /// `undefined` when nothing was.
    #[must_use]
    pub const fn received(self) -> &'static str {
        match self.record.found {
            Some(found) => found.kind.name(),
            None => "undefined",
        }
    }

    /// What was sent, by type and length, never by content.
    #[must_use]
    pub const fn masked(self) -> Masked<'v> {
        Masked(self)
    }

    /// Writes the message for people, as the schema words it.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn message(self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Schema { messages, root_messages, fields, .. } = self.schema;
        let own = match self.field() {
            Some(id) => fields.get(id).and_then(|field| field.templates.find(self.record.code)),
            None => root_messages.find(self.record.code),
        };
        let template = own.or_else(|| messages.find(self.record.code));
        message::write(template.map_or(self.record.code.template(), |t| t.as_str()), self, out)
    }

    /// The declared field that is nearest to the value, on the way from the root.
    fn field(self) -> Option<usize> {
        self.path.iter().rev().find_map(|segment| match segment {
            Segment::Field(id) => usize::try_from(*id).ok(),
            Segment::Index(_) | Segment::Key(_) => None,
        })
    }

    pub(super) fn write_field(self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.path.last().map_or(Ok(()), |segment| self.write_segment(*segment, out))
    }

    pub(super) fn write_path(self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut separator = "";
        self.path.iter().try_for_each(|segment| {
            out.write_str(separator)?;
            separator = ".";
            self.write_segment(*segment, out)
        })
    }

    pub(super) fn write_pointer(self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.path.iter().try_for_each(|segment| {
            out.write_char('/')?;
            self.write_segment(*segment, &mut Escaping(out))
        })
    }

    pub(super) fn write_place(self, out: &mut dyn fmt::Write) -> fmt::Result {
        if self.path.is_empty() {
            return out.write_str("the document");
        }
        out.write_char('`')?;
        self.write_pointer(out)?;
        out.write_char('`')
    }

    pub(super) fn write_expected(self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self.record.detail {
            Detail::Count(count) => write!(out, "{count}"),
            Detail::Noun(noun) => out.write_str(noun),
            Detail::Nothing => Ok(()),
            Detail::Number(number) => write!(out, "{number}"),
            Detail::Options(place) => {
                let mut separator = "";
                self.schema.options(place).iter().try_for_each(|option| {
                    out.write_str(separator)?;
                    separator = ", ";
                    out.write_str(option)
                })
            }
        }
    }

    pub(super) fn write_an_expected(self, out: &mut dyn fmt::Write) -> fmt::Result {
        if let Detail::Noun(noun) = self.record.detail {
            // RFC is read as letters.
            let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u', 'I', 'R']);
            out.write_str(if vowel { "an " } else { "a " })?;
        }
        self.write_expected(out)
    }

    fn write_segment(self, segment: Segment, out: &mut dyn fmt::Write) -> fmt::Result {
        match segment {
            Segment::Field(id) => {
                let field = usize::try_from(id).ok().and_then(|id| self.schema.fields.get(id));
                field.map_or(Ok(()), |field| out.write_str(&field.name))
            }
            Segment::Index(index) => write!(out, "{index}"),
            Segment::Key(key) => key.text(self.text).chars().try_for_each(|c| out.write_char(c)),
        }
    }
}

impl fmt::Debug for Violation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({})", self.code(), self.pointer(), self.masked())
    }
}

/// See [`Violation::masked`].
#[derive(Clone, Copy)]
pub struct Masked<'v>(Violation<'v>);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(violation) = self;
        let name = violation.received();
        match violation.record.found {
            Some(found @ Found { kind: Kind::String, .. }) => {
                let len = found.text(violation.text).map_or(0, |text| text.char_count());
                write!(f, "{name} of {len} characters")
            }
            Some(found @ Found { kind: Kind::Array | Kind::Object | Kind::Number, .. }) => {
                write!(f, "{name} of {} bytes", found.len())
            }
            _ => f.write_str(name),
        }
    }
}

/// Writes what goes between the slashes of a JSON Pointer.
struct Escaping<'w>(&'w mut dyn fmt::Write);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '~' => self.0.write_str("~0"),
            '/' => self.0.write_str("~1"),
            other => self.0.write_char(other),
        })
    }
}

fn path<'s>(scratch: &'s Scratch, record: &Record) -> &'s [Segment] {
    let (from, steps) = record.path;
    scratch.findings.paths.get(from..from.saturating_add(steps)).unwrap_or_default()
}
