//! What the vectors do not show: every status, the headers of each, the order, and what may leak.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, a wrong table is a failing test")]

use std::cell::RefCell;

use http::{HeaderMap, HeaderValue, Method, Request, Response};
use weir::{CredentialTerms, Gate, GateError, Quantity, Reason, Status, Timestamp};
use weir_core::token::{self, Origins};
use weir_pulsora::{
    Accepted, Arrival, Config, Failure, Fingerprint, Ingest, Kind, NegativeAmounts,
    NullFingerprint, PerToken, Salt, SinkRefused, Visitor,
};

const CATALOG: &[u8] = include_bytes!("../../../examples/pulsora.json");
const PUBLIC: &str = "pub_canary_9f2c";
const SECRET: &str = "sec_canary_71d0";
const EVENT: &str =
    r#"{"type":"event","data":{"visitor_fingerprint":"f","session_id":"s","event_name":"e"}}"#;
const REVENUE: &str = r#"{"type":"revenue","data":{"visitor_fingerprint":"f","session_id":"s",
    "customer_id":"c","amount":5,"transaction_id":"t"}}"#;

/// A host with one site and two tokens, each for a scope of its own with plan `token`.
struct Host {
    gate: Gate,
    config: Config,
    now: Timestamp,
    sink_works: bool,
    taken: RefCell<Vec<String>>,
}

/// An answer, and what the host alone is told.
struct Answered {
    head: Response<()>,
    body: String,
}

impl Answered {
    fn short(&self) -> (u16, &str) {
        (self.head.status().as_u16(), &self.body)
    }

    fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }
}

impl Host {
    fn new() -> Self {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let gate = Gate::in_memory().unwrap();
        gate.install(CATALOG, now).unwrap();
        let site = gate.open(None, "site_a", None, now).unwrap();
        for (token, class) in [(PUBLIC, "public"), (SECRET, "secret")] {
            let scope = gate.open(Some(site), class, Some("token"), now).unwrap();
            gate.enrol(scope, token.as_bytes(), &terms(class), now).unwrap();
        }
        let config = Config::new(NullFingerprint::Derive(Salt::new(b"salt of canary")));
        Self { gate, config, now, sink_works: true, taken: RefCell::default() }
    }

    fn answer(&self, request: &Request<&[u8]>) -> Answered {
        let sink = |event: &Accepted<'_, '_>| {
            self.taken.borrow_mut().push(format!("{event:?}"));
            if self.sink_works { Ok(()) } else { Err(SinkRefused) }
        };
        let ingest = Ingest { gate: &self.gate, config: &self.config, sink: &sink };
        let id = HeaderValue::from_static("req-7");
        let arrival =
            Arrival { address: [203, 0, 113, 7].into(), now: self.now, request_id: Some(&id) };
        let mut body = b"from an earlier request".to_vec();
        let head = ingest.answer(request, &arrival, &mut body);
        Answered { head, body: String::from_utf8(body).unwrap() }
    }

    fn post(&self, token: &str, body: &str) -> Answered {
        self.answer(&post(token, body.as_bytes()))
    }

    fn later(mut self, millis: i64) -> Self {
        self.now = Timestamp::from_millis(self.now.as_millis() + millis).unwrap();
        self
    }
}

fn terms(class: &str) -> CredentialTerms<'_> {
    let (origins, status) = (Origins::ANY, token::Status::Active);
    CredentialTerms { class, origins, status, expires: None }
}

fn post<'b>(token: &str, body: &'b [u8]) -> Request<&'b [u8]> {
    Request::post("/api/ingest").header("X-API-Token", token).body(body).unwrap()
}

