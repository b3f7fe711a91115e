//! The laws of the room `token`, and the tables behind them.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in the helpers of tests, a wrong table is a failing test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use weir_core::id::{ClassId, Name, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::offered::sole;
use weir_core::token::{
    Ambiguous, Cause, ClassDefinition, Classes, Credential, Digest, Environment, Forbidden,
    Malformed, Offered, Order, Origins, Pepper, Presented, Principal, Registry, Status,
    Unauthenticated,
};

const CATALOG: &str = r#"{
    "browser": {"prefix": "pub_", "alphabet": "token", "length": {"min": 1, "max": 64},
                "environment": "live", "may": ["pageview", "identify", "event"]},
    "server":  {"prefix": "sec_", "alphabet": "token", "length": {"min": 1, "max": 64},
                "environment": "live", "may": ["event", "identify", "pageview", "revenue"]},
    "store":   {"prefix": "gvk_live_", "alphabet": "token", "length": {"min": 32, "max": 32},
                "environment": "live", "may": ["track"]},
    "trial":   {"prefix": "gvk_test_", "alphabet": "token", "length": {"min": 32, "max": 32},
                "environment": "test", "may": ["track"]},
    "project": {"prefix": "unprice_live_", "alphabet": "base58", "length": {"min": 22, "max": 22},
                "environment": "live", "may": ["ingest", "verify"]},
    "checked": {"prefix": "wk_", "alphabet": "base62", "check": "crc32",
                "length": {"min": 38, "max": 38}, "environment": "live"},
    "short":   {"prefix": "w", "alphabet": "hex", "length": {"min": 4, "max": 64},
                "environment": "test"}
}"#;

fn definitions(json: &str) -> BTreeMap<Name, ClassDefinition> {
    serde_json::from_str(json).unwrap()
}

fn classes() -> Classes {
    Classes::compile(&definitions(CATALOG)).unwrap()
}

fn credential(class: ClassId) -> Credential {
    Credential {
        class,
        epoch: 3,
        expires: None,
        origins: Origins::ANY,
        scope: ScopeId(7),
        status: Status::Active,
    }
}

/// Well-formed keys, one of each class of `CATALOG` without check digits.
const KEYS: [(&str, &str); 6] = [
    ("browser", "pub_test_alpha"),
    ("server", "sec_test_alpha"),
    ("store", "gvk_live_RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR"),
    ("trial", "gvk_test_TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT"),
    ("project", "unprice_live_123456789ABCDEFGHJKLMN"),
    ("short", "w0123456789abcdef"),
];

fn malformed(classes: &Classes, text: &str) -> Option<Malformed> {
    classes.classify(text.as_bytes()).err()
}

// ---- check digits -------------------------------------------------------------------------------

/// The same sum by table, as the catalogue of CRC algorithms describes it.
fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256_u32)
        .map(|byte| {
            (0..8).fold(byte, |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
        })
        .collect();
    let index = |sum: u32, byte: u8| (sum & 0xFF) as usize ^ usize::from(byte);
    !bytes.iter().fold(!0, |sum, byte| table[index(sum, *byte)] ^ (sum >> 8))
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn sealed(start: &str) -> String {
    let sum = u64::from(crc32(start.as_bytes()));
    let digit = |power: u32| char::from(BASE62[(sum / 62_u64.pow(power) % 62) as usize]);
    start.chars().chain((0..6).rev().map(digit)).collect()
}

/// `count` keys of class `checked`, the same at each run.
fn sealed_keys(count: usize) -> Vec<String> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(BASE62[(state >> 33) as usize % 62])
    };
    (0..count)
        .map(|_| {
            sealed(
                &std::iter::once("wk_".to_owned())
                    .chain((0..32).map(|_| draw().into()))
                    .collect::<String>(),
            )
        })
        .collect()
}

