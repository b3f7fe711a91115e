//! What a service behind the layer sees, and what its callers do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use weir::{Caller, Cost, Gate, ManualClock, Quantity, Scope, Span, Timestamp, Verdict};
use weir_http::{Check, Dialect, Fail, Held, Problems, QuotaLayer, Rejected, idempotency_key};

/// A gate with ten tokens an hour and a prepaid render for `acme`.
struct House {
    gate: Gate,
    acme: Scope,
}

impl House {
    fn new() -> Self {
        let gate = Gate::in_memory().unwrap();
        gate.install(CATALOG, Timestamp::EPOCH).unwrap();
        let acme = gate.open(None, "acme", Some("free"), Timestamp::EPOCH).unwrap();
        Self { gate, acme }
    }

    fn tokens(&self, units: i64) -> Vec<Cost> {
        let quantity = Quantity::from_units(units);
        vec![Cost { feature: self.gate.feature("tokens").unwrap(), quantity }]
    }

    fn decide(&self, units: i64) -> Check {
        Check::decide(Caller::Unchecked, vec![self.acme], self.tokens(units))
    }

    fn hold(&self, units: i64) -> Check {
        self.decide(units).held_for("PT1M".parse().unwrap())
    }

    /// What is used and held of the tokens.
    fn standing(&self) -> (i64, i64) {
        let standing = self.gate.standing(self.acme, "tokens", Timestamp::EPOCH).unwrap();
        (standing.used.as_units().unwrap(), standing.held.as_units().unwrap())
    }

    fn layer(
        &self,
        check: impl Fn(&Parts) -> Result<Option<Check>, Rejected> + Clone,
    ) -> QuotaLayer<impl Fn(&Parts) -> Result<Option<Check>, Rejected> + Clone, Problems> {
        let clock = ManualClock::at(Timestamp::EPOCH);
        QuotaLayer::new(self.gate.clone(), clock, check, Problems::new(Dialect::Draft08To11))
    }
}

const CATALOG: &[u8] = br#"{
    "acceptance": { "max_age": "PT1H", "max_ahead": "PT1S" },
    "remember": { "lifetime": "P1D" },
    "features": { "tokens": {} },
    "plans": { "free": { "limits": { "tokens": {
        "feature": "tokens", "capacity": 10, "window": { "calendar": { "unit": "hour" } } } } } }
}"#;

#[test]
fn what_is_denied_never_reaches_the_service() {
    let house = House::new();
    let check = house.decide(6);
    let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(hello));
    let allowed = call(&service, get("/"));
    assert_eq!(
        (allowed.status(), header(&allowed, "ratelimit")),
        (StatusCode::OK, r#""tokens";r=4;t=3600"#)
    );
    assert_eq!(header(&allowed, "ratelimit-policy"), r#""tokens";q=10"#);
    let denied = call(&service, get("/"));
    assert_eq!(denied.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&denied, "retry-after"), "3600");
    assert_eq!(header(&denied, "content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&read(denied)).unwrap();
    assert_eq!(problem["reason"], "limit_exceeded");
    assert_eq!(problem["status"], 429);
    assert_eq!(problem["retry_after"], 3600);
    assert_eq!(problem["violated-policies"], serde_json::json!(["tokens"]));
    assert_eq!(house.standing(), (6, 0), "a denial takes nothing");
}

#[test]
fn what_costs_nothing_and_what_is_rejected_ask_nobody() {
    let house = House::new();
    let classify = |head: &Parts| match head.uri.path() {
        "/health" => Ok(None),
        _ => Err(Rejected::UNAUTHENTICATED),
    };
    let service = house.layer(classify).layer(service_fn(hello));
    assert_eq!(call(&service, get("/health")).status(), StatusCode::OK);
    let rejected = call(&service, get("/"));
    assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
    assert!(String::from_utf8(read(rejected)).unwrap().contains("\"unauthenticated\""));
    assert_eq!(house.standing(), (0, 0));
}

#[test]
fn the_service_finds_the_verdict() {
    let house = House::new();
    let check = house.decide(7);
    let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(
        |request: Request<()>| async move {
            let verdict: &Verdict = request.extensions().get().unwrap();
            let left = verdict.remaining().unwrap().to_string();
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(left)))
        },
    ));
    assert_eq!(read(call(&service, get("/"))), b"3");
}

#[test]
fn what_is_held_is_settled_when_the_response_ends() {
    let house = House::new();
    for (told, used) in [(Some(2), 2), (None, 6)] {
        let house = House { acme: fresh(&house, used), gate: house.gate.clone() };
        let (check, actual) = (house.hold(6), told.map(|units| house.tokens(units)));
        let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(
            move |request: Request<()>| {
                let held: Held = request.extensions().get().cloned().unwrap();
                actual.iter().for_each(|costs| held.used(costs.clone()));
                async { Ok::<_, Infallible>(Response::new(Chunks(2))) }
            },
        ));
        let mut response = call(&service, get("/"));
        assert_eq!(house.standing(), (0, 6), "held while the body is on its way");
        assert!(frame(response.body_mut()).is_some());
        assert_eq!(house.standing(), (0, 6));
        while frame(response.body_mut()).is_some() {}
        assert_eq!(house.standing(), (used, 0));
        drop(response);
        assert_eq!(house.standing(), (used, 0), "settled once");
    }
}

