//! What must a system offer to be checked? The traits that the engine drives, and their arguments.
//!
//! A system's author implements [`System`], and whichever of [`HttpSystem`] and [`ScenarioSystem`]
//! the vectors need. Everything has a default that says [`NotImplemented`]: a case that meets it
//! fails, unless `deviations.toml` covers the case. Merging `given` over `fixtures` is the system's
//! job; a key of `given` that it does not understand must be answered with [`NotImplemented`],
//! never ignored, else a vector passes for a setting that was not made.

use http::{Request, Response};
use serde_json::Value;
use weir_core::time::Timestamp;

/// One contract, and how it is set up for a case.
///
/// # Example
///
/// ```
/// use http::{Request, Response};
/// use serde_json::{Value, json};
/// use weir_core::time::Timestamp;
/// use weir_testkit::conform::{HttpSystem, NotImplemented, Setting, System};
///
/// /// Answers 202 with what was asked for at set-up.
/// struct Echo;
///
/// impl System for Echo {
///     fn name(&self) -> &'static str {
///         "echo"
///     }
///
///     fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
///         Ok(Box::new(EchoHost(setting.given.clone())))
///     }
/// }
///
/// struct EchoHost(Value);
///
/// impl HttpSystem for EchoHost {
///     fn send(
///         &self,
///         _request: &Request<Vec<u8>>,
///         _now: Timestamp,
///     ) -> Result<Response<Vec<u8>>, NotImplemented> {
///         let mut response = Response::new(self.0.to_string().into_bytes());
///         *response.status_mut() = http::StatusCode::ACCEPTED;
///         Ok(response)
///     }
/// }
///
/// let setting = Setting { fixtures: &json!({}), given: &json!({"a": 1}), now: Timestamp::EPOCH };
/// let host = Echo.http(&setting)?;
/// let request = Request::new(Vec::new());
/// assert_eq!(host.send(&request, setting.now)?.body(), br#"{"a":1}"#);
/// // What a system does not offer is said, not skipped.
/// assert!(host.state().is_err());
/// assert!(Echo.scenario(&setting).is_err());
/// # Ok::<(), NotImplemented>(())
/// ```
pub trait System {
    /// The name that a vector's `system` has, or the stem of the file's name.
    fn name(&self) -> &'static str;

    /// A host in the state that `setting` describes, for one case of requests and answers.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when the state cannot be made.
    fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
        let _ = setting;
        Err(NotImplemented::new("requests over HTTP"))
    }

    /// A host in the state that `setting` describes, for one scenario.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when the state cannot be made.
    fn scenario(&self, setting: &Setting<'_>) -> Result<Box<dyn ScenarioSystem>, NotImplemented> {
        let _ = setting;
        Err(NotImplemented::new("scenarios"))
    }

    /// The answer to a question without state, with the keys that the vector's `expect` has.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] for a kind that the system does not answer.
    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        Err(NotImplemented::new(&format!("kind {}", question.kind)))
    }
}

/// A host that takes requests. `Sync`, because a case may send many at once from many threads.
pub trait HttpSystem: Sync {
    /// The answer to one request at `now`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] for a route that is not there yet; a 404 is an answer.
    fn send(
        &self,
        request: &Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Response<Vec<u8>>, NotImplemented>;

    /// What is stored now, in the shape of the vectors' `expect.state`. More keys are welcome.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it cannot be told.
    fn state(&self) -> Result<Value, NotImplemented> {
        Err(NotImplemented::new("state"))
    }

    /// What the requests so far have caused, in the shape of the vectors' `expect.effects`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it cannot be told.
    fn effects(&self) -> Result<Value, NotImplemented> {
        Err(NotImplemented::new("effects"))
    }

    /// The names of the webhook events emitted so far, in order.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it cannot be told.
    fn webhook_events(&self) -> Result<Vec<String>, NotImplemented> {
        Err(NotImplemented::new("webhook_events"))
    }

    /// The messages queued so far, in the shape of the vectors' `expect.queued`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it cannot be told.
    fn queued(&self) -> Result<Vec<Value>, NotImplemented> {
        Err(NotImplemented::new("queued"))
    }

    /// `{"header": .., "claims": ..}` of a compact token whose signature the published keys verify.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when tokens are not verified here.
    fn verified_token(&self, compact: &str) -> Result<Value, NotImplemented> {
        let _ = compact;
        Err(NotImplemented::new("$jwt"))
    }
}

/// A host that is walked through steps on one clock.
///
/// An answer has the keys of the vectors' steps (`allowed`, `state`, `rejection_reason`, `message`,
/// `facts`; or `error` and `http_status`). The steps without an answer give `Ok(())`.
pub trait ScenarioSystem {
    /// `POST ingest/sync` below the HTTP age check.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] for an event that cannot be decided yet.
    fn ingest(&mut self, ask: &Ingest<'_>) -> Result<Value, NotImplemented>;

    /// `POST entitlements/verify`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn verify(&mut self, ask: &Verify<'_>) -> Result<Value, NotImplemented> {
        let _ = ask;
        Err(NotImplemented::new("op verify"))
    }

