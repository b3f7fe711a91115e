//! Who or what is it? A text as a number that stands for it.

use sha2::{Digest as _, Sha256};

use super::{NoValue, Numbers};
use crate::amount::Quantity;
use crate::json::{Raw, Text};

impl Numbers {
    /// The number that stands for a value among different ones: for a text, the first 16 bytes of the
    /// SHA-256 of what it says; a number stands for itself.
    ///
    /// # Errors
    ///
    /// [`NoValue`].
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::json::{Lexer, Profile, Scratch, SyntaxError};
    /// use weir_core::route::Numbers;
    ///
    /// let who = |json: &str| {
    ///     let mut scratch = Scratch::default();
    ///     let mut lexer = Lexer::new(json.as_bytes(), &Profile::STRICT, &mut scratch)?;
    ///     Ok::<_, SyntaxError>(Numbers::Exact.member(lexer.value()?.expect("a value")))
    /// };
    /// assert_eq!(who(r#""ada""#)?, who(r#""\u0061da""#)?); // however it is spelled
    /// assert_ne!(who(r#""1""#)?, who("1")?);
    /// assert_eq!(who("1.0")?, who("1")?);
    /// # Ok::<(), SyntaxError>(())
    /// ```
    pub fn member(self, value: Raw<'_>) -> Result<Quantity, NoValue> {
        match value.as_text() {
            Some(text) => Ok(digest(text)),
            None => self.read(value),
        }
    }
}

fn digest(text: Text<'_>) -> Quantity {
    let mut hash = Sha256::new();
    match text.as_plain() {
        Some(plain) => hash.update(plain.as_bytes()),
        None => {
            text.chars().for_each(|char| hash.update(char.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    }
    let bytes: [u8; 32] = hash.finalize().into();
    let first = bytes.first_chunk().copied().unwrap_or_default();
    Quantity::from_nanos(i128::from_be_bytes(first))
}