#[test]
fn one_typo_is_refused_offline() {
    let classes = classes();
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926, "the catalogue's check value");
    let mut refused = 0_u64;
    for key in sealed_keys(1_000) {
        assert!(classes.classify(key.as_bytes()).is_ok(), "{key}");
        let mut text = key.into_bytes();
        for at in 0..text.len() {
            let kept = text[at];
            for other in (0..=255).filter(|byte| *byte != kept) {
                text[at] = other;
                assert!(classes.classify(&text).is_err(), "{}", text.escape_ascii());
                refused += 1;
            }
            text[at] = kept;
            if at > 0 && text[at - 1] != kept {
                text.swap(at - 1, at);
                assert!(classes.classify(&text).is_err(), "{}", text.escape_ascii());
                text.swap(at - 1, at);
            }
        }
    }
    assert_eq!(refused, 1_000 * 41 * 255);
}

/// The last byte of the body swapped with the first check digit is the one typing error that moves
/// both sides. The first digit is 0 to 4, or the sum would not fit 32 bits; so is then the other.
#[test]
fn a_swap_over_the_seam_is_refused_too() {
    for (left, right) in (0..5_u8).flat_map(|a| (0..5_u8).map(move |b| (a, b))) {
        if left == right {
            continue;
        }
        let flipped = i64::from(crc32(&[b'0' + left]) ^ crc32(&[b'0' + right]));
        let moved = (i64::from(left) - i64::from(right)) * 62_i64.pow(5);
        // sum ^ flipped == sum + moved, exactly when the bits of `flipped` that were set in `sum`
        // add up to this:
        let twice = flipped - moved;
        let possible = twice >= 0 && twice % 2 == 0 && (twice / 2) & !flipped == 0;
        assert!(!possible, "{left} and {right}");
    }
}

#[test]
fn a_key_is_spelled_as_its_class_says() {
    let classes = classes();
    for (class, key) in KEYS {
        let presented = classes.classify(key.as_bytes()).unwrap();
        assert_eq!(Some(presented.class()), classes.id(class), "{key}");
    }
    let len = |len| Some(Malformed::BadLength { len });
    let at = |at| Some(Malformed::BadByte { at });
    let table = [
        ("", Some(Malformed::Empty)),
        ("pub", Some(Malformed::UnknownPrefix)),
        ("PUB_TEST_ALPHA", Some(Malformed::UnknownPrefix)),
        (" pub_test_alpha", Some(Malformed::UnknownPrefix)),
        ("pub_", len(4)),
        ("pub_test_alpha ", at(14)),
        ("pub_test\nalpha", at(8)),
        ("pub_té", at(5)),
        ("gvk_live_RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR", len(40)),
        ("gvk_live_RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR", len(42)),
        ("unprice_live_123456789ABCDEFGHJKLM0", at(34)),
        ("unprice_live_I23456789ABCDEFGHJKLMN", at(13)),
        ("w0123456789abcdeF", at(16)),
        ("w0123456789abcdeg", at(16)),
        // The longest prefix wins, although `w` would have taken the length.
        ("wk_12345", len(8)),
    ];
    for (text, expected) in table {
        assert_eq!(malformed(&classes, text), expected, "{text}");
    }
}

// ---- secrets ------------------------------------------------------------------------------------

/// Everything of this room that can be shown, when `key` is a secret of the server's.
fn shown(key: &str, other: &str) -> String {
    let classes = classes();
    let mut out = String::new();
    let mut show = |thing: &dyn Debug| out += &format!("{thing:?} {thing:#?} ");
    let mut pepper = [0; 32];
    pepper.iter_mut().zip(key.bytes().skip(4)).for_each(|(into, byte)| *into = byte);
    let pepper = Pepper::new(pepper);
    let mut registry = Registry::new(1, Some(pepper.clone()));
    let presented = classes.classify(key.as_bytes()).unwrap();
    let unknown = classes.classify(other.as_bytes()).unwrap();
    let digest = registry.digest(&presented);
    let server = credential(classes.id("server").unwrap());
    registry.insert(digest, server.clone()).unwrap();
    let full = registry.insert(registry.digest(&unknown), server.clone()).unwrap_err();
    let known = registry.authenticate(&classes, &presented, Timestamp::EPOCH).unwrap();
    let refused = registry.authenticate(&classes, &unknown, Timestamp::EPOCH).unwrap_err();
    let offered = Offered { header: Some(key.as_bytes()), body: Some(other.as_bytes()) };
    let damaged = [format!("{key} "), format!("x{key}"), key.repeat(9)];
    for text in &damaged {
        let malformed = classes.classify(text.as_bytes()).unwrap_err();
        show(&(malformed, malformed.to_string(), Unauthenticated::from(malformed)));
        show(&Unauthenticated::from(malformed).cause().to_string());
    }
    show(&(&presented, presented.to_string(), &digest, &pepper, &registry, &server));
    show(&(&known, known.whatever_origin(), refused, refused.to_string(), refused.cause()));
    show(&(full, full.to_string(), offered, offered.choose(Order::MustAgree), &classes));
    show(&(Forbidden::Class, Forbidden::Origin.to_string(), Ambiguous.to_string()));
    out
}