/// A request for each status, on a host where it gets that status.
fn one_of_each() -> Vec<(u16, Host, Request<&'static [u8]>)> {
    let bare = |method: Method, path: &'static str| {
        Request::builder().method(method).uri(path).body([].as_slice()).unwrap()
    };
    let mut small = Host::new();
    small.config.body_max = 8;
    let mut full = Host::new();
    full.sink_works = false;
    let spent = Host::new();
    for _ in 0..2000 {
        assert_eq!(spent.answer(&post("none", b"")).short().0, 401);
    }
    vec![
        (202, Host::new(), post(PUBLIC, EVENT.as_bytes())),
        (204, Host::new(), bare(Method::OPTIONS, "/api/ingest")),
        (400, Host::new(), post(PUBLIC, b"{}")),
        (401, Host::new(), bare(Method::POST, "/api/ingest")),
        (403, Host::new(), post(PUBLIC, REVENUE.as_bytes())),
        (404, Host::new(), bare(Method::POST, "/api/ingest/")),
        (405, Host::new(), bare(Method::DELETE, "/api/ingest")),
        (413, small, post(PUBLIC, EVENT.as_bytes())),
        (429, spent, post(PUBLIC, EVENT.as_bytes())),
        (500, full, post(PUBLIC, EVENT.as_bytes())),
    ]
}

#[test]
fn every_answer_can_be_read_across_origins_and_names_its_request() {
    for (status, host, request) in one_of_each() {
        let answered = host.answer(&request);
        assert_eq!(answered.short().0, status, "{}", answered.body);
        let headers = answered.headers();
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-expose-headers"], "Retry-After, X-Request-Id");
        assert_eq!(headers["x-request-id"], "req-7");
        let body: Option<serde_json::Value> = serde_json::from_str(&answered.body).ok();
        let keys = body.iter().flat_map(|body| body.as_object().unwrap().keys());
        let expected: &[&str] = match status {
            202 => &["success"],
            204 => &[],
            400 => &["message"],
            _ => &["error"],
        };
        assert_eq!(keys.collect::<Vec<_>>(), expected, "{status}");
        assert_eq!(headers.contains_key("content-type"), status != 204);
        assert_eq!(headers.contains_key("retry-after"), status == 429);
        assert_eq!(headers.contains_key("allow"), status == 405);
        assert_eq!(headers.contains_key("access-control-allow-methods"), status == 204);
        assert_eq!(answered.head.extensions().get::<Failure>().is_some(), status == 500);
    }
}