#[test]
fn a_response_that_never_ends_gives_back_what_was_not_told() {
    let house = House::new();
    for told in [0, 3] {
        let house = House { acme: fresh(&house, told), gate: house.gate.clone() };
        let (check, costs) = (house.hold(6), house.tokens(told));
        let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(
            move |request: Request<()>| {
                let held: Held = request.extensions().get().cloned().unwrap();
                if told > 0 {
                    held.used(costs.clone());
                }
                async { Ok::<_, Infallible>(Response::new(Chunks(2))) }
            },
        ));
        let mut response = call(&service, get("/"));
        assert!(frame(response.body_mut()).is_some());
        drop(response); // the caller went away
        assert_eq!(house.standing(), (told, 0));
    }
}

#[test]
fn a_service_that_fails_or_is_cancelled_gives_all_back() {
    let house = House::new();
    let check = house.hold(6);
    let layer = house.layer(move |_| Ok(Some(check.clone())));
    let mut failing = layer
        .layer(service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, _>("broken") }));
    assert!(matches!(poll(failing.call(get("/"))), Poll::Ready(Err("broken"))));
    assert_eq!(house.standing(), (0, 0));
    let mut silent = layer.layer(service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    }));
    let answering = silent.call(get("/"));
    assert_eq!(house.standing(), (0, 6));
    drop(answering);
    assert_eq!(house.standing(), (0, 0));
}

#[test]
fn use_beyond_what_is_held_is_decided_anew() {
    let house = House::new();
    for (actual, used) in [(9, 9), (11, 6)] {
        let house = House { acme: fresh(&house, actual), gate: house.gate.clone() };
        let (check, costs) = (house.hold(6), house.tokens(actual));
        let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(
            move |request: Request<()>| {
                let held: Held = request.extensions().get().cloned().unwrap();
                held.used(costs.clone());
                hello(request)
            },
        ));
        read(call(&service, get("/")));
        assert_eq!(house.standing(), (used, 0), "{actual}");
    }
}

#[test]
fn a_key_that_comes_again_is_answered_as_before() {
    let house = House::new();
    let check = house.decide(6);
    let service = house
        .layer(move |head: &Parts| {
            Ok(Some(Check { key: idempotency_key(&head.headers)?, ..check.clone() }))
        })
        .layer(service_fn(hello));
    let keyed = |key: &str| Request::get("/").header("idempotency-key", key).body(()).unwrap();
    assert_eq!(call(&service, keyed("\"a\"")).status(), StatusCode::OK);
    assert_eq!(call(&service, keyed("a")).status(), StatusCode::OK);
    assert_eq!(house.standing(), (6, 0), "counted once");
    assert_eq!(call(&service, keyed("b")).status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(call(&service, keyed("\"\"")).status(), StatusCode::BAD_REQUEST);
    assert_eq!(call(&service, keyed("\"a\\b\"")).status(), StatusCode::BAD_REQUEST);
}

#[test]
fn what_cannot_be_decided_is_as_the_check_says() {
    let house = House::new();
    for (fail, status) in
        [(Fail::Open, StatusCode::OK), (Fail::Shut, StatusCode::SERVICE_UNAVAILABLE)]
    {
        let endless = Span::MAX; // no hold lives so long: the gate refuses the command
        let check = Check { fail, ..house.decide(1).held_for(endless) };
        let service = house.layer(move |_| Ok(Some(check.clone()))).layer(service_fn(hello));
        assert_eq!(call(&service, get("/")).status(), status);
    }
}

#[test]
fn each_dialect_has_its_own_headers() {
    let house = House::new();
    let check = house.decide(1);
    for (dialect, told) in [
        (Dialect::Silent, [None, None]),
        (Dialect::Draft03, [None, Some("8")]),
        (Dialect::Draft08To11, [Some(r#""tokens";r=7;t=3600"#), None]),
    ] {
        let (check, clock) = (check.clone(), ManualClock::at(Timestamp::EPOCH));
        let classify = move |_: &Parts| Ok::<_, Rejected>(Some(check.clone()));
        let layer = QuotaLayer::new(house.gate.clone(), clock, classify, Problems::new(dialect));
        let response = call(&layer.layer(service_fn(hello)), get("/"));
        let of = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!([of("ratelimit"), of("x-ratelimit-remaining")], told, "{dialect:?}");
    }
}

/// A scope of its own for one round of a test.
fn fresh(house: &House, number: i64) -> Scope {
    house.gate.open(None, &format!("c{number}"), Some("free"), Timestamp::EPOCH).unwrap()
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

async fn hello(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

fn call<S, B>(service: &S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
{
    match poll(service.clone().oneshot(request)) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn header<'a, B>(response: &'a Response<B>, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

fn read<B: Body<Data = Bytes, Error = Infallible>>(response: Response<B>) -> Vec<u8> {
    match poll(response.into_body().collect()) {
        Poll::Ready(Ok(body)) => body.to_bytes().to_vec(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn frame<B: Body<Data = Bytes, Error = Infallible> + Unpin>(body: &mut B) -> Option<Frame<Bytes>> {
    match poll(body.frame()) {
        Poll::Ready(frame) => frame.map(|frame| frame.unwrap()),
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// A body of so many chunks, which does not know when it ends.
#[derive(Debug)]
struct Chunks(u8);

/// What an answer in place of the service is made of: nobody reads it here.
impl From<Vec<u8>> for Chunks {
    fn from(_: Vec<u8>) -> Self {
        Self(1)
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"chunk")))))
    }
}

type Classifier = fn(&Parts) -> Result<Option<Check>, Rejected>;

#[expect(dead_code, reason = "that it compiles is the test: a layer goes from thread to thread")]
fn a_layer_is_sent_and_shared(layer: QuotaLayer<Classifier, Problems>) -> Arc<dyn Send> {
    Arc::new(layer)
}
