//! What does a token say? Read by a library's signature check and a JSON parser, and by nothing of the
//! adapter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

/// The header and the claims of a token that a key of the set signed.
pub(super) fn verified(set: &Value, compact: &str) -> Option<Value> {
    let (signed, signature) = compact.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let json = |text: &str| serde_json::from_slice::<Value>(&part(text)?).ok();
    let (header, claims) = (json(header)?, json(claims)?);
    let mut keys = set.get("keys")?.as_array()?.iter();
    let key = keys.find(|key| key.get("kid") == header.get("kid"))?;
    let number = |name: &str| part(key.get(name)?.as_str()?);
    let key = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
    let signature = part(signature)?;
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).ok()?;
    Some(json!({ "header": header, "claims": claims }))
}
