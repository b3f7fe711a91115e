//! Of what class is a key, and is it spelled like one? Decided from the text alone.
//!
//! A [`ClassDefinition`] says how the keys of a class are spelled, and what their holders may do.
//! [`Classes`] is the checked set of them. A key belongs to the class with the longest prefix that
//! it starts with, also when only a shorter one would have accepted the rest.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};

use super::digest::{Digest, Pepper};
use super::terms::{ClassTerms, NO_TERMS, Terms};
use super::{Environment, Forbidden, Principal, crc};
use crate::fault::Fault;
use crate::id::{ClassId, Name};

/// A class of credentials, as a catalog writes it.
///
/// # Example
///
/// ```
/// use weir_core::token::ClassDefinition;
///
/// let class: ClassDefinition = serde_json::from_str(
///     r#"{"prefix": "unprice_live_", "alphabet": "base58", "length": {"min": 22, "max": 22},
///         "environment": "live", "may": ["ingest", "verify"]}"#,
/// )?;
/// assert_eq!(class.length.max, 22);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassDefinition {
    /// The bytes that may follow the prefix; check digits apart.
    pub alphabet: Alphabet,
    /// What the key ends with.
    #[serde(default)]
    pub check: Check,
    /// Whether the keys are for real counts.
    pub environment: Environment,
    /// How much follows the prefix, check digits included.
    pub length: Length,
    /// The event types and routes that a holder may use; none by default.
    #[serde(default)]
    pub may: Vec<Name>,
    /// What every key of the class starts with.
    ///
    /// # Shape
    ///
    /// 1 to 32 bytes of `[A-Za-z0-9_-]`, shared with no other class.
    pub prefix: String,
    /// What holds for every key of the class, whatever its record says; no terms by default.
    #[serde(default, skip_serializing_if = "ClassTerms::is_none")]
    pub terms: ClassTerms,
}

/// The bytes of a key's body.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Letters and digits without `0`, `O`, `I` and `l`.
    Base58,
    /// Letters and digits.
    Base62,
    /// `0` to `9` and `a` to `f`.
    Hex,
    /// Letters, digits, `_` and `-`.
    Token,
}

impl Alphabet {
    /// Without short circuits: one branch on the result, none on the byte.
    pub(super) const fn has(self, byte: u8) -> bool {
        let (digit, lower) = (byte.is_ascii_digit(), byte.is_ascii_lowercase());
        let word = digit | lower | byte.is_ascii_uppercase();
        match self {
            Self::Base58 => {
                word & (byte != b'0') & (byte != b'O') & (byte != b'I') & (byte != b'l')
            }
            Self::Base62 => word,
            Self::Hex => digit | (lower & (byte <= b'f')),
            Self::Token => word | (byte == b'_') | (byte == b'-'),
        }
    }
}

/// What a key ends with, so that a typing error shows without asking anyone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The CRC-32 of all that stands before, as six base62 digits `0-9A-Za-z`.
    Crc32,
    /// Nothing.
    #[default]
    None,
}

/// How many bytes follow the prefix.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// The most, up to 256.
    pub max: u16,
    /// The fewest, from 1; from 7 with check digits.
    pub min: u16,
}

/// The checked classes of a catalog.
///
/// # Example
///
/// ```
/// use weir_core::token::{Classes, Malformed};
///
/// let definitions = serde_json::from_str(
///     r#"{"site": {"prefix": "pub_", "alphabet": "token", "length": {"min": 4, "max": 64},
///                  "environment": "live", "may": ["pageview"]}}"#,
/// )?;
/// let classes = Classes::compile(&definitions).expect("no fault");
/// assert!(classes.classify(b"pub_alpha").is_ok());
/// assert_eq!(classes.classify(b"pub_al ha").err(), Some(Malformed::BadByte { at: 6 }));
/// assert_eq!(classes.classify(b"pk_alpha").err(), Some(Malformed::UnknownPrefix));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Classes(Vec<Slot>); // INVARIANT: a ClassId is the place of its slot.

impl Classes {
    /// The most classes that a catalog may ever have had.
    pub const LEN_MAX: usize = 256;

    /// Checks the classes of a first catalog.
    ///
    /// # Errors
    ///
    /// All faults, in the order of the names.
    pub fn compile(definitions: &BTreeMap<Name, ClassDefinition>) -> Result<Self, Vec<Fault>> {
        Self::default().replaced_by(definitions)
    }

    /// The ids of classes that earlier catalogs had, by name in the order of their ids, without
    /// the classes themselves: what a ledger knows before it has compiled its catalog again.
    pub fn known(names: impl Iterator<Item = Name>) -> Self {
        Self(names.map(|name| Slot { name, class: None }).collect())
    }

