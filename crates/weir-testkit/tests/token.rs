//! The laws of the room `token`, and the tables behind them.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, a wrong table is a failing test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::json;
use weir_core::id::{ClassId, Name, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::offered::sole;
use weir_core::token::{
    Ambiguous, ByDigest, Cause, ClassDefinition, Classes, Credential, Digest, Environment,
    Forbidden, Malformed, MintError, Offered, Order, OriginRule, Origins, Pepper, Presented,
    Principal, Registry, Status, Unauthenticated, Unstated,
};
use weir_testkit::model::token as model;
use weir_testkit::model::token::Difference;

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

/// Random bytes for a key, the same at each run.
fn random(seed: u64) -> [u8; Classes::RANDOM_LEN] {
    let mut bytes = [0; Classes::RANDOM_LEN];
    for (place, into) in bytes.chunks_mut(32).enumerate() {
        let block = [seed.to_be_bytes(), (place as u64).to_be_bytes()].concat();
        into.copy_from_slice(Digest::of(&block, None).as_bytes());
    }
    bytes
}

#[test]
fn one_typo_is_refused_offline() {
    let classes = classes();
    assert_eq!(model::crc32(b"123456789"), 0xCBF4_3926, "the catalogue's check value");
    let (mut edits, mut swaps) = (0_u64, 0_u64);
    for seed in 0..1_000 {
        let key = classes.mint(classes.id("checked").unwrap(), &random(seed)).unwrap();
        assert!(classes.classify(key.as_bytes()).is_ok(), "{key}");
        let mut text = key.into_bytes();
        for at in 0..text.len() {
            let kept = text[at];
            for other in (0..=255).filter(|byte| *byte != kept) {
                text[at] = other;
                assert!(classes.classify(&text).is_err(), "{}", text.escape_ascii());
                edits += 1;
            }
            text[at] = kept;
            for other in 0..at {
                if text[other] == kept {
                    continue;
                }
                text.swap(at, other);
                assert!(classes.classify(&text).is_err(), "{}", text.escape_ascii());
                text.swap(at, other);
                swaps += 1;
            }
        }
    }
    assert_eq!(edits, 1_000 * 41 * 255);
    assert!(swaps > 1_000 * 41 * 40 / 2 * 9 / 10, "{swaps} swaps of different bytes");
}

/// The last byte of the body swapped with the first check digit is the one typing error that moves
/// both sides. The first digit is 0 to 4, or the sum would not fit 32 bits; so is then the other.
#[test]
fn a_swap_over_the_seam_is_refused_too() {
    for (left, right) in (0..5_u8).flat_map(|a| (0..5_u8).map(move |b| (a, b))) {
        if left == right {
            continue;
        }
        let flipped = i64::from(model::crc32(&[b'0' + left]) ^ model::crc32(&[b'0' + right]));
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

proptest! {
    /// Keys, and keys with an edit or two.
    #[test]
    fn same_as_slow_reader(
        seed in any::<u64>(),
        class in 0..7_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (classes, definitions) = (classes(), definitions(CATALOG));
        let name = definitions.keys().nth(class).unwrap();
        let mut text = classes.mint(classes.id(name.as_str()).unwrap(), &random(seed)).unwrap().into_bytes();
        for (at, byte) in edits {
            *at.get_mut(&mut text) = byte;
        }
        text.truncate(cut.map_or(text.len(), |cut| cut.index(text.len() + 1)));
        let read = classes.classify(&text).map(|key| classes.name(key.class()).unwrap());
        prop_assert_eq!(read, model::classify(&definitions, &text), "{}", text.escape_ascii());
    }

    #[test]
    fn minted_keys_are_keys(seed in any::<u64>()) {
        let classes = classes();
        // By hand: 160 bits of base 64 are 27 characters, of 62 and 58 the same and 28, of 16 40.
        let table = [("browser", 4 + 27), ("server", 4 + 27), ("store", 9 + 32), ("trial", 9 + 32),
            ("project", 13 + 22), ("checked", 3 + 32 + 6), ("short", 1 + 40)];
        for (class, len) in table {
            let id = classes.id(class).unwrap();
            let key = classes.mint(id, &random(seed)).unwrap();
            prop_assert_eq!(classes.classify(key.as_bytes()).map(|key| key.class()).ok(), Some(id));
            prop_assert_eq!(key.len(), len, "{}", key);
            let again = classes.mint(id, &random(seed.wrapping_add(1))).unwrap();
            prop_assert_ne!(key, again);
        }
    }

    /// A map by digest is a map, also where many digests have one hash.
    #[test]
    fn digests_find_their_own(ops in prop::collection::vec((0..4_u8, 0..6_u8, any::<u8>()), 0..60)) {
        let (mut ours, mut theirs) = (ByDigest::new(None), BTreeMap::new());
        for (op, which, value) in ops {
            let mut bytes = [7; 32];
            bytes[31] = which;
            bytes[0] = which % 2;
            let digest = Digest::from_bytes(bytes);
            match op {
                0 | 1 => prop_assert_eq!(ours.insert(digest, Some(value)).flatten(), theirs.insert(which, value)),
                2 => prop_assert_eq!(ours.remove(&digest).flatten(), theirs.remove(&which)),
                _ => {}
            }
            let known = theirs.get(&which).copied();
            prop_assert_eq!(ours.look_up(&digest), (&known, known.is_some()));
            prop_assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
        }
        let nobody = Digest::from_bytes([0; 32]);
        prop_assert_eq!(ours.look_up(&nobody), (&None, false), "no digest is nobody's by chance");
    }
}

#[test]
fn no_character_is_likelier_than_another() {
    let classes = Classes::compile(&definitions(
        r#"{"hex": {"prefix": "h_", "alphabet": "hex", "length": {"min": 256, "max": 256},
                    "environment": "live"},
            "base58": {"prefix": "b_", "alphabet": "base58", "length": {"min": 232, "max": 232},
                       "environment": "live"}}"#,
    ))
    .unwrap();
    // Every byte equally often: so must be every character.
    let mut bytes = [0; Classes::RANDOM_LEN];
    bytes.iter_mut().zip((0..=255).cycle()).for_each(|(into, byte)| *into = byte);
    for (class, characters, times) in [("hex", 16, 16), ("base58", 58, 4)] {
        let key = classes.mint(classes.id(class).unwrap(), &bytes).unwrap();
        let mut counts = BTreeMap::new();
        key.bytes().skip(2).for_each(|byte| *counts.entry(byte).or_insert(0) += 1);
        assert_eq!(counts.len(), characters, "{class}");
        assert!(counts.values().all(|count| *count == times), "{class}: {counts:?}");
    }
}

#[test]
fn bytes_that_are_not_random_make_no_key() {
    let classes = classes();
    // All of them stand for `-`, which hex has not.
    let stuck = [0xFF; Classes::RANDOM_LEN];
    let mint = |class: &str| classes.mint(classes.id(class).unwrap(), &stuck);
    assert_eq!(mint("short"), Err(MintError::NotRandom));
    assert!(mint("browser").is_ok(), "what a host fetches is the host's to answer for");
    assert_eq!(classes.mint(ClassId(99), &stuck), Err(MintError::NoClass));
}

#[test]
fn a_minted_key_is_of_no_longer_prefix() {
    let classes = Classes::compile(&definitions(
        r#"{"p": {"prefix": "p", "alphabet": "hex", "length": {"min": 40, "max": 41},
                  "environment": "live"},
            "q": {"prefix": "p0", "alphabet": "hex", "length": {"min": 39, "max": 40},
                  "environment": "live"}}"#,
    ))
    .unwrap();
    let (p, q) = (classes.id("p").unwrap(), classes.id("q").unwrap());
    // The first 40 characters would make `p` + `0..`, which is a key of `q`.
    let mut bytes = [1; Classes::RANDOM_LEN];
    bytes[0] = 0;
    let key = classes.mint(p, &bytes).unwrap();
    assert_eq!(key, format!("p{}", "1".repeat(40)));
    assert_eq!(classes.classify(key.as_bytes()).unwrap().class(), p);
    assert_eq!(classes.mint(q, &bytes).unwrap(), format!("p00{}", "1".repeat(39)));
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

