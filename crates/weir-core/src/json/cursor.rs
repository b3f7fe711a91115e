//! How far have we read, and what stands there? The words of the grammar, each read whole.

use super::string::{self, Quoted};
use super::{Kind, Surrogates, SyntaxKind};

/// What is wrong, and where.
pub(super) type Wrong = (SyntaxKind, u32);

/// A text of at most `u32::MAX` bytes, and a place in it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// The next byte to read.
    at: u32, // INVARIANT: at most the length of `text`, so that it can be counted up freely.
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, at: u32) -> Self {
        Self { text, at: at.min(offset(text.len())) }
    }

    pub(super) const fn text(self) -> &'a str {
        self.text
    }

    pub(super) const fn at(self) -> u32 {
        self.at
    }

    /// Passes over blanks; the byte after them, if there is one.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.pass();
        }
    }

    /// Goes on to a place further on.
    #[inline(always)]
    pub(super) fn go_on(&mut self, at: u32) {
        self.at = at.min(offset(self.text.len()));
    }

    /// Passes over the byte that stands here.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        self.at = self.at.wrapping_add(1); // There is one, so this is its end.
    }

    /// Passes over `word`, if that is what stands here.
    #[inline(always)]
    pub(super) fn pass_word(&mut self, word: &[u8]) -> bool {
        let end = index(self.at).wrapping_add(word.len()); // Of two lengths that fit in memory.
        let there = self.text.as_bytes().get(index(self.at)..end) == Some(word);
        if there {
            self.at = offset(end);
        }
        there
    }

    /// Reads a string from its opening quote, which stands here, to its closing one.
    #[inline(always)]
    pub(super) fn string(&mut self, surrogates: Surrogates) -> Result<Quoted, Wrong> {
        let quoted = string::inside(self.text.as_bytes(), self.at, surrogates)?;
        self.at = quoted.end.wrapping_add(1);
        Ok(quoted)
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, literal: &str, kind: Kind) -> Result<Kind, Wrong> {
        if self.pass_word(literal.as_bytes()) {
            return Ok(kind);
        }
        let same = self.rest(self.at).iter().zip(literal.as_bytes()).take_while(|(a, b)| a == b);
        Err(self.stuck(self.at.wrapping_add(offset(same.count()))))
    }

    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<(), Wrong> {
        let mut at = self.at;
        if self.byte(at) == Some(b'-') {
            at = at.wrapping_add(1);
        }
        at = match self.byte(at) {
            Some(b'0') => at.wrapping_add(1),
            _ => self.digits(at)?,
        };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at.wrapping_add(1))?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            at = at.wrapping_add(1);
            if let Some(b'+' | b'-') = self.byte(at) {
                at = at.wrapping_add(1);
            }
            at = self.digits(at)?;
        }
        self.at = at;
        Ok(())
    }

    /// Passes over at least one digit.
    #[inline(always)]
    fn digits(self, start: u32) -> Result<u32, Wrong> {
        let mut at = start;
        while let Some(b'0'..=b'9') = self.byte(at) {
            at = at.wrapping_add(1);
        }
        if at == start { Err(self.stuck(at)) } else { Ok(at) }
    }

    #[inline(always)]
    fn byte(self, at: u32) -> Option<u8> {
        self.text.as_bytes().get(index(at)).copied()
    }

    #[inline(always)]
    fn rest(self, at: u32) -> &'a [u8] {
        self.text.as_bytes().get(index(at)..).unwrap_or_default()
    }

    /// What is wrong with a byte that cannot stand at `at`, or with a text that ends there.
    #[cold]
    pub(super) fn stuck(self, at: u32) -> Wrong {
        let ends = index(at) >= self.text.len();
        (if ends { SyntaxKind::UnexpectedEnd } else { SyntaxKind::UnexpectedByte }, at)
    }
}

/// An offset as tokens keep it: no text here is longer, so that nothing is cut off.
#[inline(always)]
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at & index(u32::MAX)).unwrap_or(u32::MAX)
}

#[inline(always)]
pub(super) fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
