//! Does any byte that comes out hold a secret that went in?
//!
//! Secrets are drawn, put through every call that takes one, and looked for in all that is answered,
//! shown, told to the host and written down: as text in either case, as hex, as base64 wherever it
//! may start, escaped, and as the numbers that a derived `Debug` writes.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::Request;
use proptest::prelude::*;
use weir::{Ask, Caller, Cost, CredentialTerms, GateError, Quantity, Timestamp};
use weir_core::token::{Origins, Status};
use weir_genvoris::{Secret, Transport};

use crate::hosts::{Enrolled, Host, Journaled, NOW, Own, SIGNER};

// ---- the scan -----------------------------------------------------------------------------------

/// Every form that a piece of a secret could have in an output, by its first bytes in lower case.
struct Forbidden(HashMap<[u8; LEAST], Vec<Vec<u8>>>);

/// As long as the start of a key that may be shown is never.
const LEAST: usize = 8;

impl Forbidden {
    fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(secrets.into_iter().map(str::as_bytes))
    }

    fn of<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut forms = HashMap::<_, Vec<_>>::new();
        let pieces = secrets.into_iter().flat_map(|secret| secret.windows(LEAST));
        for form in pieces.flat_map(forms_of) {
            let form = form.to_ascii_lowercase();
            forms.entry(*form.first_chunk().unwrap()).or_default().push(form);
        }
        Self(forms)
    }

    /// The first form that `out` holds, with the few bytes around it.
    fn find(&self, out: &[u8]) -> Option<String> {
        let out = out.to_ascii_lowercase();
        let held = |(at, start): (usize, &[u8])| {
            let forms = self.0.get::<[u8; LEAST]>(start.try_into().ok()?)?;
            let found = forms.iter().any(|form| out.get(at..).unwrap().starts_with(form));
            let around = at.saturating_sub(120)..out.len().min(at + 40);
            found.then(|| out.get(around).unwrap().escape_ascii().to_string())
        };
        out.windows(LEAST).enumerate().find_map(held)
    }
}

fn forms_of(piece: &[u8]) -> Vec<Vec<u8>> {
    let each = |write: &dyn Fn(u8) -> String| piece.iter().copied().map(write).collect::<Vec<_>>();
    let numbers = each(&|byte| byte.to_string());
    // Six bytes are eight characters, whatever the two around them are.
    let six = piece.get(..6).unwrap();
    let texts = [
        each(&|byte| format!("{byte:02x}")).concat(),
        each(&|byte| format!("%{byte:02x}")).concat(),
        each(&|byte| format!("\\x{byte:02x}")).concat(),
        each(&|byte| format!("\\u{byte:04x}")).concat(),
        numbers.join(","),
        numbers.join(", "),
        STANDARD_NO_PAD.encode(six),
        URL_SAFE_NO_PAD.encode(six),
    ];
    texts.into_iter().map(String::into_bytes).chain([piece.to_vec()]).collect()
}

#[test]
fn the_scan_finds_a_secret_in_every_form() {
    let secret = "CANARYabcdefghijklmnop?~";
    let forbidden = Forbidden::new([secret]);
    let joined = |write: &dyn Fn(u8) -> String| secret.bytes().map(write).collect::<String>();
    for form in [
        format!("x{secret}y"),
        secret.to_lowercase(),
        "..ARYabcde..".to_owned(),
        joined(&|byte| format!("{byte:02X}")),
        joined(&|byte| format!("%{byte:02X}")),
        joined(&|byte| format!("\\x{byte:02x}")),
        joined(&|byte| format!("\\u{byte:04x}")),
        STANDARD_NO_PAD.encode(secret),
        STANDARD_NO_PAD.encode(format!("x{secret}")),
        URL_SAFE_NO_PAD.encode(format!("xy{secret}")),
        format!("{:?}", secret.as_bytes()),
        serde_json::to_string(secret.as_bytes()).unwrap(),
    ] {
        assert!(forbidden.find(form.as_bytes()).is_some(), "{form}");
    }
    // Where both alphabets of base64 differ.
    let odd = "~~~???>>>~~~";
    for form in [STANDARD_NO_PAD.encode(odd), URL_SAFE_NO_PAD.encode(odd)] {
        assert!(Forbidden::new([odd]).find(form.as_bytes()).is_some(), "{form}");
    }
    assert_eq!(forbidden.find(b"pub_CANARYa... bytes 43414e4152 at 3"), None);
}

// ---- what is put in -----------------------------------------------------------------------------

/// What nobody may learn: keys in every standing, one on no record, and the host's own.
#[derive(Clone, Debug)]
struct Secrets {
    keys: [String; 5],
    pepper: String,
    salt: String,
    transport: String,
}

