//! What could they send? Our inputs, made from a fuzzer's bytes.
//!
//! Behind the feature `arbitrary`, which changes nothing else: with it the types that come from
//! outside implement [`Arbitrary`], so a fuzz target of yours can take them as they are, and derive
//! it for types that hold them. Whatever the bytes, a value keeps the grammar and the range of its
//! type. Definitions are sound seven times of eight: an unsound one ends at
//! [`Schema::compile`](crate::schema::Schema::compile), and teaches the fuzzer little.
//!
//! [`body`] writes a body for a definition; most of them nearly fit.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/arbitrary.rs`, under the same name.
//!
//! - `values_keep_their_grammar`: what is made from any bytes could have been parsed.
//! - `most_is_sound`: most definitions compile, most bodies are well formed, and of both there are
//!   enough that are refused.
//!
//! # Example
//!
//! ```
//! use arbitrary::{Arbitrary, Unstructured};
//! use weir_core::arbitrary::body;
//! use weir_core::json::Profile;
//! use weir_core::schema::{Definition, Schema, Scratch};
//!
//! let mut bytes = Unstructured::new(&[7; 64]);
//! let definition = Definition::arbitrary(&mut bytes)?;
//! let sent = body(&definition, &mut bytes)?;
//! if let Ok(schema) = Schema::compile(&definition) {
//!     let mut scratch = Scratch::default();
//!     let valid = schema.is_valid(sent.as_bytes(), &Profile::STRICT, &mut scratch);
//!     let checked = schema.check(sent.as_bytes(), &Profile::STRICT, &mut scratch);
//!     assert_eq!(valid, checked.is_ok());
//! }
//! # Ok::<(), arbitrary::Error>(())
//! ```

use alloc::string::String;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::amount::{Precision, Quantity, Rounding};
use crate::id::{
    CatalogVersion, ClassId, FeatureId, LimitId, Name, PlanId, ScopeId, ScopeName, WalletId,
};
use crate::json::{Bounds, Duplicates, Profile, Surrogates};
use crate::time::{Span, Timestamp};

mod body;
mod schema;
mod token;

pub use body::body;

impl<'b> Arbitrary<'b> for Quantity {
    /// Often a small whole number, else any.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Ok(match below(u, 8)? {
            0..=3 => Self::from_units(i64::from(i8::arbitrary(u)?)),
            4 => Self::from_nanos(i128::from(i8::arbitrary(u)?)),
            5 | 6 => Self::from_nanos(i128::from(i64::arbitrary(u)?)),
            _ => Self::from_nanos(i128::arbitrary(u)?),
        })
    }
}

impl<'b> Arbitrary<'b> for Precision {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Exact, Self::Nearest])
    }
}

impl<'b> Arbitrary<'b> for Rounding {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Down, Self::HalfEven, Self::Up])
    }
}

impl<'b> Arbitrary<'b> for Timestamp {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let millis = u.int_in_range(Self::MIN.as_millis()..=Self::MAX.as_millis())?;
        Self::from_millis(millis).map_err(|_| ::arbitrary::Error::IncorrectFormat)
    }
}

impl<'b> Arbitrary<'b> for Span {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let millis = u.int_in_range(0..=Self::MAX.as_millis())?;
        Self::from_millis(millis).map_err(|_| ::arbitrary::Error::IncorrectFormat)
    }
}

impl<'b> Arbitrary<'b> for Name {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let mut text = String::new();
        let len = 1_u32.saturating_add(below(u, 64)?.min(below(u, 64)?));
        let (first, rest) =
            (b"abcdefghijklmnopqrstuvwxyz", b"abcdefghijklmnopqrstuvwxyz0123456789._-");
        text.push(char::from(*u.choose(first)?));
        for _ in 1..len {
            text.push(char::from(*u.choose(rest)?));
        }
        Self::parse(&text).map_err(|_| ::arbitrary::Error::IncorrectFormat)
    }
}

impl<'b> Arbitrary<'b> for ScopeName<'b> {
    /// The longest name that the next bytes start with; `-` when they start with none.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let most = u.peek_bytes(u.len().min(Self::LEN_MAX)).unwrap_or_default();
        let len = most.iter().take_while(|byte| byte.is_ascii_graphic()).count();
        let text = core::str::from_utf8(u.bytes(len)?).unwrap_or_default();
        let text = if text.is_empty() { "-" } else { text };
        Self::parse(text).map_err(|_| ::arbitrary::Error::IncorrectFormat)
    }
}

impl<'b> Arbitrary<'b> for CatalogVersion {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u32::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for ClassId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u16::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for FeatureId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u16::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for LimitId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u16::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for PlanId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u16::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for ScopeId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u32::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for WalletId {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        u16::arbitrary(u).map(Self)
    }
}

impl<'b> Arbitrary<'b> for Duplicates {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Refused, Self::LastWins])
    }
}

impl<'b> Arbitrary<'b> for Surrogates {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Refused, Self::Replaced])
    }
}

impl<'b> Arbitrary<'b> for Bounds {
    /// Often the default; else one bound is small enough to be met.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let Some(which) = below(u, 16)?.checked_sub(11) else { return Ok(Self::DEFAULT) };
        let small = u32::from(u8::arbitrary(u)?);
        Ok(match which {
            0 => Self { bytes: small, ..Self::DEFAULT },
            1 => Self { depth: small, ..Self::DEFAULT },
            2 => Self { members: small, ..Self::DEFAULT },
            3 => Self { string_bytes: small, ..Self::DEFAULT },
            _ => Self { tokens: small, ..Self::DEFAULT },
        })
    }
}

impl<'b> Arbitrary<'b> for Profile {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let (bounds, duplicates) = (u.arbitrary()?, u.arbitrary()?);
        Ok(Self { bounds, duplicates, surrogates: u.arbitrary()? })
    }
}

/// A number below `end`, which is above 0; 0 once the bytes have run out.
fn below(u: &mut Unstructured<'_>, end: u32) -> Result<u32> {
    u.int_in_range(0..=end.saturating_sub(1))
}

/// One time of `n`; never once the bytes have run out.
fn one_in(u: &mut Unstructured<'_>, n: u32) -> Result<bool> {
    Ok(below(u, n)? == n.saturating_sub(1))
}

fn one_of<T: Copy>(u: &mut Unstructured<'_>, all: &[T]) -> Result<T> {
    u.choose(all).copied()
}

/// `make`'s, one time of `n`.
fn maybe<'b, T>(
    u: &mut Unstructured<'b>,
    n: u32,
    make: impl FnOnce(&mut Unstructured<'b>) -> Result<T>,
) -> Result<Option<T>> {
    if one_in(u, n)? { make(u).map(Some) } else { Ok(None) }
}
