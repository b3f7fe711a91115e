//! Which tokens are good? A matrix of headers, claims and signatures; rotation and revocation.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use serde_json::{Value, json};
use weir::Timestamp;
use weir_genvoris::{Keyring, Signer};

use crate::shop::token::{KEY, KID, NOW, OTHER_KEY, claims, header, part, signed, signed_with};
use crate::shop::{Shop, at, now};

/// What is answered to a report with this token, of a try-on that failed and so costs nothing: 200, or
/// the refusal's code.
fn told(shop: &Shop, token: &str, at: Timestamp) -> String {
    let body = json!({ "end_customer_token": token, "success": false });
    let answer = shop.track_at(&body, at);
    match answer.json()["error"].as_str() {
        Some(code) => code.to_owned(),
        None => answer.status.to_string(),
    }
}

const BAD: &str = "invalid_session_token";

/// A good token's claims with one member replaced by this text.
fn claiming(name: &str, value: &str) -> String {
    let mut claims = claims("ec_ok");
    claims[name] = json!("@");
    signed(&header().to_string(), &claims.to_string().replace("\"@\"", value))
}

/// A good token's claims with more text before the last brace.
fn adding(more: &str) -> String {
    let claims = claims("ec_ok").to_string();
    let members = claims.strip_suffix('}').expect("an object");
    signed(&header().to_string(), &format!("{members},{more}}}"))
}

fn without(name: &str) -> String {
    let mut claims = claims("ec_ok");
    claims.as_object_mut().expect("an object").remove(name);
    signed(&header().to_string(), &claims.to_string())
}

/// A good token under a header of this text.
fn under(header: &str) -> String {
    signed(header, &claims("ec_ok").to_string())
}

fn with_header(name: &str, value: Value) -> String {
    let mut header = header();
    header[name] = value;
    under(&header.to_string())
}

#[test]
fn each_claim_is_what_it_must_be() {
    let shop = Shop::new();
    for (token, expected) in [
        (claiming("sub", "\"ec_ok\""), "200"),
        (claiming("sub", "\"ec_last\""), BAD), // the session's id is another customer's
        (claiming("sub", "\"\""), BAD),
        (claiming("sub", "null"), BAD),
        (claiming("sub", "5"), BAD),
        (claiming("sub", "[\"ec_ok\"]"), BAD),
        (without("sub"), BAD),
        (claiming("sid", "\"other\""), "token_store_mismatch"),
        (claiming("sid", "\"shop \""), "token_store_mismatch"),
        (claiming("sid", "null"), BAD),
        (without("sid"), "token_store_mismatch"),
        (claiming("pid", "null"), "200"),
        (claiming("pid", "{\"sub\": \"ec_full\"}"), "200"),
        (without("pid"), "200"),
        (claiming("iss", "\"https://genvoris.org/\""), BAD),
        (claiming("iss", "[\"https://genvoris.org\"]"), BAD),
        (claiming("iss", "null"), BAD),
        (without("iss"), BAD),
        (claiming("aud", "\"genvoris\""), BAD),
        (claiming("aud", "[\"a\", \"genvoris-widget\"]"), "200"),
        (claiming("aud", "[\"a\"]"), BAD),
        (claiming("aud", "[]"), BAD),
        (claiming("aud", "[[\"genvoris-widget\"]]"), BAD),
        (claiming("aud", "{\"genvoris-widget\": \"genvoris-widget\"}"), BAD),
        (claiming("aud", "[5, \"genvoris-widget\"]"), BAD),
        (without("aud"), BAD),
        (without("jti"), BAD),
        (claiming("jti", "\"\""), BAD),
        (claiming("jti", "\"ec_ok\""), BAD),
        (claiming("jti", "\"ec_ok2-1-r\""), BAD),
        (claiming("jti", "7"), BAD),
        (adding("\"admin\": true"), "200"),
        (adding("\"sub\": \"ec_full\""), BAD),
        (adding("\"\\u0073ub\": \"ec_full\""), BAD),
        (adding("\"exp\": 9999999999"), BAD),
        (adding("\"x\": {\"a\": 1, \"a\": 2}"), BAD),
        (signed(&header().to_string(), "[]"), BAD),
        (signed(&header().to_string(), "\"ec_ok\""), BAD),
        (signed(&header().to_string(), ""), BAD),
        (signed(&header().to_string(), &format!("{} x", claims("ec_ok"))), BAD),
        (signed(&header().to_string(), &format!("\u{feff}{}", claims("ec_ok"))), BAD),
    ] {
        assert_eq!(told(&shop, &token, now()), expected, "{}", shown(&token));
    }
}

