//! Who stands in front of the service? The layer, and the service that it makes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use weir::{Ask, Clock, Gate, GateError, Timestamp, Verdict};

use crate::answer::{Denied, Respond};
use crate::body::Settling;
use crate::check::{Check, Classify, Fail};
use crate::held::Held;

/// Puts a gate in front of services.
#[derive(Clone)]
pub struct QuotaLayer<C, R> {
    desk: Desk<C, R>,
}

/// A service with a gate in front of it.
#[derive(Clone)]
pub struct Quota<S, C, R> {
    inner: S,
    desk: Desk<C, R>,
}

/// All that deciding needs.
#[derive(Clone)]
struct Desk<C, R> {
    gate: Gate,
    clock: Arc<dyn Clock>,
    classify: C,
    respond: R,
}

impl<C, R> QuotaLayer<C, R> {
    /// Asks `gate`, by `clock`, for what `classify` makes of a request; `respond` answers in place of
    /// the service.
    pub fn new(gate: Gate, clock: impl Clock + 'static, classify: C, respond: R) -> Self {
        Self { desk: Desk { gate, clock: Arc::new(clock), classify, respond } }
    }
}

impl<S, C: Clone, R: Clone> Layer<S> for QuotaLayer<C, R> {
    type Service = Quota<S, C, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Quota { inner, desk: self.desk.clone() }
    }
}

impl<S, C, R, A, B> Service<Request<A>> for Quota<S, C, R>
where
    S: Service<Request<A>, Response = Response<B>>,
    C: Classify,
    R: Respond<B>,
    B: Body,
{
    type Response = Response<Settling<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future, R, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let admitted = match self.desk.classify.classify(&head) {
            Ok(None) => None,
            Ok(Some(check)) => match self.desk.ask(check) {
                Ok(admitted) => admitted,
                Err(response) => return Answering::denied(response),
            },
            Err(rejected) => return Answering::denied(self.desk.respond.rejected(&rejected)),
        };
        if let Some(Admitted { verdict, held, .. }) = &admitted {
            head.extensions.insert(*verdict);
            held.iter().for_each(|held| drop(head.extensions.insert(held.clone())));
        }
        let future = self.inner.call(Request::from_parts(head, body));
        let respond = self.desk.respond.clone();
        Answering { state: State::Served { future, respond, admitted } }
    }
}

/// What went through, and what is still to be told and settled of it.
struct Admitted {
    verdict: Verdict,
    limit: Option<String>,
    now: Timestamp,
    held: Option<Held>,
}

impl<C, R> Desk<C, R> {
    /// Asks the gate; `None` when it could not decide and the request goes through all the same.
    fn ask<B>(&self, check: Check) -> Result<Option<Admitted>, Response<B>>
    where
        R: Respond<B>,
    {
        let fail = check.fail;
        match self.decide(check) {
            Ok(Ok(admitted)) => Ok(Some(admitted)),
            Ok(Err((verdict, now))) => Err(self.deny(&verdict, now)),
            Err(_) if fail == Fail::Open => Ok(None),
            Err(error) => Err(self.respond.failed(&error)),
        }
    }

    /// What was admitted, or the denial and its instant.
    fn decide(&self, check: Check) -> Result<Result<Admitted, (Verdict, Timestamp)>, GateError> {
        let Check { caller, scopes, costs, key, hold, .. } = check;
        let at = self.clock.now();
        let ask = Ask { caller, scopes: &scopes, costs: &costs, at, key: key.as_deref() };
        let (verdict, held) = match hold {
            None => (self.gate.decide(&ask, at)?, None),
            Some(ttl) => match self.gate.hold(&ask, ttl, at)? {
                Err(verdict) => (verdict, None),
                Ok(hold) => {
                    let verdict = *hold.verdict();
                    (verdict, Some(Held::new(hold, costs, Arc::clone(&self.clock))))
                }
            },
        };
        if !verdict.is_allowed() {
            return Ok(Err((verdict, at)));
        }
        Ok(Ok(Admitted { verdict, limit: self.limit(&verdict), now: at, held }))
    }

    fn deny<B>(&self, verdict: &Verdict, now: Timestamp) -> Response<B>
    where
        R: Respond<B>,
    {
        let limit = self.limit(verdict);
        match verdict.reason() {
            Some(reason) => {
                let limit = limit.as_deref();
                self.respond.denied(&Denied { verdict, reason, limit, now })
            }
            None => self.respond.failed(&GateError::Poisoned),
        }
    }

    /// The name of the limit that decided.
    fn limit(&self, verdict: &Verdict) -> Option<String> {
        let catalog = self.gate.catalog().ok()?;
        let name = catalog.names().limits.name(verdict.binding?.of.limit.0)?;
        Some(name.as_str().to_owned())
    }
}

pin_project! {
    /// The answer of the service, or the one in its place.
    pub struct Answering<F, R, B> {
        #[pin]
        state: State<F, R, B>,
    }
}

pin_project! {
    #[project = StateOf]
    enum State<F, R, B> {
        Denied { response: Option<Response<B>> },
        Served { #[pin] future: F, respond: R, admitted: Option<Admitted> },
    }
}

impl<F, R, B> Answering<F, R, B> {
    fn denied(response: Response<B>) -> Self {
        Self { state: State::Denied { response: Some(response) } }
    }
}

impl<F, R, B, E> Future for Answering<F, R, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    R: Respond<B>,
    B: Body,
{
    type Output = Result<Response<Settling<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateOf::Denied { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(|body| Settling::new(body, None)))),
                None => Poll::Pending, // polled again after it was ready
            },
            StateOf::Served { future, respond, admitted } => {
                let mut response = ready!(future.poll(cx))?;
                let admitted = admitted.take();
                let headers = response.headers_mut();
                if let Some(Admitted { verdict, limit: Some(limit), now, .. }) = &admitted {
                    respond.admitted(headers, (limit, verdict), *now);
                }
                let held = admitted.and_then(|admitted| admitted.held);
                Poll::Ready(Ok(response.map(|body| Settling::new(body, held))))
            }
        }
    }
}