    /// The queue's path for one customer: `outcomes` and `dispositions` by event id.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn ingest_batch(&mut self, batch: &Batch<'_>) -> Result<Value, NotImplemented> {
        let _ = batch;
        Err(NotImplemented::new("op ingest_batch"))
    }

    /// Puts `entitlement` in the place of the stored one with its `id`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn set_entitlement(&mut self, entitlement: &Value, now: Timestamp) -> Done {
        let _ = (entitlement, now);
        Err(NotImplemented::new("op set_entitlement"))
    }

    /// Adds to the wallet: the step without its `op`, such as `{"purchased": 10}`.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn wallet_add(&mut self, amounts: &Value, now: Timestamp) -> Done {
        let _ = (amounts, now);
        Err(NotImplemented::new("op wallet_add"))
    }

    /// Makes a part of the machine fail, or mends it.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn fault(&mut self, fault: Fault) -> Done {
        Err(NotImplemented::new(&format!("op {}", fault.op())))
    }

    /// Drops what is in memory and keeps what is durable.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn evict(&mut self, now: Timestamp) -> Done {
        let _ = now;
        Err(NotImplemented::new("op evict"))
    }

    /// Runs the timer of the entitlement with this id.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it is not there yet.
    fn alarm(&mut self, entitlement: &str, now: Timestamp) -> Done {
        let _ = (entitlement, now);
        Err(NotImplemented::new("op alarm"))
    }

    /// What is stored now, in the shape of the vectors' `final`: `{"wallet": {purchased, granted,
    /// reserved, consumed}, "entitlements": {ID: {"meters": {KEY: number}, "buckets":
    /// [{bucket_key, consumed, exhausted_at}]}}}`, money in minor units.
    ///
    /// # Errors
    ///
    /// [`NotImplemented`] when it cannot be told.
    fn state(&self) -> Result<Value, NotImplemented>;
}

/// What a step without an answer gives.
pub type Done = Result<(), NotImplemented>;

/// The state and the instant in which a case starts.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The file's fixtures; null when the file has none.
    pub fixtures: &'a Value,
    /// The case's own state; an override of the fixtures where there are any.
    pub given: &'a Value,
    /// The clock at the start.
    pub now: Timestamp,
}

/// A question that needs no state but its own.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is asked, such as `parse_number`.
    pub kind: &'a str,
    /// The state that the vector gives.
    pub given: &'a Value,
    /// What it is asked about.
    pub input: &'a Value,
}

/// A synchronous event.
#[derive(Clone, Copy, Debug)]
pub struct Ingest<'a> {
    /// Whose it is.
    pub customer: &'a str,
    /// What the caller wants to use.
    pub feature: &'a str,
    /// The event.
    pub event: Event<'a>,
    /// The wall clock when it is decided.
    pub now: Timestamp,
    /// When the server received it; `now` unless the step says otherwise.
    pub received_at: Timestamp,
}

/// An event, as a step writes it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The idempotency key.
    pub key: &'a str,
    /// The event's own id, when the step has one.
    pub event_id: Option<&'a str>,
    /// What happened.
    pub slug: &'a str,
    /// The payload.
    pub properties: &'a Value,
    /// When it happened; `now` unless the step says otherwise.
    pub timestamp: Timestamp,
}

/// Events of one customer that come off the queue together.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// Whose they are.
    pub customer: &'a str,
    /// The events, in order.
    pub events: Vec<Event<'a>>,
    /// The wall clock.
    pub now: Timestamp,
}

/// A question about access.
#[derive(Clone, Copy, Debug)]
pub struct Verify<'a> {
    /// Who asks.
    pub customer: &'a str,
    /// For what.
    pub feature: &'a str,
    /// The wall clock.
    pub now: Timestamp,
    /// The instant asked about; `now` unless the step says otherwise.
    pub timestamp: Timestamp,
}

/// What a step breaks or mends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The reporting queue takes messages again.
    ReportingMended,
    /// The reporting queue takes none.
    ReportingOut,
    /// Wallet commands work again.
    WalletMended,
    /// Every wallet command fails.
    WalletOut,
}

impl Fault {
    /// The step's name for it.
    #[must_use]
    pub const fn op(self) -> &'static str {
        match self {
            Self::ReportingMended | Self::ReportingOut => "reporting",
            Self::WalletMended | Self::WalletOut => "wallet_outage",
        }
    }
}

/// Something that a vector asks for and the system does not offer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not implemented: {0}")]
pub struct NotImplemented(String);

impl NotImplemented {
    /// Names what is missing, in the vector's words.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}