/// Status and end of a class and of a record, against an oracle that knows no order of causes: every
/// cell of class, record, environment, action and instant.
#[test]
fn a_record_never_widens_its_class() {
    let statuses = [Status::Active, Status::Disabled, Status::Revoked];
    let ends = [None, Some(999), Some(1_000), Some(1_001)];
    let at = |millis| Timestamp::from_millis(millis).unwrap();
    let now = at(1_000);
    let mut cells = 0;
    for (of_class, of_record) in pairs(&pairs(&statuses, &ends), &pairs(&statuses, &ends)) {
        let ((class_status, class_end), (status, end)) = (of_class, of_record);
        for environment in [Environment::Live, Environment::Test] {
            let definition = json!({"prefix": "k_", "alphabet": "hex", "length": {"min": 1, "max": 9},
                "environment": environment, "may": ["read"],
                "terms": {"status": class_status, "expires": class_end.map(at)}});
            let classes =
                Classes::compile(&definitions(&json!({ "k": definition }).to_string())).unwrap();
            let k = classes.id("k").unwrap();
            let record = Credential { status, expires: end.map(at), ..credential(k) };
            let told = authenticate(&with(&classes, "k_1", record), &classes, "k_1", now);
            let good = [class_status, status] == [Status::Active; 2]
                && [class_end, end].into_iter().flatten().all(|end| 1_000 < end);
            assert_eq!(told.is_ok(), good, "{of_class:?} {of_record:?}");
            for action in ["read", "write", ""] {
                let may = told.is_ok_and(|principal| {
                    assert_eq!(principal.environment(), environment);
                    classes.may(principal, action).is_ok()
                });
                assert_eq!(may, good && action == "read", "{of_class:?} {of_record:?} {action}");
                cells += 1;
            }
        }
    }
    assert_eq!(cells, (3 * 4) * (3 * 4) * 2 * 3);
}

