//! Does a decision, a check or a key touch the heap? Not once what it needs has grown.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::hint::black_box;

use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::decide::{Caller, Cost, Request, Verdict};
use weir_core::id::{CatalogVersion, ClassId, ScopeId, ScopeName};
use weir_core::json::{self, Duplicates, Profile, Surrogates};
use weir_core::ledger::{Command, HostKeys, Ledger, Newcomer};
use weir_core::route::{Numbers, Sent};
use weir_core::schema::{Refused, Schema, Scratch};
use weir_core::time::{Span, Timestamp};
use weir_core::token::{Classes, Credential, Origins, Registry, Status};
use weir_core::window::zone::ZonesDigest;

const ROUNDS: u32 = 100_000;

#[test]
fn hot_admissions_allocate_nothing() {
    let mut shop = Shop::new("1000000");
    assert!(shop.decide().is_allowed());
    let made = allocation_counter::measure(|| {
        for _ in 1..ROUNDS {
            shop.decide();
        }
    });
    assert_eq!(made.count_total, 0);
    assert_eq!(shop.decide().remaining(), Some(Quantity::from_units(799_998)));
}

#[test]
fn denials_allocate_nothing() {
    let mut shop = Shop::new("2");
    assert!(shop.decide().is_allowed());
    assert!(!shop.decide().is_allowed());
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            shop.decide();
        }
    });
    assert_eq!(made.count_total, 0);
}

#[test]
fn a_new_period_allocates_nothing() {
    let mut shop = Shop::new("2");
    let hour = Span::from_millis(3_600_000).expect("in range");
    let next = |shop: &mut Shop| {
        shop.now = shop.now.checked_add(hour).expect("before year 10000");
        shop.decide()
    };
    assert!(shop.decide().is_allowed());
    for _ in 0..3 {
        assert!(next(&mut shop).is_allowed()); // the room for what closes is grown once
    }
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            next(&mut shop);
        }
    });
    assert_eq!(made.count_total, 0);
    assert!(shop.decide().reason().is_some(), "each period has room for one ask of two");
}

/// Filters on escaped keys and texts, too.
#[test]
fn routes_allocate_nothing() {
    let definition = serde_json::from_str(ROUTES).expect("a definition");
    let catalog = Catalog::compile(&definition, &Names::default(), CatalogVersion(1));
    let catalog = catalog.expect("no fault");
    let body = br#"{"model":{"n\u0061me":"l\u0061rge-2"},"usage":{"tokens":1.5e1}}"#;
    let (mut read, mut scratch) = (json::Scratch::default(), json::Scratch::default());
    let mut lexer = json::Lexer::new(body, &Profile::STRICT, &mut read).expect("short enough");
    let properties = lexer.value().expect("well formed").expect("a value");
    let sent = Sent { kind: "completion", properties };
    let mut round = || {
        let all = catalog.route(sent, Numbers::Exact, &mut scratch);
        all.map(|(_, value)| value.unwrap_or_default()).max()
    };
    assert_eq!(round(), Some(Quantity::from_units(15)));
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            black_box(round());
        }
    });
    assert_eq!(made.count_total, 0);
}

#[test]
fn an_allocation_is_counted() {
    let made = allocation_counter::measure(|| drop(black_box(Box::new(7_u64))));
    assert_eq!((made.count_total, made.bytes_total), (1, 8));
}

#[test]
fn checks_allocate_nothing() {
    let cases = cases();
    let (mut schema, mut json) = (Scratch::default(), json::Scratch::default());
    let mut said = [0_u32; 3];
    let mut round = || {
        for case in &cases {
            said[case.check(&mut schema)] += 1;
            let valid = case.schema.is_valid(&case.body, &case.profile, &mut schema);
            assert_eq!(valid, case.check(&mut schema) == VALID, "{}", case.name);
            let _ = black_box(json::check(&case.body, &case.profile, &mut json));
        }
    };
    round(); // the scratches grow
    let rounds = ROUNDS.div_ceil(u32::try_from(cases.len()).expect("few"));
    let made = allocation_counter::measure(|| (0..rounds).for_each(|_| round()));
    assert_eq!(made.count_total, 0);
    let [valid, invalid, malformed] = said;
    assert!(valid.min(invalid).min(malformed) > ROUNDS / 10, "one-sided: {said:?}");
}