#[test]
fn no_answer_and_no_event_holds_a_token_or_the_salt() {
    for (status, host, mut request) in one_of_each() {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let body = body.replacen('{', &format!(r#"{{"token":"{PUBLIC}","#), 1).replace(",}", "}");
        *request.body_mut() = body.as_bytes();
        let answered = host.answer(&request);
        let told = format!("{:?} {} {:?}", answered.head, answered.body, host.taken.borrow());
        assert!(!told.contains("canary"), "{status}: {told}");
    }
    let host = Host::new();
    assert!(!format!("{:?}", host.config).contains("canary"));
}

#[test]
fn a_window_of_an_address_starts_with_its_first_request_and_is_told_rounded_up() {
    let mut host = Host::new();
    for _ in 0..2000 {
        assert_eq!(host.post("none", "").short().0, 401);
    }
    let retry = |host: &Host| {
        let answered = host.post(PUBLIC, EVENT);
        assert_eq!(answered.short(), (429, r#"{"error":"Rate limited"}"#));
        answered.headers()["retry-after"].to_str().unwrap().to_owned()
    };
    assert_eq!(retry(&host), "3600");
    host = host.later(1);
    assert_eq!(retry(&host), "3600");
    host = host.later(999);
    assert_eq!(retry(&host), "3599");
    host = host.later(3_598_999);
    assert_eq!(retry(&host), "1");
    host = host.later(1);
    assert_eq!(host.post(PUBLIC, EVENT).short().0, 202);
}

#[test]
fn preflights_and_wrong_routes_are_not_counted() {
    let host = Host::new();
    let bare = |method: Method, path: &str| {
        Request::builder().method(method).uri(path).body([].as_slice()).unwrap()
    };
    for _ in 0..2001 {
        host.answer(&bare(Method::OPTIONS, "/api/ingest"));
        host.answer(&bare(Method::GET, "/api/ingest"));
        host.answer(&bare(Method::POST, "/"));
    }
    assert!(host.gate.find(None, "ip:203.0.113.7").unwrap().is_none());
    assert_eq!(host.post(PUBLIC, EVENT).short().0, 202);
}

#[test]
fn an_address_is_the_same_in_both_its_forms() {
    let host = Host::new();
    let sink = |_: &Accepted<'_, '_>| Ok(());
    let ingest = Ingest { gate: &host.gate, config: &host.config, sink: &sink };
    for address in ["203.0.113.7", "::ffff:203.0.113.7"] {
        let address = address.parse().unwrap();
        let arrival = Arrival { address, now: host.now, request_id: None };
        ingest.answer(&post(PUBLIC, EVENT.as_bytes()), &arrival, &mut Vec::new());
    }
    let scope = host.gate.find(None, "ip:203.0.113.7").unwrap().unwrap();
    let standing = host.gate.standing(scope, "requests.hourly", host.now).unwrap();
    assert_eq!(standing.used, Quantity::from_units(2));
}

#[test]
fn the_first_stage_that_refuses_answers() {
    let host = Host::new();
    let revenue_without_data = r#"{"type":"revenue"}"#;
    for (token, body, status, said) in [
        ("pub_nobody", "{", 401, r#"{"error":"Invalid API token"}"#),
        ("", "{", 401, r#"{"error":"Missing API token"}"#),
        ("", r#"{"token":"   "}"#, 401, r#"{"error":"Missing API token"}"#),
        ("", r#"{"token":null}"#, 401, r#"{"error":"Missing API token"}"#),
        ("", "[]", 401, r#"{"error":"Missing API token"}"#),
        ("", r#"{"token":[]}"#, 401, r#"{"error":"Invalid API token"}"#),
        (PUBLIC, "{", 400, r#"{"message":"The request body must be valid JSON."}"#),
        (PUBLIC, "{}", 400, r#"{"message":"The type field is required."}"#),
        (PUBLIC, revenue_without_data, 403, r#"{"error":"Revenue events require secret token"}"#),
        (SECRET, revenue_without_data, 400, r#"{"message":"The data field is required."}"#),
        (SECRET, r#"{"type":"x"}"#, 400, r#"{"message":"The selected type is invalid."}"#),
        (SECRET, REVENUE, 202, r#"{"success":true}"#),
    ] {
        assert_eq!(host.post(token, body).short(), (status, said), "{token} {body}");
    }
    assert_eq!(host.taken.borrow().len(), 1);
}

#[test]
fn two_token_headers_are_no_token() {
    let mut request = post(PUBLIC, EVENT.as_bytes());
    request.headers_mut().append("x-api-token", PUBLIC.parse().unwrap());
    let said = r#"{"error":"Invalid API token"}"#;
    assert_eq!(Host::new().answer(&request).short(), (401, said));
}

#[test]
fn a_blank_header_leaves_the_token_to_the_body() {
    let host = Host::new();
    let body = EVENT.replacen('{', &format!(r#"{{"t\u006fken":"{PUBLIC}","#), 1);
    assert_eq!(host.post("  ", &body).short().0, 202);
}

#[test]
fn a_body_that_is_too_large_is_413_with_the_token_in_either_place() {
    let mut host = Host::new();
    let body = EVENT.replacen('{', &format!(r#"{{"token":"{PUBLIC}","#), 1);
    host.config.body_max = u32::try_from(body.len()).unwrap();
    assert_eq!(host.post("", &body).short().0, 202);
    let longer = format!("{body} ");
    assert_eq!(host.post("", &longer).short().0, 413);
    assert_eq!(host.post(PUBLIC, &longer).short().0, 413);
    assert_eq!(host.post("pub_nobody", &longer).short().0, 401);
}

#[test]
fn depth_is_bounded() {
    let host = Host::new();
    let nested = |depth: usize| {
        let inner = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        EVENT.replace(r#""e"}"#, &format!(r#""e","event_data":{{"a":{inner}}}}}"#))
    };
    assert_eq!(host.post(PUBLIC, &nested(125)).short().0, 202);
    assert_eq!(host.post(PUBLIC, &nested(126)).short().0, 400);
    assert_eq!(host.post(PUBLIC, &nested(100_000)).short().0, 400);
}

#[test]
fn a_token_may_have_a_limit_of_its_own() {
    let mut host = Host::new();
    let small = String::from_utf8(CATALOG.to_vec()).unwrap();
    let (before, token) = small.split_once(r#""token": {"#).unwrap();
    let catalog = format!(r#"{before}"token": {{{}"#, token.replacen("2000", "1", 1));
    host.gate.install(catalog.as_bytes(), host.now).unwrap();
    assert_eq!(host.post(PUBLIC, EVENT).short().0, 202);
    assert_eq!(host.post(PUBLIC, EVENT).short().0, 202); // not asked for by the host
    host.config.per_token = PerToken::Limited;
    assert_eq!(host.post(PUBLIC, EVENT).short().0, 202);
    let denied = host.post(PUBLIC, EVENT);
    assert_eq!(denied.short(), (429, r#"{"error":"Rate limited"}"#));
    assert_eq!(denied.headers()["retry-after"], "3600");
    assert_eq!(host.post(SECRET, EVENT).short().0, 202); // another token
}

#[test]
fn what_is_stopped_is_answered_like_a_disabled_token() {
    for name in ["site_a", "ip:203.0.113.7"] {
        let host = Host::new();
        assert_eq!(host.post(PUBLIC, EVENT).short().0, 202);
        let scope = host.gate.find(None, name).unwrap().unwrap();
        host.gate.set_status(scope, Status::Blocked, host.now).unwrap();
        let said = r#"{"error":"Invalid API token"}"#;
        assert_eq!(host.post(PUBLIC, EVENT).short(), (401, said), "{name}");
    }
}

#[test]
fn a_token_for_one_site_is_no_good_elsewhere() {
    let host = Host::new();
    let site = host.gate.find(None, "site_a").unwrap().unwrap();
    let origins = Origins::parse(["shop.example"]).unwrap();
    let bound = CredentialTerms { origins, ..terms("public") };
    host.gate.enrol(site, b"pub_bound", &bound, host.now).unwrap();
    for (origin, status) in [("https://shop.example", 202), ("https://evil.example", 401)] {
        let mut request = post("pub_bound", EVENT.as_bytes());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(host.answer(&request).short().0, status, "{origin}");
    }
    // A token for everywhere does not care what the header says.
    let mut request = post(PUBLIC, EVENT.as_bytes());
    request.headers_mut().insert("origin", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(host.answer(&request).short().0, 202);
}

#[test]
fn what_kept_us_from_answering_goes_to_the_host_alone() {
    let cause = |host: &Host| {
        let answered = host.post(PUBLIC, EVENT);
        assert_eq!(answered.short(), (500, r#"{"error":"Internal server error"}"#));
        answered.head.extensions().get::<Failure>().cloned().unwrap()
    };
    let mut host = Host::new();
    host.sink_works = false;
    assert_eq!(cause(&host), Failure::Sink(SinkRefused));
    assert_eq!(cause(&host).code(), "pulsora.sink");
    host.gate.install(br#"{"features":{"requests":{}},"plans":{"address":{}}}"#, host.now).unwrap();
    assert_eq!(cause(&host), Failure::Denied(Reason::NoEntitlement));
    host.gate.install(b"{}", host.now).unwrap();
    assert!(matches!(cause(&host), Failure::Gate(GateError::UnknownName { kind: "feature", .. })));
}

#[test]
fn amounts_and_fingerprints_follow_the_hosts_choices() {
    let refund = REVENUE.replace(r#""amount":5"#, r#""event_type":"refund","amount":-5"#);
    let null = EVENT.replace(r#""f""#, "null");
    let identify = r#"{"type":"identify","data":{"visitor_fingerprint":null,"customer_id":"c"}}"#;
    let mut host = Host::new();
    for body in [&*refund, &*null, identify] {
        assert_eq!(host.post(SECRET, body).short().0, 202, "{body}");
    }
    host.config.negative_amounts = NegativeAmounts::Reject;
    host.config.null_fingerprint = NullFingerprint::Reject;
    let said = r#"{"message":"amount must be a positive number."}"#;
    assert_eq!(host.post(SECRET, &refund).short(), (400, said));
    let said = r#"{"message":"The data.visitor_fingerprint field is required."}"#;
    assert_eq!(host.post(SECRET, &null).short(), (400, said));
    assert_eq!(host.post(SECRET, &null.replace("event", "pageview")).short(), (400, said));
    assert_eq!(host.post(SECRET, identify).short().0, 202);
    assert_eq!(host.post(SECRET, REVENUE).short().0, 202);
}

#[test]
fn the_sink_gets_what_was_sent_and_what_the_contract_adds() {
    let host = Host::new();
    let seen = RefCell::new(0);
    let sink = |event: &Accepted<'_, '_>| {
        *seen.borrow_mut() += 1;
        assert_eq!((event.site_name, event.received), ("site_a", host.now));
        assert_eq!(Some(event.site), host.gate.find(None, "site_a").unwrap());
        assert!(!event.data.as_str().contains("token"));
        let text = |field| event.get(field).and_then(|value| value.as_text());
        match event.kind {
            Kind::Revenue => {
                assert!(text("currency").is_some_and(|text| text == "USD"));
                assert!(event.get("event_type").is_none());
                assert!(matches!(event.fingerprint, Some(Fingerprint::Given(f)) if f == *"f"));
            }
            Kind::Pageview => {
                assert!(text("title").is_some_and(|text| text == "cut \u{fffd}"));
                let visitor = Visitor {
                    address: [203, 0, 113, 7].into(),
                    site: "site_a",
                    user_agent: b"UA/1",
                };
                let derived = visitor.derive(&Salt::new(b"salt of canary"));
                assert!(matches!(event.fingerprint, Some(Fingerprint::Derived(d)) if d == derived));
            }
            Kind::Identify => assert!(event.fingerprint.is_none()),
            Kind::Event => panic!("no such event was sent"),
        }
        Ok(())
    };
    let ingest = Ingest { gate: &host.gate, config: &host.config, sink: &sink };
    let arrival = Arrival { address: [203, 0, 113, 7].into(), now: host.now, request_id: None };
    for body in [
        REVENUE,
        r#"{"type":"identify","data":{"customer_id":"c"}}"#,
        r#"{"type":"pageview","data":{"visitor_fingerprint":null,"session_id":"s","title":"cut \ud83d"}}"#,
    ] {
        let mut request = post(SECRET, body.as_bytes());
        request.headers_mut().insert("user-agent", HeaderValue::from_static("UA/1"));
        let head = ingest.answer(&request, &arrival, &mut Vec::new());
        assert_eq!(head.status(), 202, "{body}");
    }
    assert_eq!(*seen.borrow(), 3);
}

#[test]
fn a_fingerprint_never_changes_its_form() {
    let visitor = Visitor { address: [203, 0, 113, 7].into(), site: "site_a", user_agent: b"UA/1" };
    let hex = visitor.derive(&Salt::new(b"salt")).map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(hex, "494298c71dae8fa505e47bfcc12ab381dff1c61461cf10669027359039a50fa7");
}