impl Secrets {
    fn all(&self) -> impl Iterator<Item = &str> {
        let own = [&self.pepper, &self.salt, &self.transport];
        self.keys.iter().chain(own).map(String::as_str)
    }

    /// The keys as a class spells them, the last of them on no record.
    fn spelled(&self, prefix: &str, len: usize) -> [String; 5] {
        self.keys.clone().map(|key| prefix.chars().chain(key.chars().take(len)).collect())
    }

    fn own(&self) -> Own<'_> {
        Own {
            pepper: self.pepper.as_bytes().try_into().unwrap(),
            salt: self.salt.as_bytes(),
            transport: Transport::Either(Secret::new(&self.transport)),
        }
    }
}

/// No digit of hex, nothing that base58 leaves out, and as long as the longest fixed key.
fn secrets() -> impl Strategy<Value = Secrets> {
    let keys = prop::array::uniform5("[GHJ-NP-Z]{32}");
    let own = prop::array::uniform3("[GHJ-NP-Z]{32}");
    (keys, own).prop_map(|(keys, [pepper, salt, transport])| Secrets {
        keys,
        pepper,
        salt,
        transport,
    })
}

/// Every standing that a key on record can have.
const STANDINGS: [(Status, Option<Timestamp>); 4] = [
    (Status::Active, None),
    (Status::Revoked, None),
    (Status::Disabled, None),
    (Status::Active, Some(NOW)),
];

fn enrolled(keys: &[String]) -> Vec<Enrolled> {
    let standing =
        |(key, (status, expires)): (&String, _)| Enrolled { key: key.clone(), status, expires };
    keys.iter().zip(STANDINGS).map(standing).collect()
}

// ---- what comes out of a gate -------------------------------------------------------------------

const CATALOG: &str = r#"{
    "classes": { "site": { "prefix": "pub_", "alphabet": "token",
        "length": { "min": 4, "max": 64 }, "environment": "live", "may": ["pageview"] } },
    "features": { "calls": {} },
    "plans": { "pro": { "limits": { "calls": {
        "feature": "calls", "capacity": 6, "window": { "anchored": { "span": "P30D" } } } } } }
}"#;

const fn terms((status, expires): (Status, Option<Timestamp>)) -> CredentialTerms<'static> {
    CredentialTerms { class: "site", origins: Origins::ANY, status, expires }
}

/// All that a gate says of keys in every standing, and all that it writes down.
fn of_a_gate(secrets: &Secrets) -> Vec<u8> {
    let keys = secrets.spelled("pub_", 32);
    let host = Journaled::new(CATALOG.as_bytes(), secrets.own().pepper);
    let gate = &host.gate;
    let ours = gate.open(None, "acme", Some("pro"), NOW).unwrap();
    let theirs = gate.open(None, "b", None, NOW).unwrap();
    for (key, standing) in keys.iter().zip(STANDINGS) {
        gate.enrol(ours, key.as_bytes(), &terms(standing), NOW).unwrap();
    }
    let cost = Cost { feature: gate.feature("calls").unwrap(), quantity: Quantity::from_units(1) };
    let good = terms(STANDINGS[0]);
    let mut out = String::new();
    for key in &keys {
        for origin in [None, Some("https://shop.com"), Some(key.as_str())] {
            let told = gate.authenticate(key.as_bytes(), origin, NOW).unwrap();
            let caller = told.map_or(Caller::Unchecked, |holder| holder.caller().unwrap());
            let ask = Ask { caller, scopes: &[ours], costs: &[cost], at: NOW, key: None };
            let verdict = gate.decide(&ask, NOW).unwrap();
            write!(out, "{told:?} {told:#?} {verdict:?} {ask:?}").unwrap();
            if let Err(refused) = told {
                write!(out, "{refused} {:?} {}", refused.cause(), refused.cause()).unwrap();
            }
        }
        for damaged in [format!("{key} "), format!("x{key}"), key.repeat(3), key.to_lowercase()] {
            let told = gate.authenticate(damaged.as_bytes(), None, NOW).unwrap();
            let refused =
                (damaged.len() > 64).then(|| gate.enrol(ours, damaged.as_bytes(), &good, NOW));
            let malformed = gate.malformed(damaged.as_bytes()).unwrap();
            write!(out, "{told:?} {refused:?} {malformed:?}").unwrap();
            malformed.iter().for_each(|malformed| write!(out, "{malformed}").unwrap());
        }
        let mut wrong = |told: Result<(), GateError>| {
            if let Err(error) = told {
                write!(out, "{error} {error:?} {}", error.code()).unwrap();
            }
        };
        wrong(gate.enrol(theirs, key.as_bytes(), &good, NOW));
        wrong(gate.enrol(
            ours,
            key.as_bytes(),
            &CredentialTerms { class: "none", ..good.clone() },
            NOW,
        ));
        wrong(gate.enrol(ours, format!("{key} ").as_bytes(), &good, NOW));
    }
    [out.into_bytes(), host.kept(ours)].concat()
}

