//! How is a new key made? From random bytes that the host fetched.
//!
//! A key has as many characters as make it hard to guess, and its check digits if its class has
//! them. Six bits of each random byte stand for a character, and those for which the class has none
//! are drawn again: so each character of the alphabet is as likely as any other, and no table is
//! read at a place that depends on the key.

use alloc::string::String;

use super::class::{Alphabet, CHECK_LEN, Check, Class, Classes};
use super::crc;
use crate::id::ClassId;

impl Classes {
    /// How many random bytes a key is made of: enough for the longest, most of them unused.
    pub const RANDOM_LEN: usize = 4_096;

    /// Makes a key of a class.
    ///
    /// Its random part holds at least 160 bits where the class has room for them, and no more
    /// characters than that takes. The key is nowhere kept: put its digest on record.
    ///
    /// # Errors
    ///
    /// [`MintError`]; first that the class is not there or too small, whatever the bytes are.
    ///
    /// # Source
    ///
    /// RFC 6749 section 10.10: guessing a token must be no likelier than 2⁻¹²⁸, and should be no
    /// likelier than 2⁻¹⁶⁰.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::token::{Classes, MintError};
    ///
    /// let classes = Classes::compile(&serde_json::from_str(
    ///     r#"{"site": {"prefix": "pub_", "alphabet": "hex", "length": {"min": 4, "max": 64},
    ///                  "environment": "live"},
    ///         "pin": {"prefix": "pin_", "alphabet": "hex", "length": {"min": 4, "max": 31},
    ///                 "environment": "live"}}"#,
    /// )?).expect("no fault");
    /// let bytes = [7; Classes::RANDOM_LEN]; // Random ones, from the system.
    ///
    /// let site = classes.id("site").expect("just compiled");
    /// let key = classes.mint(site, &bytes).expect("room");
    /// assert_eq!(key, format!("pub_{}", "7".repeat(40)));
    ///
    /// let pin = classes.id("pin").expect("just compiled");
    /// assert_eq!(classes.mint(pin, &bytes), Err(MintError::TooShort { bits: 124 }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn mint(&self, id: ClassId, random: &[u8; Self::RANDOM_LEN]) -> Result<String, MintError> {
        let class = self.get(id).ok_or(MintError::NoClass)?;
        let len = class.body_len()?;
        let drawn = random.iter().map(|byte| character(byte & 0x3F));
        let mut characters = drawn.filter(|byte| class.alphabet.has(*byte));
        loop {
            let mut key = String::from(&*class.prefix);
            key.extend(characters.by_ref().take(len).map(char::from));
            let body = key.as_bytes().get(class.prefix.len()..).unwrap_or_default();
            if body.len() < len {
                return Err(MintError::NotRandom);
            }
            if class.check == Check::Crc32 {
                let digits = crc::digits(class.prefix.as_bytes(), body);
                key.extend(digits.map(char::from));
            }
            // Where a longer prefix starts like this one, chance may spell it.
            if self.classify(key.as_bytes()).is_ok_and(|presented| presented.class() == id) {
                return Ok(key);
            }
        }
    }
}

impl Class {
    /// How many characters a new key has between its prefix and its check digits.
    fn body_len(&self) -> Result<usize, MintError> {
        let check = if self.check == Check::Crc32 { CHECK_LEN } else { 0 };
        let [least, most] =
            [self.length.min, self.length.max].map(|len| usize::from(len).saturating_sub(check));
        let millibits = self.alphabet.millibits();
        let bits = most.saturating_mul(millibits).div_euclid(1_000);
        if bits < BITS_MIN {
            return Err(MintError::TooShort { bits });
        }
        Ok(BITS.saturating_mul(1_000).div_ceil(millibits).clamp(least, most))
    }
}

impl Alphabet {
    /// What one character holds, in thousandths of a bit, rounded down: log₂ of 58, 62, 16, 64.
    const fn millibits(self) -> usize {
        match self {
            Self::Base58 => 5_857,
            Self::Base62 => 5_954,
            Self::Hex => 4_000,
            Self::Token => 6_000,
        }
    }
}

/// The characters that any class may use, `0-9A-Za-z_-`, by sums instead of a table. `value` is
/// below 64, so nothing saturates.
fn character(value: u8) -> u8 {
    let upper = u8::from(value >= 10).saturating_mul(b'A' - b'9' - 1);
    let lower = u8::from(value >= 36).saturating_mul(b'a' - b'Z' - 1);
    let known = b'0'.saturating_add(value).saturating_add(upper).saturating_add(lower);
    match value {
        62 => b'_',
        63 => b'-',
        _ => known,
    }
}

/// Why no key was made.
///
/// Exhaustive on purpose: each is answered differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MintError {
    /// The catalog has no such class.
    #[error("no such class of credentials")]
    NoClass,
    /// The bytes do not look random: they spell no key of the class.
    #[error("the bytes spell no key of this class: they are hardly random")]
    NotRandom,
    /// Even the longest key of the class could be guessed.
    #[error("a key of this class holds {bits} bits at most, and 128 are the least: make it longer")]
    TooShort {
        /// What the longest holds.
        bits: usize,
    },
}

impl MintError {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoClass => "token.mint_no_class",
            Self::NotRandom => "token.mint_not_random",
            Self::TooShort { .. } => "token.mint_too_short",
        }
    }
}

const BITS: usize = 160;
const BITS_MIN: usize = 128;