/// Four neighbouring bytes of `secret` as text, as hex and as the numbers that a derived `Debug`
/// writes.
fn holds(out: &str, secret: &str) -> bool {
    secret.as_bytes().windows(4).any(|part| {
        let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers = part.iter().map(u8::to_string).collect::<Vec<_>>();
        out.contains(&*String::from_utf8_lossy(part))
            || out.contains(&hex)
            || out.contains(&numbers.join(", "))
            || out.contains(&numbers.join(",\n"))
    })
}

proptest! {
    #[test]
    fn secret_never_shows(body in "[G-Z]{24,48}", other in "[G-Z]{24,48}") {
        let out = shown(&format!("sec_{body}"), &format!("sec_{other}"));
        prop_assert!(out.contains("sec_"), "the start may show, so the scan has something to read");
        prop_assert!(!holds(&out, &body), "{out}");
        prop_assert!(!holds(&out, &other), "{out}");
        let digest = Digest::of(format!("sec_{body}").as_bytes(), None);
        let text = format!("{digest:?}");
        prop_assert!(text.len() < 16, "a digest of a short key could be searched for: {text}");
    }
}

#[test]
fn a_short_key_shows_no_more_than_a_quarter() {
    let classes = classes();
    let masked = |key: &str| classes.classify(key.as_bytes()).unwrap().to_string();
    assert_eq!(masked("pub_test_alpha"), "pub_te...");
    assert_eq!(masked("pub_abc"), "pub_...");
    assert_eq!(masked("unprice_live_123456789ABCDEFGHJKLMN"), "unpric...");
}