#[test]
fn each_instant_is_a_whole_second_and_no_leeway_is_given() {
    let shop = Shop::new();
    let (next, ago) = ((NOW + 1).to_string(), (NOW - 60).to_string());
    let past = NOW.to_string();
    for (name, value, expected) in [
        ("exp", next.as_str(), "200"),
        ("exp", past.as_str(), BAD),
        ("exp", "null", BAD),
        ("exp", "\"1767226440\"", BAD),
        ("exp", "true", BAD),
        ("exp", "[1767226440]", BAD),
        ("exp", "1767226440.0", "200"),
        ("exp", "1767226440.5", BAD),
        ("exp", "1.76722644e9", "200"),
        ("exp", "1e300", BAD),
        ("exp", "-1e300", BAD),
        ("exp", "99999999999999999999", BAD),
        ("exp", "9223372036854775807", BAD),
        ("exp", "-1", BAD),
        ("exp", "0", BAD),
        ("iat", "null", BAD),
        ("iat", "\"1767225540\"", BAD),
        ("iat", "-5", BAD),
        ("iat", "1767225630", "200"), // a clock half a minute ahead made it
        ("iat", "1767225631", BAD),
        ("iat", "1767222840", "200"), // an hour before its end
        ("iat", "1767222839", BAD),
        ("nbf", past.as_str(), "200"),
        ("nbf", next.as_str(), BAD),
        ("nbf", "null", BAD),
        ("nbf", "\"0\"", BAD),
        ("nbf", ago.as_str(), "200"),
    ] {
        let token = claiming(name, value);
        assert_eq!(told(&shop, &token, now()), expected, "{name} {value}");
    }
    for name in ["exp", "iat"] {
        assert_eq!(told(&shop, &without(name), now()), BAD, "no {name}");
    }
    let token = claiming("exp", &next);
    assert_eq!(told(&shop, &token, at("2026-01-01T00:00:00.999Z")), "200");
    assert_eq!(told(&shop, &token, at("2026-01-01T00:00:01Z")), BAD);
}