// ---- what comes out of an adapter ---------------------------------------------------------------

/// Where a contract has its credentials, and a body that it takes.
struct Contract {
    host: Host,
    path: &'static str,
    header: (&'static str, &'static str),
    member: &'static str,
    body: &'static str,
}

impl Contract {
    /// All that is answered to requests with `key` in the right place, in a wrong one, and damaged.
    fn answers(&self, key: &str, secret: &str) -> Vec<u8> {
        let Self { header: (header, scheme), member, body, .. } = *self;
        let whole = format!("{scheme}{key}");
        let (with, escaped) = (format!(r#"{{"{member}": "{key}","#), escaped(key));
        let inside = body.replacen('{', &with, 1);
        let bodies = [
            body.to_owned(),
            inside.clone(),
            body.replacen('{', &format!(r#"{{"{member}": "{escaped}","#), 1),
            body.replacen('{', &format!(r#"{{"{member}": ["{key}"],"#), 1),
            body.replacen('{', &format!(r#"{{"{key}": 1, "{key}": 2,"#), 1),
            inside.replace('}', ""),
            inside.replace("\": \"", &format!("\": [\"{key}\"], \"x\": \"")),
            format!(r#"{{"{member}": "{key}"}}"#),
            format!(r#"["{key}"]"#),
            key.to_owned(),
        ];
        let damaged =
            [whole.clone(), format!("{whole}x"), format!("{whole} {key}"), key.to_owned()];
        let mut out = Vec::new();
        for body in &bodies {
            let none = Request::post(self.path).header("x-internal-secret", secret);
            let twice = Request::post(self.path).header(header, &whole).header(header, &whole);
            let mut requests = vec![none, twice, Request::post(format!("{}/{key}", self.path))];
            requests.extend(damaged.iter().map(|value| {
                let request = Request::post(format!("{}?{member}={key}", self.path));
                request.header(header, value).header("origin", format!("https://{key}"))
            }));
            for request in requests {
                let request = request.header("content-type", "application/json");
                let response = self.host.send(&request.body(body.as_bytes()).unwrap());
                let (head, answer) = response.into_parts();
                out.extend(format!("{head:?} ").into_bytes());
                out.extend(answer);
            }
        }
        out
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\u{byte:04x}")).collect()
}

fn of_an_adapter(contract: &Contract, keys: &[String], secret: &str) -> Vec<u8> {
    let mut out: Vec<u8> = keys.iter().flat_map(|key| contract.answers(key, secret)).collect();
    for status in ["status: 20", "status: 400", "status: 401", "status: 404"] {
        let seen = out.windows(status.len()).any(|part| part == status.as_bytes());
        assert!(seen, "no answer has {status}");
    }
    out.extend(contract.host.left_behind());
    out
}

fn of_genvoris(secrets: &Secrets) -> Vec<u8> {
    let keys = secrets.spelled("gvk_live_", 32);
    let contract = Contract {
        host: Host::genvoris(&enrolled(&keys), secrets.own()),
        path: "/api/tryon/track",
        header: ("authorization", "Bearer "),
        member: "api_key",
        body: r#"{"product_type": "apparel", "success": false}"#,
    };
    of_an_adapter(&contract, &keys, &secrets.transport)
}

/// The part of a PKCS#8 document that only its owner has: primes, exponents and the coefficient.
fn private() -> &'static [u8] {
    SIGNER.last_chunk::<640>().unwrap()
}

/// A session is shown once, to the store that asked for it, and its key never.
#[test]
fn no_key_or_session_leaves_genvoris() {
    let (key, webhooks) =
        ("gvk_live_GHJKMNPQRSTUVWXYZGHJKMNPQRSTUVWX", "whsec_NPQRSTUVWXYZGHJKMNPQ");
    let host = Host::genvoris(&[Enrolled::good(key)], Own::none());
    let send = |method: &str, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {key}"));
        let (head, body) = host.send(&request.body(body.as_bytes()).unwrap()).into_parts();
        (format!("{head:?}"), String::from_utf8(body).unwrap())
    };
    let (_, made) = send("POST", "/api/v1/customers", r#"{"externalId": "user_1"}"#);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    let sessions = format!("/api/v1/customers/{id}/sessions");
    let (head, minted) = send("POST", &sessions, "");
    let minted: serde_json::Value = serde_json::from_str(&minted).unwrap();
    let token = minted["token"].as_str().unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut out = head;
    for body in [
        format!(r#"{{"end_customer_token": "{token}"}}"#),
        format!(r#"{{"end_customer_token": "{token}", "success": false}}"#),
        format!(r#"{{"end_customer_token": "{token}x"}}"#),
        format!(r#"{{"end_customer_token": ["{token}"]}}"#),
        format!(r#"{{"end_customer_token": "{token}", "success": "{token}"}}"#),
        format!(r#"{{"{token}": 1}}"#),
        format!(r#"{{"api_key": "{token}"}}"#),
        token.to_owned(),
    ] {
        let (head, answer) = send("POST", "/api/tryon/track", &body);
        write!(out, "{head} {answer}").unwrap();
    }
    for (method, path) in [
        ("GET", format!("/api/v1/customers?cursor={token}&limit={token}")),
        ("GET", format!("/api/v1/customers/{token}")),
        ("DELETE", format!("{sessions}/{token}")),
        ("GET", "/.well-known/jwks.json".to_owned()),
    ] {
        let (head, answer) = send(method, &path, "");
        write!(out, "{head} {answer}").unwrap();
    }
    let secret = Secret::new(webhooks);
    let header = weir_genvoris::sign(&secret, b"{}", NOW);
    let checked = weir_genvoris::check(&Secret::new("another"), (&header, b"{}"), NOW);
    write!(out, "{secret:?} {secret:#?} {header} {checked:?}").unwrap();
    let out = [out.into_bytes(), host.left_behind()].concat();
    assert!(out.len() > 4_000, "{} bytes are no output to scan", out.len());
    assert!(String::from_utf8_lossy(&out).contains(r#""success":true"#), "a try-on was taken");
    let hidden = [private(), signature.as_bytes(), message.as_bytes(), webhooks.as_bytes()];
    assert_eq!(Forbidden::of(hidden).find(&out), None);
}

fn of_pulsora(secrets: &Secrets) -> Vec<u8> {
    let keys = secrets.spelled("pub_", 32);
    let contract = Contract {
        host: Host::pulsora(&enrolled(&keys), &secrets.own()),
        path: "/api/ingest",
        header: ("x-api-token", ""),
        member: "token",
        body: r#"{"type": "event", "data": {"visitor_fingerprint":null,"session_id":"s","event_name":"e"}}"#,
    };
    of_an_adapter(&contract, &keys, &secrets.transport)
}

fn of_unprice(secrets: &Secrets) -> Vec<u8> {
    let keys = secrets.spelled("unprice_live_", 22);
    let of_a_route = |(path, body)| {
        let host = Host::unprice(&enrolled(&keys), &secrets.own());
        let header = ("authorization", "Bearer ");
        let contract = Contract { host, path, header, member: "apiKey", body };
        of_an_adapter(&contract, &keys, &secrets.transport)
    };
    UNPRICE.into_iter().flat_map(of_a_route).collect()
}

const UNPRICE: [(&str, &str); 2] = [
    ("/v1/entitlements/verify", r#"{"customerId": "cus", "featureSlug": "tokens"}"#),
    (
        "/v1/events/ingest/sync",
        r#"{"idempotencyKey": "a", "eventSlug": "e", "featureSlug": "tokens", "properties": {}}"#,
    ),
];

// ---- the law ------------------------------------------------------------------------------------

fn scan(secrets: &Secrets, out: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(out.len() > 4_000, "{} bytes are no output to scan", out.len());
    let found = Forbidden::new(secrets.all()).find(out);
    prop_assert!(found.is_none(), "in {} bytes: {}", out.len(), found.unwrap_or_default());
    Ok(())
}

proptest! {
    // What leaks does so whatever the secret is: more cases would find no more.
    #![proptest_config(ProptestConfig {
        failure_persistence: None, max_shrink_iters: 16, ..ProptestConfig::with_cases(8)
    })]

    #[test]
    fn no_secret_leaves_a_gate(secrets in secrets()) {
        scan(&secrets, &of_a_gate(&secrets))?;
    }

    #[test]
    fn no_secret_leaves_genvoris(secrets in secrets()) {
        scan(&secrets, &of_genvoris(&secrets))?;
    }

    #[test]
    fn no_secret_leaves_pulsora(secrets in secrets()) {
        scan(&secrets, &of_pulsora(&secrets))?;
    }

    #[test]
    fn no_secret_leaves_unprice(secrets in secrets()) {
        scan(&secrets, &of_unprice(&secrets))?;
    }
}
