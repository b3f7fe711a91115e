//! What is a document read by, and what must be remembered of it?

use super::cursor::{Wrong, index};
use super::{Bounds, Profile, Scratch, SyntaxKind, keys, quick};

/// What a document is read by, and what must be remembered of it.
pub(super) struct Desk<'s> {
    pub(super) profile: &'s Profile,
    pub(super) scratch: &'s mut Scratch,
    /// Whether the text is so short that no bound of a string or of tokens can be met: what is read
    /// at one look is not measured.
    pub(super) is_short: bool,
    /// How many containers may be open inside each other.
    depth: usize,
    /// The same for containers of as many members as are read at one look.
    small_depth: usize,
    /// Whether every item that was tried at one look was read so: containers would be read twice.
    are_small: bool,
}

impl<'s> Desk<'s> {
    pub(super) fn new(len: u32, profile: &'s Profile, scratch: &'s mut Scratch) -> Self {
        scratch.frames.clear();
        scratch.keys.clear();
        scratch.tokens_left = profile.bounds.tokens;
        let Bounds { string_bytes, tokens, members, .. } = profile.bounds;
        let depth = index(profile.bounds.depth.min(Bounds::DEPTH_MAX));
        let small_depth = if members < keys::FEW_MEMBERS { 0 } else { depth };
        let is_short = len <= string_bytes && len <= tokens; // A token takes a byte at least.
        Self { profile, scratch, is_short, depth, small_depth, are_small: true }
    }
}

impl Desk<'_> {
    /// The item that starts with `byte`, which stands at `at`, if it is an everyday one.
    #[inline(always)]
    pub(super) fn everyday_item(
        &mut self,
        bytes: &[u8],
        (byte, at): (u8, usize),
    ) -> Option<quick::Span> {
        if byte != b'{' && byte != b'[' {
            return quick::scalar(bytes, (byte, at));
        }
        if !self.are_small || !self.may_be_small() {
            return None;
        }
        let value = quick::value(bytes, (byte, at), |_, _| ());
        self.are_small = value.is_some();
        value
    }

    /// Counts one more token, which stands at a place.
    #[inline(always)]
    pub(super) fn count(&mut self, at: u32) -> Result<(), Wrong> {
        match self.scratch.tokens_left.checked_sub(1) {
            Some(left) => self.scratch.tokens_left = left,
            None => return Err((SyntaxKind::TooManyTokens, at)),
        }
        Ok(())
    }

    /// Gives back the token that was counted last, for somebody else to count it.
    #[inline(always)]
    pub(super) fn count_again(&mut self) {
        self.scratch.tokens_left = self.scratch.tokens_left.saturating_add(1);
    }

    /// Whether one more container may be open, of as many members as are read at one look.
    #[inline(always)]
    pub(super) const fn may_be_small(&self) -> bool {
        self.scratch.frames.len() < self.small_depth
    }

    /// Whether one more container may be open.
    #[inline(always)]
    pub(super) const fn may_open(&self) -> bool {
        self.scratch.frames.len() < self.depth
    }
}