#[test]
fn the_header_is_ours_and_nothing_else() {
    let shop = Shop::new();
    let good = claims("ec_ok").to_string();
    let jwk = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
    for (token, expected) in [
        (under(&header().to_string()), "200"),
        (under(&format!(r#"{{"typ":"JWT","kid":"{KID}","alg":"RS256"}}"#)), "200"),
        (with_header("alg", json!("none")), BAD),
        (with_header("alg", json!("None")), BAD),
        (with_header("alg", json!("HS256")), BAD),
        (with_header("alg", json!("RS512")), BAD),
        (with_header("alg", json!("PS256")), BAD),
        (with_header("alg", json!("rs256")), BAD),
        (with_header("alg", json!(["RS256"])), BAD),
        (with_header("alg", Value::Null), BAD),
        (with_header("typ", json!("jwt")), BAD),
        (with_header("typ", json!("at+jwt")), BAD),
        (with_header("kid", json!("")), BAD),
        (with_header("kid", Value::Null), BAD),
        (with_header("kid", json!(0)), BAD),
        (with_header("kid", json!("gv-two")), BAD),
        (with_header("kid", json!("../../dev/null")), BAD),
        (with_header("kid", json!("' OR 1=1 --")), BAD),
        (with_header("kid", json!("https://evil.example/jwks.json")), BAD),
        (with_header("crit", json!(["exp"])), BAD),
        (with_header("jku", json!("https://evil.example/jwks.json")), BAD),
        (with_header("x5u", json!("https://evil.example/cert")), BAD),
        (with_header("x5c", json!(["MII"])), BAD),
        (with_header("jwk", jwk), BAD),
        (with_header("b64", json!(false)), BAD),
        (with_header("zip", json!("DEF")), BAD),
        (with_header("cty", json!("JWT")), BAD),
        (under(r#"{"alg":"RS256","typ":"JWT"}"#), BAD),
        (under(&format!(r#"{{"alg":"RS256","kid":"{KID}"}}"#)), BAD),
        (under(&format!(r#"{{"kid":"{KID}","typ":"JWT"}}"#)), BAD),
        (under(&format!(r#"{{"alg":"none","alg":"RS256","kid":"{KID}","typ":"JWT"}}"#)), BAD),
        (under(&format!(r#"{{"alg":"RS256","kid":"x","\u006bid":"{KID}","typ":"JWT"}}"#)), BAD),
        (under("[]"), BAD),
        (under(""), BAD),
        (signed_with(OTHER_KEY, &ring::signature::RSA_PKCS1_SHA256, &whole(&good)), BAD),
        (signed_with(KEY, &RSA_PKCS1_SHA384, &whole(&good)), BAD),
        (signed_with(KEY, &RSA_PKCS1_SHA512, &whole(&good)), BAD),
        (signed_with(KEY, &RSA_PSS_SHA256, &whole(&good)), BAD),
    ] {
        assert_eq!(told(&shop, &token, now()), expected, "{}", shown(&token));
    }
}

#[test]
fn a_token_is_three_parts_of_base64url_and_short() {
    let shop = Shop::new();
    let token = under(&header().to_string());
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let (head, body) = message.split_once('.').expect("two parts");
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut flipped = bytes.clone();
    flipped[0] ^= 1;
    let public = Signer::from_pkcs8(KID, KEY).expect("a key").public();
    let confused = hmac::Key::new(hmac::HMAC_SHA256, format!("{public:?}").as_bytes());
    let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&confused, message.as_bytes()));
    let padded = adding(&format!("\"x\": \"{}\"", "y".repeat(8 << 10)));
    let full = adding(&format!("\"x\": \"{}\"", "y".repeat(5_000)));
    for (token, expected) in [
        (full, "200"),
        (padded, BAD),
        (String::from("."), BAD),
        (String::from(".."), BAD),
        (format!("{head}.{body}"), BAD),
        (format!("{head}.{body}."), BAD),
        (format!("{token}."), BAD),
        (format!("{token}.{signature}"), BAD),
        (format!(" {token}"), BAD),
        (format!("{token}\n"), BAD),
        (format!("{token}="), BAD),
        (format!("Bearer {token}"), BAD),
        (format!("{message}.{}", URL_SAFE.encode(&flipped)), BAD),
        (format!("{message}.{}", URL_SAFE_NO_PAD.encode(&flipped)), BAD),
        (format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes[1..])), BAD),
        (format!("{message}.{}", URL_SAFE_NO_PAD.encode([&bytes[..], b"\0"].concat())), BAD),
        (format!("{message}.{}", STANDARD_NO_PAD.encode([0xff; 256])), BAD),
        (format!("{message}.{mac}"), BAD),
        (format!("{head}.{}.{signature}", part(&claims("ec_full").to_string())), BAD),
        (format!("{}.{body}.{signature}", part("{}")), BAD),
    ] {
        assert_eq!(told(&shop, &token, now()), expected, "{token:.60}");
    }
}

fn whole(claims: &str) -> String {
    format!("{}.{}", part(&header().to_string()), part(claims))
}

/// Header and claims of a token, for whoever reads a failure.
fn shown(token: &str) -> String {
    let parts = token.split('.').take(2);
    let text = |part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    parts.map(|part| text(part).unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_minted_is_good_until_it_ends() {
    let shop = Shop::new();
    let body = json!({"expires_in": 60});
    let minted = shop.ask(("POST", "customers/user_ok/sessions"), &body, now()).json();
    let token = minted["token"].as_str().expect("a token");
    assert_eq!(
        (&minted["expires_at"], &minted["token_type"]),
        (&json!(NOW + 60), &json!("Bearer"))
    );
    assert_eq!(minted["customer"]["plan_name"], json!("pln_on"));
    assert_eq!(told(&shop, token, at("2026-01-01T00:00:59.999Z")), "200");
    assert_eq!(told(&shop, token, at("2026-01-01T00:01:00Z")), BAD);
    for (id, status, error) in [
        ("ec_paused", 403, "customer_inactive"),
        ("ec_cancelled", 403, "customer_inactive"),
        ("ec_nobody", 404, "not_found"),
    ] {
        let path = format!("customers/{id}/sessions");
        let answer = shop.ask(("POST", &path), &Value::Null, now());
        assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(error)));
    }
}

#[test]
fn a_key_that_signs_no_more_verifies_for_an_hour() {
    let mut shop = Shop::new();
    let old = under(&header().to_string());
    let later = at("2026-01-01T00:10:00Z");
    let first = Signer::from_pkcs8(KID, KEY).expect("a key");
    let second = Signer::from_pkcs8("gv-two", OTHER_KEY).expect("a key");
    let keys = Keyring::new(first.clone()).rotate(second, now()).expect("two names");
    assert!(keys.clone().rotate(first.clone(), later).is_err()); // its name is in use
    let hour = at("2026-01-01T01:00:00Z");
    assert!(keys.clone().rotate(first, hour).is_ok()); // and is free again
    shop.genvoris = shop.genvoris.clone().with_keys(keys);
    assert_eq!(told(&shop, &old, later), "200");
    let published = |instant| {
        let request = http::Request::get("/.well-known/jwks.json").body(&b""[..]);
        let set = shop.handle(&request.expect("a request"), instant).json();
        let keys = set["keys"].as_array().expect("keys").clone();
        keys.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(published(at("2026-01-01T00:59:59.999Z")), [KID, "gv-two"]);
    assert_eq!(published(hour), ["gv-two"]);
    let minted = shop.ask(("POST", "customers/ec_ok/sessions"), &Value::Null, later).json();
    let token = minted["token"].as_str().expect("a token");
    assert!(shown(token).contains("gv-two"));
    assert_eq!(told(&shop, token, later), "200");
}

#[test]
fn a_revoked_session_is_refused_from_then_on_and_forgotten_later() {
    let shop = Shop::new();
    let minted = shop.ask(("POST", "customers/ec_ok/sessions"), &Value::Null, now()).json();
    let token = minted["token"].as_str().expect("a token");
    let claims = shown(token);
    let jti = claims.split('"').find(|text| text.starts_with("ec_ok-")).expect("a jti");
    assert_eq!(told(&shop, token, now()), "200");
    for path in
        [format!("customers/ec_ok/sessions/{jti}"), format!("customers/user_ok/sessions/{jti}")]
    {
        let answer = shop.ask(("DELETE", &path), &Value::Null, now());
        assert_eq!(answer.json(), json!({"data": {"jti": jti, "revoked": true}}));
    }
    assert_eq!(told(&shop, token, now()), BAD);
    assert!(shop.genvoris.is_revoked(shop.store(), jti).expect("sound"));
    // An hour later no token of that time lives, and the next revocation drops what is kept of it.
    let later = at("2026-01-01T01:00:00Z");
    shop.ask(("DELETE", "customers/ec_ok/sessions/ec_ok-1-x"), &Value::Null, later);
    assert!(!shop.genvoris.is_revoked(shop.store(), jti).expect("sound"));
    assert_eq!(told(&shop, token, later), BAD);
}

/// Whoever is told that a session is revoked sees no try-on counted with it after that.
#[test]
fn no_try_on_counts_once_its_session_is_revoked() {
    let shop = Shop::new();
    let token = under(&header().to_string());
    let revoked = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let tries = || {
            for _ in 0..200 {
                let before = revoked.load(std::sync::atomic::Ordering::SeqCst);
                let told = told(&shop, &token, now());
                assert!(!before || told == BAD, "{told}");
            }
        };
        scope.spawn(tries);
        scope.spawn(tries);
        let answer =
            shop.ask(("DELETE", "customers/ec_ok/sessions/ec_ok-1-r"), &Value::Null, now());
        assert_eq!(answer.status, 200);
        revoked.store(true, std::sync::atomic::Ordering::SeqCst);
    });
}
