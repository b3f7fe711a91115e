//! Whose try-on is it? The seam where a session token is verified.

use weir::Timestamp;

/// Verifies session tokens: their signature, their times, and that they were not revoked.
///
/// What a token claims is checked against the store and its customers here, not there.
pub trait Sessions {
    /// What the token claims, if it is good at `now`.
    ///
    /// # Errors
    ///
    /// [`InvalidSession`], the same for every cause. An empty text is no token.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Session, InvalidSession>;
}

/// Refuses every token: what there is until tokens can be verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSessions;

impl Sessions for NoSessions {
    fn verify(&self, _: &str, _: Timestamp) -> Result<Session, InvalidSession> {
        Err(InvalidSession)
    }
}

/// What a good token claims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// The customer's id: the claim `sub`. It may name nobody.
    pub customer: String,
    /// The store's id: the claim `sid`, if the token has it.
    pub store: Option<String>,
}

/// The token is not good.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the session token is not good")]
pub struct InvalidSession;

impl InvalidSession {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "genvoris.invalid_session"
    }
}