    /// The names of all classes, past ones included, in the order of their ids.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|slot| &slot.name)
    }

    /// Checks the classes of a next catalog.
    ///
    /// A class keeps its id as long as its name is the same, and the id of a class that went is
    /// never given to another: records keep their meaning.
    ///
    /// # Errors
    ///
    /// All faults, in the order of the names.
    pub fn replaced_by(
        &self,
        definitions: &BTreeMap<Name, ClassDefinition>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut slots: Vec<Slot> =
            self.0.iter().map(|slot| Slot { name: slot.name.clone(), class: None }).collect();
        for (name, definition) in definitions {
            let class = Some(Class::compile(name, definition, &mut faults));
            match slots.iter_mut().find(|slot| slot.name == *name) {
                Some(slot) => slot.class = class,
                None => slots.push(Slot { name: name.clone(), class }),
            }
            let sharing = definitions.iter().find(|(_, other)| other.prefix == definition.prefix);
            if let Some((first, _)) = sharing.filter(|(first, _)| *first != name) {
                let hint = format!("`{}` is the prefix of class `{first}`", definition.prefix);
                faults.push(Fault::new(format!("/{name}/prefix"), "token.prefix_taken", hint));
            }
        }
        if slots.len() > Self::LEN_MAX {
            let hint = format!("at most {} classes, past ones included", Self::LEN_MAX);
            faults.push(Fault::new("", "token.classes_too_many", hint));
        }
        if faults.is_empty() { Ok(Self(slots)) } else { Err(faults) }
    }

    /// Reads a key: its prefix, length, alphabet and check digits. Nothing is looked up.
    ///
    /// # Errors
    ///
    /// The first thing wrong in that order.
    pub fn classify<'a>(&self, text: &'a [u8]) -> Result<Presented<'a>, Malformed> {
        if text.is_empty() {
            return Err(Malformed::Empty);
        }
        let (id, class, rest) = (self.0.iter().enumerate())
            .filter_map(|(at, slot)| {
                let class = slot.class.as_ref()?;
                Some((at, class, text.strip_prefix(class.prefix.as_bytes())?))
            })
            .min_by_key(|(_, _, rest)| rest.len())
            .ok_or(Malformed::UnknownPrefix)?;
        class.read(rest)?;
        // At most a quarter of the body, and six bytes in all.
        let shown = class.prefix.len().saturating_add(rest.len().div_euclid(4)).min(6);
        Ok(Presented { text, shown, class: id_at(id) })
    }

    /// The environment of a class.
    #[must_use]
    pub fn environment(&self, id: ClassId) -> Option<Environment> {
        self.get(id).map(|class| class.terms.environment)
    }

    /// What holds for a class, and whether the catalog has it.
    pub(super) fn terms(&self, id: ClassId) -> (&Terms, bool) {
        let terms = self.get(id).map(|class| &class.terms);
        (terms.unwrap_or(&NO_TERMS), terms.is_some())
    }

    /// The id of the class called `name`.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<ClassId> {
        let known = |slot: &Slot| slot.name.as_str() == name && slot.class.is_some();
        self.0.iter().position(known).map(id_at)
    }

    /// The name of a class.
    #[must_use]
    pub fn name(&self, id: ClassId) -> Option<&Name> {
        self.0.get(usize::from(id.0)).filter(|slot| slot.class.is_some()).map(|slot| &slot.name)
    }

    /// Whether the class of `principal` may use the event type or route `action`.
    ///
    /// # Errors
    ///
    /// [`Forbidden::Class`] when the catalog does not say so.
    pub fn may(&self, principal: Principal, action: &str) -> Result<(), Forbidden> {
        self.get(principal.class)
            .filter(|class| class.may.binary_search_by(|name| name.as_str().cmp(action)).is_ok())
            .map(|_| ())
            .ok_or(Forbidden::Class)
    }

    pub(super) fn get(&self, id: ClassId) -> Option<&Class> {
        self.0.get(usize::from(id.0))?.class.as_ref()
    }
}

/// A text that is spelled like a key of its class: the only thing that a registry looks up.
///
/// `Display` and `Debug` show at most the first six bytes, and never more than a quarter of what
/// follows the prefix.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    text: &'a [u8], // INVARIANT: `Classes::classify` accepted it.
    shown: usize,
    class: ClassId,
}

impl Presented<'_> {
    /// The class that the prefix promises. What the caller may do comes from the record.
    #[must_use]
    pub const fn class(&self) -> ClassId {
        self.class
    }

    /// What a registry keeps of it.
    #[must_use]
    pub fn digest(&self, pepper: Option<&Pepper>) -> Digest {
        Digest::of(self.text, pepper)
    }
}

impl fmt::Display for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.text.get(..self.shown).unwrap_or_default();
        write!(f, "{}...", start.escape_ascii())
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({self})")
    }
}

/// Why a text is no key of any class.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// A byte that the class does not use.
    #[error("a byte that a key may not have, at offset {at}")]
    BadByte {
        /// Offset from the start of the key, in bytes.
        at: usize,
    },
    /// The check digits do not belong to the rest.
    #[error("wrong check digits: a typing error, or not all of the key")]
    BadCheck,
    /// Shorter or longer than the keys of its class.
    #[error("a key of {len} bytes, which its class does not have")]
    BadLength {
        /// Length found, in bytes, prefix included.
        len: usize,
    },
    /// There was nothing to read.
    #[error("empty key")]
    Empty,
    /// No class has keys that start so.
    #[error("no class of credentials starts like this")]
    UnknownPrefix,
}

