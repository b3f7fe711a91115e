//! Tokens for the tests, made by hand: whatever header, whatever claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

pub(crate) const KEY: &[u8] = include_bytes!("../../../../weir-testkit/data/rsa-2048-one.pk8");
pub(crate) const OTHER_KEY: &[u8] =
    include_bytes!("../../../../weir-testkit/data/rsa-2048-two.pk8");
pub(crate) const KID: &str = "gv-one";

/// A good token of a customer at `now`, in seconds.
pub(crate) fn of(customer: &str, store: Option<&str>, now: i64) -> String {
    let mut claims = claims(customer);
    let members = claims.as_object_mut().expect("an object");
    members.remove("sid");
    members.insert("iat".to_owned(), json!(now - 60));
    members.insert("exp".to_owned(), json!(now + 840));
    members.extend(store.map(|store| ("sid".to_owned(), json!(store))));
    signed(&header().to_string(), &claims.to_string())
}

pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "kid": KID, "typ": "JWT"})
}

/// What a good token of the shop's claims, at the start of 2026.
pub(crate) fn claims(customer: &str) -> Value {
    json!({
        "sub": customer, "sid": "shop", "pid": "pln_on", "iss": "https://genvoris.org",
        "aud": "genvoris-widget", "iat": NOW - 60, "exp": NOW + 840, "jti": format!("{customer}-1-r"),
    })
}

pub(crate) fn signed(header: &str, claims: &str) -> String {
    signed_with(KEY, &RSA_PKCS1_SHA256, &format!("{}.{}", part(header), part(claims)))
}

/// What `message` is with a signature of it.
pub(crate) fn signed_with(key: &[u8], encoding: &'static dyn RsaEncoding, message: &str) -> String {
    let pair = RsaKeyPair::from_pkcs8(key).expect("a key");
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = SystemRandom::new();
    pair.sign(encoding, &random, message.as_bytes(), &mut signature).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// 2026-01-01T00:00:00Z, in seconds.
pub(crate) const NOW: i64 = 1_767_225_600;
