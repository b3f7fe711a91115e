//! Is this session ours, and still good? Tokens of one algorithm, one header and one audience.
//!
//! The library does the signature and nothing else. The header has `alg`, `kid` and `typ`, and no
//! member beside them; `kid` is looked up among the keys that the host gave. The claims are read
//! once, from the bytes that were signed, by the same lexer as every body: a key that stands twice,
//! a number that is none, a second of no calendar end it there.
//!
//! # Source
//!
//! RFC 7515 and 7519, narrowed to what [`mint`] makes. A token of more than 8 KiB is not read. A
//! session that would live longer than any that is made, or that is from the future by more than a
//! clock may be ahead, is refused: these two are ours, since revocations are kept for that long.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use weir::{Span, Timestamp};
use weir_core::amount::Precision;
use weir_core::json::{Lexer, Number, Profile, Scratch, Text, Token};

use crate::keyring::{Keyring, LIFE_MAX, Signer};

/// What a good token claims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Session {
    /// The customer's id: the claim `sub`. It may name nobody.
    pub(crate) customer: String,
    /// The store's id: the claim `sid`, if the token has it.
    pub(crate) store: Option<String>,
    /// The session's own: the claim `jti`.
    pub(crate) id: String,
}

/// What a new token claims.
#[derive(Serialize)]
pub(crate) struct Claims<'a> {
    pub(crate) sub: &'a str,
    pub(crate) sid: &'a str,
    pub(crate) pid: Option<&'a str>,
    pub(crate) iss: &'static str,
    pub(crate) aud: &'static str,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: &'a str,
}

/// The token of these claims.
pub(crate) fn mint(signer: &Signer, claims: &Claims<'_>) -> Option<String> {
    let header = Header { alg: ALGORITHM, kid: signer.kid(), typ: TYPE };
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let header = part(serde_json::to_vec(&header).ok()?);
    let signed = format!("{header}.{}", part(serde_json::to_vec(claims).ok()?));
    let signature = part(signer.sign(signed.as_bytes())?);
    Some(format!("{signed}.{signature}"))
}

/// What a token claims, if it is ours and good at `now`. That it was revoked is not known here.
pub(crate) fn verify(keys: &Keyring, token: &str, now: Timestamp) -> Option<Session> {
    if token.len() > LEN_MAX {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let (header, claims, signature) = (part(header)?, part(claims)?, part(signature)?);
    let kid = kid_of(&header)?;
    let key = keys.good(now).find(|key| key.kid() == kid)?;
    if !key.signed(signed.as_bytes(), &signature) {
        return None;
    }
    Sent::read(&claims)?.session(now)
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

/// The `kid` of a header that says what ours say, and nothing else.
fn kid_of(header: &[u8]) -> Option<String> {
    let (mut kid, mut algorithm, mut kind) = (None, false, false);
    members(header, |key, value| {
        let Token::String(text) = value else { return None };
        match name(key)?.as_str() {
            "alg" => algorithm = text == ALGORITHM,
            "kid" => kid = name(text),
            "typ" => kind = text == TYPE,
            _ => return None, // `crit`, `jku`, `jwk`, `x5u`, `b64`, `zip`: nothing that we make
        }
        Some(())
    })?;
    kid.filter(|_| algorithm && kind)
}

/// The claims that count, as they stand in a token.
#[derive(Default)]
struct Sent {
    sub: Option<String>,
    sid: Option<String>,
    jti: Option<String>,
    iss: bool,
    aud: bool,
    iat: Option<Timestamp>,
    nbf: Option<Timestamp>,
    exp: Option<Timestamp>,
}

impl Sent {
    fn read(claims: &[u8]) -> Option<Self> {
        let mut sent = Self::default();
        members(claims, |key, value| {
            match (name(key)?.as_str(), value) {
                ("sub", Token::String(text)) => sent.sub = name(text),
                ("sid", Token::String(text)) => sent.sid = name(text),
                ("jti", Token::String(text)) => sent.jti = name(text),
                ("iss", Token::String(text)) => sent.iss = text == ISSUER,
                ("aud", Token::String(text)) => sent.aud |= text == AUDIENCE,
                ("aud", Token::ArrayStart) => {}
                ("iat", Token::Number(number)) => sent.iat = Some(second(number)?),
                ("nbf", Token::Number(number)) => sent.nbf = Some(second(number)?),
                ("exp", Token::Number(number)) => sent.exp = Some(second(number)?),
                ("sub" | "sid" | "jti" | "iss" | "aud" | "iat" | "nbf" | "exp", _) => return None,
                _ => {}
            }
            Some(())
        })?;
        Some(sent)
    }

    fn session(self, now: Timestamp) -> Option<Session> {
        let Self { sub, sid, jti, iss, aud, iat, nbf, exp } = self;
        let (sub, jti, iat, exp) = (sub?, jti?, iat?, exp?);
        let ours = iss && aud && jti.strip_prefix(sub.as_str())?.starts_with('-');
        let begun = nbf.is_none_or(|from| from <= now) && iat <= now.checked_add(AHEAD_MAX)?;
        let lives = now < exp && exp <= iat.checked_add(LIFE_MAX)?;
        (ours && begun && lives).then_some(Session { customer: sub, store: sid, id: jti })
    }
}

/// Hands each member of a document that is an object to `take`: its key, and its value. The items of
/// a list that stands right there come one by one under its key, after its start; of anything else
/// that is not plain, the start is all that comes.
fn members<'a>(
    document: &'a [u8],
    mut take: impl FnMut(Text<'a>, Token<'a>) -> Option<()>,
) -> Option<()> {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(document, &Profile::STRICT, &mut scratch).ok()?;
    let Some(Token::ObjectStart) = lexer.token().ok()? else { return None };
    let (mut key, mut depth) = (None, 0_u32);
    while let Some(token) = lexer.token().ok()? {
        match token {
            Token::Key(text) if depth == 0 => key = Some(text),
            Token::ArrayEnd | Token::ObjectEnd => depth = depth.saturating_sub(1),
            Token::ArrayStart | Token::ObjectStart => {
                if depth == 0 {
                    take(key?, token)?;
                }
                depth = depth.saturating_add(1);
            }
            Token::Key(_) => {}
            plain if depth <= 1 => take(key?, plain)?,
            _ => {}
        }
    }
    Some(())
}

/// The text, where it names anything.
fn name(text: Text<'_>) -> Option<String> {
    let text: String = text.chars().collect();
    (!text.is_empty()).then_some(text)
}

/// The instant of a whole second, as RFC 7519 counts them.
fn second(number: Number<'_>) -> Option<Timestamp> {
    let seconds = number.quantity(Precision::Exact).ok()?.as_units().filter(|at| *at >= 0)?;
    Timestamp::from_millis(seconds.checked_mul(1_000)?).ok()
}

pub(crate) const ISSUER: &str = "https://genvoris.org";
pub(crate) const AUDIENCE: &str = "genvoris-widget";
const ALGORITHM: &str = "RS256";
const TYPE: &str = "JWT";
const LEN_MAX: usize = 8 << 10;
/// How far the clock of who made a session may be ahead: half a minute, ours.
const AHEAD_MAX: Span = match Span::from_millis(30_000) {
    Ok(ahead) => ahead,
    Err(_) => Span::ZERO,
};