fn pairs<A: Copy, B: Copy>(left: &[A], right: &[B]) -> Vec<(A, B)> {
    left.iter().flat_map(|a| right.iter().map(|b| (*a, *b))).collect()
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

/// A missing origin and `null` follow their declaration; a host must be on both lists.
#[test]
fn unstated_origins_are_as_declared() {
    let choices = [Unstated::Allowed, Unstated::AsListed, Unstated::Refused];
    let lists: [&[&str]; 3] = [&[], &["shop.com"], &["*.shop.com", "example.com"]];
    let origins =
        [None, Some(""), Some("null"), Some("https://shop.com"), Some("a.shop.com"), Some("x y")];
    let mut cells = 0;
    for ((missing, null), (class, record)) in
        pairs(&pairs(&choices, &choices), &pairs(&lists, &lists))
    {
        let parse = |list: &[&str]| Origins::parse(list.iter().copied()).unwrap();
        let rule = OriginRule { hosts: parse(class), missing, null };
        let record_list = parse(record);
        for origin in origins {
            let on = |list: &[&str]| match origin {
                Some("https://shop.com") => list.is_empty() || list.contains(&"shop.com"),
                Some("a.shop.com") => list.is_empty() || list.contains(&"*.shop.com"),
                _ => list.is_empty(),
            };
            let declared = match origin {
                None | Some("") => missing,
                Some("null") => null,
                Some(_) => Unstated::AsListed,
            };
            let wanted = match declared {
                Unstated::Allowed => true,
                Unstated::AsListed => on(class) && on(record),
                Unstated::Refused => false,
            };
            assert_eq!(rule.allows(&record_list, origin), wanted, "{rule:?} {record:?} {origin:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, 9 * 9 * 6);
}

/// What a browser reads otherwise than we do, and how we read it.
#[test]
fn only_these_are_read_otherwise() {
    let table = [
        ("http://0x7f.1", Difference::Number, Some("0x7f.1")),
        ("http://1.2.3:80", Difference::Number, Some("1.2.3")),
        ("http://127.0.0.1", Difference::Number, Some("127.0.0.1")),
        ("http://999.999.999.999", Difference::Number, Some("999.999.999.999")),
        ("https://xn--zzzzzzz.com", Difference::Encoded, Some("xn--zzzzzzz.com")),
        ("https://a.XN--p1ai", Difference::Encoded, Some("a.xn--p1ai")),
        ("https://user@shop.com", Difference::Repaired, None),
        ("https://shop%2ecom", Difference::Repaired, None),
        ("https://shop.com\\x", Difference::Repaired, None),
        ("https://shop\t.com", Difference::Repaired, None),
        ("https:///shop.com", Difference::Repaired, None),
        ("https://shop.com:", Difference::Repaired, None),
        ("https://shop.com.", Difference::Repaired, None),
        ("https://shop..com", Difference::Repaired, None),
        ("https://[::1]", Difference::Repaired, None),
        ("https://ｓhop.com", Difference::Repaired, None),
        ("https://a!b.shop.com", Difference::Repaired, None),
    ];
    for (origin, difference, ours) in table {
        assert_eq!(model::difference(origin), Some(difference), "{origin}");
        let list = ["shop.com", "*.shop.com", "shop..com", ours.unwrap_or("x")];
        let list =
            Origins::parse(list.into_iter().filter(|pattern| model::is_pattern(pattern))).unwrap();
        assert_eq!(list.allows(Some(origin)), ours.is_some(), "{origin}");
    }
    for origin in ["https://shop.com", "shop.com:80", "app://a.b/c@d", "https://_x-.com?\\"] {
        assert_eq!(model::difference(origin), None, "{origin}");
    }
}

proptest! {
    #[test]
    fn origins_are_read_as_a_browser_reads_them(
        start in prop::sample::select(vec!["https://", "", "http://", "a+b://", "//", "://", "x y://"]),
        host in "[abAB0x1.\\-_]{0,8}",
        trick in prop::sample::select(vec!["", "", ":80", ":65535", ":65536", ":", "@a.b", "/", "?", "#a", "\\", "%2e", " ", ".", "。"]),
        end in "[ab/:@]{0,3}",
        below in any::<bool>(),
    ) {
        let origin = format!("{start}{host}{trick}{end}");
        let pattern = format!("{}{}", if below { "*." } else { "" }, host.trim_start_matches("a."));
        prop_assume!(model::is_pattern(&pattern));
        let list = Origins::parse([pattern.as_str()]).unwrap();
        prop_assert_eq!(list.allows(Some(&origin)), model::allows(&[pattern], Some(&origin)), "{}", origin);
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