#[test]
fn digests_are_the_published_ones() {
    let hex = |digest: Digest| {
        digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    // FIPS 180-4's example.
    assert_eq!(
        hex(Digest::of(b"abc", None)),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    // RFC 4231, cases 1 and 2; zeros after the key change nothing.
    let padded = |key: &[u8]| {
        let mut all = [0; 32];
        all[..key.len()].copy_from_slice(key);
        Pepper::new(all)
    };
    assert_eq!(
        hex(Digest::of(b"Hi There", Some(&padded(&[0x0b; 20])))),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    assert_eq!(
        hex(Digest::of(b"what do ya want for nothing?", Some(&padded(b"Jefe")))),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

// ---- classes and what they may do -----------------------------------------------------------------

/// A registry in which `key` is on record with this credential.
fn with(classes: &Classes, key: &str, credential: Credential) -> Registry {
    let mut registry = Registry::new(8, None);
    let presented = classes.classify(key.as_bytes()).unwrap();
    registry.insert(registry.digest(&presented), credential).unwrap();
    registry
}

fn authenticate(
    registry: &Registry,
    classes: &Classes,
    key: &str,
    now: Timestamp,
) -> Result<Principal, Unauthenticated> {
    let presented: Presented<'_> = classes.classify(key.as_bytes())?;
    registry.authenticate(classes, &presented, now).map(|known| known.whatever_origin())
}

/// Class, what it may do, environment: by hand.
const ALLOWED: [(&str, &[&str], Environment); 6] = [
    ("browser", &["pageview", "event", "identify"], Environment::Live),
    ("server", &["pageview", "event", "identify", "revenue"], Environment::Live),
    ("store", &["track"], Environment::Live),
    ("trial", &["track"], Environment::Test),
    ("project", &["ingest", "verify"], Environment::Live),
    ("short", &[], Environment::Test),
];

const ACTIONS: [&str; 10] = [
    "pageview", "event", "identify", "revenue", "track", "ingest", "verify", "", "Revenue",
    "events",
];

#[test]
fn class_comes_from_the_record() {
    let classes = classes();
    for (_, key) in KEYS {
        for (class, allowed, environment) in ALLOWED {
            let id = classes.id(class).unwrap();
            let registry = with(&classes, key, credential(id));
            let principal = authenticate(&registry, &classes, key, Timestamp::EPOCH).unwrap();
            assert_eq!(principal.class(), id, "{key} on record as {class}");
            assert_eq!(principal.environment(), environment, "{key} on record as {class}");
            assert_eq!((principal.scope(), principal.epoch()), (ScopeId(7), 3));
            for action in ACTIONS {
                let may = classes.may(principal, action);
                let expected =
                    if allowed.contains(&action) { Ok(()) } else { Err(Forbidden::Class) };
                assert_eq!(may, expected, "{key} on record as {class}, {action}");
            }
        }
    }
}

#[test]
fn a_class_keeps_its_id_over_reloads() {
    let catalog = definitions(
        r#"{"m": {"prefix": "m_", "alphabet": "hex", "length": {"min": 1, "max": 9},
                  "environment": "live", "may": ["read"]},
            "n": {"prefix": "n_", "alphabet": "hex", "length": {"min": 1, "max": 9},
                  "environment": "live", "may": ["write"]}}"#,
    );
    let first = Classes::compile(&catalog).unwrap();
    let (m, n) = (first.id("m").unwrap(), first.id("n").unwrap());
    let registry = with(&first, "m_1", credential(m));
    let before = authenticate(&registry, &first, "m_1", Timestamp::EPOCH).unwrap();
    // `a` sorts first, `m` is gone, and its prefix goes to `a`.
    let second = first
        .replaced_by(&definitions(
            r#"{"a": {"prefix": "m_", "alphabet": "hex", "length": {"min": 1, "max": 9},
                      "environment": "live", "may": ["read", "write"]},
                "n": {"prefix": "n_", "alphabet": "hex", "length": {"min": 1, "max": 9},
                      "environment": "test"}}"#,
        ))
        .unwrap();
    assert_eq!(second.id("n"), Some(n));
    assert_eq!(second.name(n).map(Name::as_str), Some("n"));
    assert_eq!((second.id("m"), second.name(m), second.environment(m)), (None, None, None));
    assert!(second.id("a").is_some_and(|a| a != m && a != n));
    assert_eq!(second.may(before, "read"), Err(Forbidden::Class));
    let refused = authenticate(&registry, &second, "m_1", Timestamp::EPOCH).unwrap_err();
    assert_eq!(refused.cause(), Cause::NoClass);
    // Back again, with the id that it had, and the record is good again.
    let third = second.replaced_by(&catalog).unwrap();
    assert_eq!((third.id("m"), third.id("n"), third.id("a")), (Some(m), Some(n), None));
    assert!(authenticate(&registry, &third, "m_1", Timestamp::EPOCH).is_ok());
}

#[test]
fn all_faults_are_reported_at_once() {
    let faults = Classes::compile(&definitions(
        r#"{"a": {"prefix": "", "alphabet": "hex", "length": {"min": 0, "max": 9},
                  "environment": "live"},
            "b": {"prefix": "p p", "alphabet": "hex", "length": {"min": 9, "max": 8},
                  "environment": "live"},
            "c": {"prefix": "same_", "alphabet": "hex", "length": {"min": 1, "max": 257},
                  "environment": "live"},
            "d": {"prefix": "same_", "alphabet": "hex", "length": {"min": 6, "max": 8},
                  "check": "crc32", "environment": "live"}}"#,
    ))
    .unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(
        found,
        [
            ("/a/length", "token.length"),
            ("/a/prefix", "token.prefix"),
            ("/b/length", "token.length"),
            ("/b/prefix", "token.prefix"),
            ("/c/length", "token.length"),
            ("/d/length", "token.length"),
            ("/d/prefix", "token.prefix_taken"),
        ]
    );
    assert!(serde_json::from_str::<ClassDefinition>(r#"{"prefix": "p_"}"#).is_err());
}

// ---- standing -----------------------------------------------------------------------------------

#[test]
fn revoked_is_unknown_outside() {
    let classes = classes();
    let now = Timestamp::from_millis(1_000).unwrap();
    let good = credential(classes.id("server").unwrap());
    let late = Some(now);
    let table = [
        (Credential { status: Status::Revoked, ..good.clone() }, Cause::Revoked),
        (Credential { status: Status::Disabled, ..good.clone() }, Cause::Disabled),
        (Credential { expires: late, ..good.clone() }, Cause::Expired),
        (Credential { class: ClassId(99), ..good.clone() }, Cause::NoClass),
        // Of two causes the first in the declared order.
        (Credential { status: Status::Revoked, expires: late, ..good.clone() }, Cause::Revoked),
        (Credential { status: Status::Disabled, expires: late, ..good.clone() }, Cause::Expired),
    ];
    let key = "sec_test_alpha";
    let mut answers = vec![authenticate(&Registry::new(1, None), &classes, key, now).unwrap_err()];
    assert_eq!(answers[0].cause(), Cause::Unknown);
    for (credential, cause) in table {
        let registry = with(&classes, key, credential);
        let refused = authenticate(&registry, &classes, key, now).unwrap_err();
        assert_eq!(refused.cause(), cause);
        answers.push(refused);
    }
    answers.push(authenticate(&with(&classes, key, good), &classes, "sec_ ", now).unwrap_err());
    let outside: BTreeSet<String> = (answers.iter())
        .map(|one| {
            let source = std::error::Error::source(one).map(ToString::to_string);
            format!("{one} {one:?} {one:#?} {} {source:?}", one.code())
        })
        .collect();
    assert_eq!(outside.len(), 1, "{outside:?}");
    let codes: BTreeSet<&str> = answers.iter().map(|one| one.cause().code()).collect();
    assert_eq!(codes.len(), 6, "the causes themselves do differ: {codes:?}");
}

#[test]
fn a_credential_holds_until_it_expires() {
    let classes = classes();
    let at = |millis| Timestamp::from_millis(millis).unwrap();
    let ends = Credential { expires: Some(at(1_000)), ..credential(classes.id("server").unwrap()) };
    let registry = with(&classes, "sec_a", ends);
    assert!(authenticate(&registry, &classes, "sec_a", at(999)).is_ok());
    assert!(authenticate(&registry, &classes, "sec_a", at(1_000)).is_err());
}

#[test]
fn a_registry_is_bounded_and_ordered() {
    let classes = classes();
    let server = credential(classes.id("server").unwrap());
    let digests: Vec<Digest> =
        (0..50_u8).map(|n| Digest::of(&[n], Some(&Pepper::new([9; 32])))).collect();
    let filled = |order: &[Digest]| {
        let mut registry = Registry::new(50, None);
        for digest in order {
            assert_eq!(registry.insert(*digest, server.clone()), Ok(None));
        }
        registry
    };
    let mut backwards = digests.clone();
    backwards.reverse();
    let (one, two) = (filled(&digests), filled(&backwards));
    assert_eq!(one.in_order(), two.in_order());
    assert!(one.in_order().is_sorted_by_key(|(digest, _)| digest.as_bytes()));
    let mut full = two;
    let next = Digest::of(b"one more", None);
    assert_eq!(full.insert(next, server.clone()).unwrap_err().capacity, 50);
    let revoked = Credential { status: Status::Revoked, ..server.clone() };
    assert_eq!(full.insert(digests[4], revoked.clone()), Ok(Some(server.clone())));
    assert_eq!(full.get(&digests[4]), Some(&revoked));
    assert_eq!(full.remove(&digests[4]), Some(revoked));
    assert_eq!(full.get(&digests[4]), None);
    assert_eq!(full.remove(&digests[4]), None);
    assert_eq!(full.insert(next, server), Ok(None));
}

#[test]
fn a_pepper_makes_another_registry() {
    let classes = classes();
    let server = credential(classes.id("server").unwrap());
    let presented = classes.classify(b"sec_test_alpha").unwrap();
    let mut peppered = Registry::new(8, Some(Pepper::new([1; 32])));
    peppered.insert(presented.digest(None), server.clone()).unwrap();
    let refused = peppered.authenticate(&classes, &presented, Timestamp::EPOCH).unwrap_err();
    assert_eq!(refused.cause(), Cause::Unknown);
    peppered.insert(peppered.digest(&presented), server).unwrap();
    assert!(peppered.authenticate(&classes, &presented, Timestamp::EPOCH).is_ok());
}

#[test]
fn a_principal_is_twelve_bytes() {
    assert_eq!(size_of::<Principal>(), 12);
}

// ---- origins --------------------------------------------------------------------------------------

const SHOP: &[&str] = &["shop.com", "*.example.com"];

/// One row for each `genvoris/track/domain-*` vector: list, origin, whether it is allowed.
const VECTORS: [(&str, &[&str], Option<&str>, bool); 10] = [
    ("subdomain-of-exact", SHOP, Some("https://www.shop.com"), false),
    ("prefix-trick", SHOP, Some("https://example.com.evil.com"), false),
    ("userinfo-trick", SHOP, Some("https://shop.com@evil.com"), false),
    ("port", SHOP, Some("https://shop.com:8443"), true),
    ("missing", SHOP, None, false),
    ("empty", SHOP, Some(""), false),
    ("bare-host", SHOP, Some("shop.com"), true),
    ("unrestricted-key", &[], Some("https://anything.example"), true),
    ("unrestricted-missing-origin", &[], None, true),
    ("beats-token", SHOP, Some("https://evil.com"), false),
];

#[test]
fn origins_are_read_as_the_vectors_say() {
    for (id, list, origin, allowed) in VECTORS {
        let origins = Origins::parse(list.iter().copied()).unwrap();
        assert_eq!(origins.allows(origin), allowed, "{id}");
    }
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/genvoris.json")).unwrap();
    let mut seen = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        if let Some(id) = id.strip_prefix("genvoris/track/domain-") {
            let row = VECTORS.iter().find(|row| row.0 == id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(row.2, vector["request"]["body"]["origin"].as_str(), "{id}");
            assert_eq!(row.3, vector["expect"]["status"] == 200, "{id}");
            seen += 1;
        }
    }
    assert_eq!(seen, VECTORS.len());
}

#[test]
fn only_a_plain_host_is_an_origin() {
    let origins = Origins::parse(["shop.com", "*.Example.com", "localhost"]).unwrap();
    let allowed = [
        "https://SHOP.com",
        "http://shop.com:80",
        "shop.com:8443",
        "app://shop.com",
        "https://shop.com/p/1?q=@evil.com#x",
        "https://shop.com?@evil.com",
        "a.example.com",
        "https://a.B.example.COM:1",
        "http://localhost:3000",
    ];
    for origin in allowed {
        assert!(origins.allows(Some(origin)), "{origin}");
    }
    let refused = [
        "null",
        "NULL",
        "https://null",
        "https://",
        "://shop.com",
        "//shop.com",
        "https:shop.com",
        "https:/shop.com",
        "https:///shop.com",
        "https://https://shop.com",
        "https://shop.com.",
        "https://.shop.com",
        "https://shop..com",
        "https://shop.com:",
        "https://shop.com:x",
        "https://shop.com:123456",
        "https://shop.com:80:80",
        "https://shop.com@shop.com",
        "https://user:pw@shop.com",
        "https://evil.com\\@shop.com",
        "https://evil.com/@shop.com",
        "https://evil.com#shop.com",
        "https://evil.com?shop.com",
        "https://evil.com\\.example.com",
        "https://evil.com/.example.com",
        "https://evil.com%2f.example.com",
        "https://shop%2ecom",
        "https://shop.com\t",
        " https://shop.com",
        "https://shop.com\0",
        "https://shop。com",
        "https://ѕhop.com",
        "https://[::1]",
        "https://.example.com",
        "https://example.com",
        "https://badexample.com",
        "https://example.com:443.example.com",
        "shop.com, evil.com",
        "https://evil.com https://shop.com",
    ];
    for origin in refused {
        assert!(!origins.allows(Some(origin)), "{origin}");
    }
    let long = format!("{}.example.com", ["a"; 126].join("."));
    assert!(!origins.allows(Some(&long)), "{} bytes", long.len());
}

#[test]
fn a_pattern_is_a_host_or_a_domain() {
    let wrong = [
        "",
        "*",
        "*.",
        "a.*.com",
        "*shop.com",
        "https://shop.com",
        "shop.com:80",
        "null",
        "*.null",
        "shop.com/",
        "a b",
        "*.*.com",
        "ü.de",
    ];
    let faults = Origins::parse(wrong).unwrap_err();
    let pointers: Vec<String> = (0..wrong.len()).map(|at| format!("/{at}")).collect();
    assert_eq!(faults.iter().map(|fault| fault.pointer.clone()).collect::<Vec<_>>(), pointers);
    assert!(faults.iter().all(|fault| fault.code == "token.origin"));
    let many = vec!["shop.com"; Origins::LEN_MAX + 1];
    assert_eq!(Origins::parse(many).unwrap_err()[0].code, "token.origins_too_many");
    let read = Origins::parse(["Shop.com", "*.example.COM"]).unwrap();
    let text: Vec<String> = read.patterns().map(|pattern| pattern.to_string()).collect();
    assert_eq!(text, ["shop.com", "*.example.com"]);
    assert_eq!(Origins::parse(text.iter().map(String::as_str)), Ok(read));
}

proptest! {
    /// Labels of few letters, so that ends often agree; the model compares lists of labels.
    #[test]
    fn origin_labels_are_boundaries(
        domain in prop::collection::vec("[ab]{1,2}", 1..4),
        host in prop::collection::vec("[abAB]{1,2}", 1..6),
    ) {
        let below = Origins::parse([format!("*.{}", domain.join(".")).as_str()]).unwrap();
        let exact = Origins::parse([domain.join(".").as_str()]).unwrap();
        let lower: Vec<String> = host.iter().map(|label| label.to_lowercase()).collect();
        let text = format!("https://{}", host.join("."));
        let under = lower.len() > domain.len() && lower.ends_with(&domain);
        prop_assert_eq!(below.allows(Some(&text)), under, "{} under {:?}", text, domain);
        prop_assert_eq!(exact.allows(Some(&text)), lower == domain, "{} at {:?}", text, domain);
    }
}

// ---- two credentials ------------------------------------------------------------------------------

#[test]
fn two_credentials_are_settled_or_refused() {
    let (a, b): (&[u8], &[u8]) = (b"a", b"b");
    let table = [
        (None, None, [Ok(None), Ok(None), Ok(None)]),
        (Some(a), None, [Ok(Some(a)), Ok(Some(a)), Ok(Some(a))]),
        (None, Some(b), [Ok(Some(b)), Ok(Some(b)), Ok(Some(b))]),
        (Some(a), Some(a), [Ok(Some(a)), Ok(Some(a)), Err(Ambiguous)]),
        (Some(a), Some(b), [Ok(Some(a)), Err(Ambiguous), Err(Ambiguous)]),
    ];
    for (header, body, expected) in table {
        for (order, expected) in
            [Order::HeaderFirst, Order::MustAgree, Order::Sole].into_iter().zip(expected)
        {
            assert_eq!(Offered { header, body }.choose(order), expected, "{order:?}");
        }
    }
    assert_eq!(sole::<&str>([]), Ok(None));
    assert_eq!(sole(["Bearer a"]), Ok(Some("Bearer a")));
    assert_eq!(sole(["Bearer a", "Bearer a"]), Err(Ambiguous));
}