impl Malformed {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadByte { .. } => "token.bad_byte",
            Self::BadCheck => "token.bad_check",
            Self::BadLength { .. } => "token.bad_length",
            Self::Empty => "token.empty",
            Self::UnknownPrefix => "token.unknown_prefix",
        }
    }
}

#[derive(Clone, Debug)]
struct Slot {
    name: Name,
    class: Option<Class>, // `None`: the catalog has it no more.
}

#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) alphabet: Alphabet,
    pub(super) check: Check,
    pub(super) length: Length,
    may: Box<[Name]>, // INVARIANT: sorted.
    pub(super) prefix: Box<str>,
    terms: Terms,
}

impl Class {
    fn compile(name: &Name, definition: &ClassDefinition, faults: &mut Vec<Fault>) -> Self {
        let ClassDefinition { alphabet, check, environment, length, may, prefix, terms } =
            definition;
        let least = if *check == Check::Crc32 { CHECK_LEN.saturating_add(1) } else { 1 };
        if usize::from(length.min) < least || length.max < length.min || length.max > BODY_MAX {
            let hint = format!("at least {least}, min not above max, at most {BODY_MAX}");
            faults.push(Fault::new(format!("/{name}/length"), "token.length", hint));
        }
        let known = prefix.bytes().all(|byte| Alphabet::Token.has(byte));
        if !known || prefix.is_empty() || prefix.len() > PREFIX_MAX {
            let hint = format!("1 to {PREFIX_MAX} letters, digits, `_` or `-`");
            faults.push(Fault::new(format!("/{name}/prefix"), "token.prefix", hint));
        }
        let terms = terms.compile(*environment).unwrap_or_else(|found| {
            faults.extend(found.into_iter().map(|fault| fault.under(&format!("/{name}/terms"))));
            NO_TERMS.clone()
        });
        let mut may = may.clone();
        may.sort();
        Self {
            alphabet: *alphabet,
            check: *check,
            length: *length,
            may: may.into(),
            prefix: Box::from(prefix.as_str()),
            terms,
        }
    }

    fn read(&self, rest: &[u8]) -> Result<(), Malformed> {
        let full = |at: usize| self.prefix.len().saturating_add(at);
        let fits = usize::from(self.length.min)..=usize::from(self.length.max);
        if !fits.contains(&rest.len()) {
            return Err(Malformed::BadLength { len: full(rest.len()) });
        }
        let (body, check) = match (self.check, rest.split_last_chunk::<CHECK_LEN>()) {
            (Check::Crc32, Some((body, check))) => (body, Some(check)),
            (Check::Crc32, None) => return Err(Malformed::BadLength { len: full(rest.len()) }),
            (Check::None, _) => (rest, None),
        };
        let (at, bad) = self.first_bad(body);
        let wrong = check.map_or(Choice::from(0), |digits| {
            !crc::digits(self.prefix.as_bytes(), body).ct_eq(digits)
        });
        match told(bad, wrong) {
            Told::Key => Ok(()),
            Told::BadByte => Err(Malformed::BadByte { at: full(at) }),
            Told::BadCheck => Err(Malformed::BadCheck),
        }
    }

    /// Where the first byte stands that the class does not use, and whether there is one. Every
    /// byte costs the same, and none a branch.
    fn first_bad(&self, body: &[u8]) -> (usize, Choice) {
        let (at, seen) = body.iter().enumerate().fold((0_usize, 0_u8), |(first, seen), found| {
            let (at, byte) = found;
            let bad = u8::from(!self.alphabet.has(*byte));
            let is_first = usize::from(bad & !seen).wrapping_neg(); // All ones, or none.
            (first | (at & is_first), seen | bad)
        });
        (at, Choice::from(seen))
    }
}

/// What a caller learns of a text whose length is right.
#[derive(Clone, Copy)]
enum Told {
    BadByte,
    BadCheck,
    Key,
}

/// Here, and nowhere before, something learned from the bytes of a key becomes public: whether it
/// is spelled like one. Never inlined, so that a check for leaks can name this one place; a table,
/// so that what comes out of it is known to be public.
#[inline(never)]
fn told(bad: Choice, wrong: Choice) -> Told {
    static TOLD: [[Told; 2]; 2] = [[Told::Key, Told::BadCheck], [Told::BadByte, Told::BadByte]];
    let row = TOLD.get(usize::from(bad.unwrap_u8()));
    let told = row.and_then(|row| row.get(usize::from(wrong.unwrap_u8())));
    told.copied().unwrap_or(Told::BadByte)
}

/// At most [`Classes::LEN_MAX`] slots: nothing saturates.
fn id_at(at: usize) -> ClassId {
    ClassId(u16::try_from(at).unwrap_or(u16::MAX))
}

const BODY_MAX: u16 = 256;
pub(super) const CHECK_LEN: usize = 6;
const PREFIX_MAX: usize = 32;