#[test]
fn every_example_schema_is_among_the_checks() {
    let mut declared = 0;
    for (_, catalog) in EXAMPLES {
        declared += definition(catalog).schemas.len();
    }
    assert_eq!(declared, BODIES.len());
    for case in cases().iter().filter(|case| case.name.ends_with(" as sent")) {
        assert_eq!(case.check(&mut Scratch::default()), VALID, "{}", case.name);
    }
}

#[test]
fn keys_allocate_nothing() {
    let definitions = serde_json::from_str(
        r#"{"server": {"prefix": "gvk_live_", "alphabet": "base62", "check": "crc32",
            "length": {"min": 30, "max": 30}, "environment": "live"}}"#,
    );
    let classes = Classes::compile(&definitions.expect("classes")).expect("no fault");
    let key = b"gvk_live_4f3Kq8ZrT1mWc7PxY9bN2sDh0sjI25";
    let other = b"gvk_live_4f3Kq8ZrT1mWc7PxY9bN2sDg2wHWnQ";
    let misspelt = b"gvk_live_4f3qK8ZrT1mWc7PxY9bN2sDh0sjI25";
    let mut registry = Registry::new(4, None);
    let digest = registry.digest(&classes.classify(key).expect("a key"));
    let record = Credential {
        class: ClassId(0),
        epoch: 1,
        expires: None,
        origins: Origins::parse(["*.example.com"]).expect("a pattern"),
        scope: ScopeId(7),
        status: Status::Active,
    };
    registry.insert(digest, record).expect("room");
    let admit = |key: &[u8], origin| {
        let presented = classes.classify(key).ok()?;
        let known = registry.authenticate(&classes, &presented, Timestamp::EPOCH).ok()?;
        known.from_origin(Some(origin)).ok()
    };
    let (at_home, abroad) = ("https://shop.example.com:8443", "https://example.com.evil.test");
    let made = allocation_counter::measure(|| {
        for _ in 0..ROUNDS / 4 {
            assert!(admit(key, at_home).is_some());
            assert!(admit(key, abroad).is_none());
            assert!(admit(other, at_home).is_none());
            assert!(admit(misspelt, at_home).is_none());
        }
    });
    assert_eq!(made.count_total, 0);
    assert!(classes.classify(other).is_ok(), "it is unknown, not misspelt");
}

/// A body, its schema and how it is read.
struct Case {
    name: String,
    schema: Schema,
    body: Vec<u8>,
    profile: Profile,
}

impl Case {
    /// The place of the verdict in a tally; every violation is looked at.
    fn check(&self, scratch: &mut Scratch) -> usize {
        match self.schema.check(&self.body, &self.profile, scratch) {
            Ok(event) => {
                black_box(&event);
                VALID
            }
            Err(Refused::Invalid(violations)) => {
                assert!(violations.iter().all(|violation| violation.at() <= 1_000));
                INVALID
            }
            Err(Refused::Syntax(_)) => MALFORMED,
        }
    }
}

/// Bodies A and B and one for each schema of the examples, as sent and spoilt in several ways.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let benched = [("A", REVENUE, BODY_A), ("B", INGEST, BODY_B)];
    let benched = benched.map(|(name, schema, body)| {
        let definition = serde_json::from_str(schema).expect("a definition");
        (name.to_owned(), definition, body)
    });
    let examples = BODIES.iter().map(|(example, name, body)| {
        let catalog = EXAMPLES.iter().find(|(known, _)| known == example).expect("an example");
        let mut definition = definition(catalog.1);
        let schema = definition.schemas.remove(*name).expect("a schema of it");
        (format!("{example} {name}"), schema, *body)
    });
    for (name, definition, body) in benched.into_iter().chain(examples) {
        for (how, body, profile) in spoilt(body.trim_end()) {
            let schema = Schema::compile(&definition).expect("no fault");
            cases.push(Case { name: format!("{name} {how}"), schema, body, profile });
        }
    }
    cases
}

/// A body in several spellings, right and wrong.
fn spoilt(body: &str) -> [(&'static str, Vec<u8>, Profile); 7] {
    let browser = Profile {
        duplicates: Duplicates::LastWins,
        surrogates: Surrogates::Replaced,
        ..Profile::STRICT
    };
    let open = body.strip_suffix('}').expect("an object");
    let more = |member: &str| format!("{open},{member}}}").into_bytes();
    let (first, _) = open.trim_start_matches('{').split_once(':').expect("a member");
    [
        ("as sent", body.into(), Profile::STRICT),
        ("with more", more(r#""\u006dore":{"a":[1,{"b":"\ud83d\ude00"}]}"#), Profile::STRICT),
        ("with a key twice", more(r#""a":1,"\u0061":2"#), Profile::STRICT),
        ("with half a pair", more(r#""a":1,"\u0061":"\ud800""#), browser),
        ("with its first twice", more(&format!("{first}:[[7]]")), browser),
        ("cut", open.into(), Profile::STRICT),
        ("replaced", b"[null,{},-0.5e1]".into(), Profile::STRICT),
    ]
}

fn definition(json: &str) -> Definition {
    let compiled = weir::catalog::compile(json.as_bytes(), &Names::default(), CatalogVersion(1));
    compiled.expect("a catalog").0
}

/// A customer and its user, each with a limit by the hour, and the catalog that says so.
struct Shop {
    catalog: Catalog,
    ledger: Ledger,
    path: [ScopeId; 2],
    now: Timestamp,
}

impl Shop {
    fn new(capacity: &str) -> Self {
        let json = CATALOG.replace("CAPACITY", capacity);
        let definition: Definition = serde_json::from_str(&json).expect("a definition");
        let compiled = Catalog::compile(&definition, &Names::default(), CatalogVersion(1));
        let (catalog, now) = (compiled.expect("no fault"), Timestamp::EPOCH);
        let mut ledger = Ledger::new(&HostKeys::fixed());
        let names = Cow::Borrowed(catalog.names());
        let install =
            Command::Install { json: json.as_bytes().into(), names, zones: ZonesDigest::default() };
        ledger.execute(install, now, &mut ()).expect("installed");
        let mut seen = |name, parent| {
            let name = ScopeName::parse(name).expect("a name");
            let newcomer = Newcomer { name, parent, plan: catalog.plan("plan") };
            ledger.intern(newcomer, now, &mut ()).expect("a scope")
        };
        let customer = seen("customer", None);
        let path = [customer, seen("user", Some(customer))];
        Self { catalog, ledger, path, now }
    }

    /// Decides an ask for two calls.
    fn decide(&mut self) -> Verdict {
        let feature = self.catalog.feature("calls").expect("sold");
        let costs = [Cost { feature, quantity: Quantity::from_units(2) }];
        let (caller, scopes, at) = (Caller::Unchecked, &self.path, self.now);
        let request = Request { caller, scopes, costs: &costs, at, key: None, on_shortfall: None };
        let Ok(verdict) =
            self.ledger.decide(&self.catalog, (&request, self.now), (&mut (), &mut ()));
        *verdict
    }
}

const CATALOG: &str = r#"{
    "features": { "calls": {} },
    "plans": { "plan": { "limits": { "calls": {
        "feature": "calls", "capacity": "CAPACITY", "window": { "calendar": { "unit": "hour" } }
    } } } }
}"#;

const ROUTES: &str = r#"{ "features": {
    "calls": { "event": "completion", "aggregation": "count" },
    "tokens": { "event": "completion", "property": "usage.tokens", "filters": {
        "model.name": { "prefix": "large-", "in": ["large-1", "large-2"] }, "usage.cached": { "exists": false },
        "usage.tokens": { "above": 0, "max": 15 }
    } },
    "uploads": { "event": "upload", "aggregation": "count" }
} }"#;

const VALID: usize = 0;
const INVALID: usize = 1;
const MALFORMED: usize = 2;

const BODY_A: &str = include_str!("../../../benches/bodies/a.json");
const BODY_B: &str = include_str!("../../../benches/bodies/b.json");
const REVENUE: &str = include_str!("../../../benches/schemas/revenue.json");
const INGEST: &str = include_str!("../../../benches/schemas/ingest.json");

const EXAMPLES: [(&str, &str); 4] = [
    ("genvoris", include_str!("../../../examples/genvoris.json")),
    ("llm", include_str!("../../../examples/llm.json")),
    ("pulsora", include_str!("../../../examples/pulsora.json")),
    ("unprice", include_str!("../../../examples/unprice.json")),
];

const PAGEVIEW: &str =
    r#"{"visitor_fingerprint":"f","session_id":"s","url":"https://example.com/","title":""}"#;
const CLICK: &str =
    r#"{"visitor_fingerprint":"f","session_id":"s","event_name":"click","event_data":{"x":[1]}}"#;
const SALE: &str = r#"{"visitor_fingerprint":"f","session_id":"s","customer_id":"c","amount":49.99,"transaction_id":"t","event_type":"renewal"}"#;

/// A valid body for each schema of the examples.
const BODIES: [(&str, &str, &str); 22] = [
    ("genvoris", "customer", r#"{"externalId":"user_42","planId":"pln_pro","metadata":{"k":"v"}}"#),
    ("genvoris", "customer.change", r#"{"email":null,"status":"PAUSED","resetPeriod":true}"#),
    ("genvoris", "plan", r#"{"name":"Pro","monthlyTryOns":100,"externalPriceId":null}"#),
    ("genvoris", "plan.change", r#"{"monthlyTryOns":200,"active":true}"#),
    ("genvoris", "session", r#"{"expires_in":900}"#),
    ("genvoris", "track", r#"{"product_type":"shirt","generation_time_ms":950,"success":false}"#),
    (
        "llm",
        "llm-request",
        r#"{"id":"r1","at":"2026-01-01T00:00:14.035Z","customer":"c","model":"m","prompt_tokens":204,"completion_tokens":87}"#,
    ),
    ("pulsora", "credential", r#"{"token":"pub_alpha"}"#),
    ("pulsora", "envelope", r#"{"type":"pageview","data":{"url":"https://example.com/"}}"#),
    ("pulsora", "kind", r#"{"type":"pageview"}"#),
    ("pulsora", "pageview", PAGEVIEW),
    ("pulsora", "pageview-strict", PAGEVIEW),
    ("pulsora", "event", CLICK),
    ("pulsora", "event-strict", CLICK),
    ("pulsora", "identify", r#"{"customer_id":"c","visitor_fingerprint":null}"#),
    ("pulsora", "revenue", SALE),
    ("pulsora", "revenue-strict", SALE),
    (
        "unprice",
        "ingest-sync",
        r#"{"idempotencyKey":"k","eventSlug":"e","featureSlug":"f","properties":{"amount":"1e3"}}"#,
    ),
    ("unprice", "ingest", r#"{"idempotencyKey":"k","eventSlug":"e","properties":{}}"#),
    ("unprice", "entitlements", r#"{"customerId":"c","projectId":"p"}"#),
    (
        "unprice",
        "meter",
        r#"{"eventId":"e","eventSlug":"s","aggregationMethod":"sum","aggregationField":"n","filters":{"a":"b"},"groupBy":["c"]}"#,
    ),
    ("unprice", "verify", r#"{"customerId":"c","featureSlug":"f","timestamp":1763683200000.5}"#),
];
