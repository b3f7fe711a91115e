//! What can be tried at once? The example catalogs, keys made for this run, and requests to send.

use std::io::{self, Write};

use weir::{CredentialTerms, Gate, GateError, GrantTerms, Quantity, Renewal, Timestamp};
use weir_core::token::{Classes, Origins, Status};
use weir_core::window::Period;
use weir_genvoris::{Genvoris, Key, Pack, Settings, StoreStatus};
use weir_pulsora::{Accepted, Config, NullFingerprint, Salt, SinkRefused};
use weir_unprice::entitlement::{Billing, Entitlement, Kind, Terms, entitle, root_of};
use weir_unprice::keys::{Bound, KeyTerms, enrol};

use crate::contracts::Contracts;

/// The contracts under the example catalogs, with a site, a store and a customer, all in memory.
pub struct Demo {
    /// What answers.
    pub contracts: Contracts,
    /// What opens it.
    pub keys: Keys,
}

/// The keys of a demo: made for it alone, kept nowhere else.
pub struct Keys {
    /// Pulsora's public token.
    pub public: String,
    /// The store's key.
    pub store: String,
    /// Unprice's key.
    pub unprice: String,
}

/// A request to try, in order, and what it is answered.
pub struct Line {
    /// What it shows.
    pub says: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What stands in the answer's body.
    pub holds: &'static str,
    /// The command.
    pub curl: String,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The gate refused a command.
    #[error("the demo's state cannot be made")]
    Gate(#[from] GateError),
    /// The contract refused a command.
    #[error("the demo's store cannot be made")]
    Genvoris(#[from] weir_genvoris::GenvorisError),
    /// No key could be made.
    #[error("no key of class `{class}` can be made")]
    Key {
        /// The class that was asked for.
        class: &'static str,
    },
}

impl Demo {
    /// Makes the state, and its keys from the system's randomness.
    ///
    /// # Errors
    ///
    /// [`DemoError`], when the system has no random bytes or a catalog is not that of its contract.
    pub fn new(now: Timestamp) -> Result<Self, DemoError> {
        let (pulsora, public) = pulsora(now)?;
        let (genvoris, store) = genvoris(now)?;
        let (unprice, key) = unprice(now)?;
        let salt = Salt::new(&random("salt")?);
        let config = Config::new(NullFingerprint::Derive(salt));
        let sink = Box::new(tell);
        let contracts = Contracts { pulsora, config, sink, genvoris, unprice };
        Ok(Self { contracts, keys: Keys { public, store, unprice: key } })
    }

    /// What to try against a server at `base`, such as `http://127.0.0.1:8080`: in this order, each once.
    #[must_use]
    pub fn lines(&self, base: &str) -> Vec<Line> {
        let Keys { public, store, unprice } = &self.keys;
        let line = |says, (status, holds), curl| Line { says, status, holds, curl };
        let ingest =
            |body| format!("curl -i {base}/api/ingest -H 'X-API-Token: {public}' -d '{body}'");
        let track = || {
            let key = format!("-H 'Authorization: Bearer {store}'");
            format!("curl -i {base}/api/tryon/track {key} -d '{TRY_ON}'")
        };
        let sync = |name: &str| {
            let head =
                format!("-H 'Authorization: Bearer {unprice}' -H 'Content-Type: application/json'");
            let body = format!(
                r#"{{"idempotencyKey":"{name}","eventSlug":"tokens_used","featureSlug":"tokens","properties":{{"amount":8}}}}"#
            );
            format!("curl -i {base}/v1/events/ingest/sync {head} -d '{body}'")
        };
        vec![
            line("pulsora takes a page view", (202, r#"{"success":true}"#), ingest(PAGE_VIEW)),
            line(
                "pulsora takes revenue with a secret token only",
                (403, "secret token"),
                ingest(REVENUE),
            ),
            line(
                "genvoris takes the only credit of the pool",
                (200, r#""remaining_credits":0"#),
                track(),
            ),
            line("genvoris has no credit left", (402, "credit_limit_reached"), track()),
            line("unprice takes eight of ten units", (200, r#""allowed":true"#), sync("one")),
            line("unprice has two units left", (200, "LIMIT_EXCEEDED"), sync("two")),
        ]
    }
}

fn pulsora(now: Timestamp) -> Result<(Gate, String), DemoError> {
    let gate = Gate::in_memory()?;
    gate.install(include_bytes!("../../../examples/pulsora.json"), now)?;
    let site = gate.open(None, "site", None, now)?;
    let token = mint(&gate, "public")?;
    let (origins, status) = (Origins::ANY, Status::Active);
    let terms = CredentialTerms { class: "public", origins, status, expires: None };
    gate.enrol(site, token.as_bytes(), &terms, now)?;
    Ok((gate, token))
}

fn genvoris(now: Timestamp) -> Result<(Genvoris, String), DemoError> {
    let gate = Gate::in_memory()?;
    gate.install(include_bytes!("../../../examples/genvoris.json"), now)?;
    let key = mint(&gate, "live")?;
    let genvoris = Genvoris::new(gate, Settings::default())?;
    let store = genvoris.put_store("store", StoreStatus::Active, now)?;
    genvoris.put_key(store, key.as_bytes(), &Key::default(), now)?;
    let pack = Pack { name: "starter", credits: 1, purchased: now, expires: None };
    genvoris.add_pack(store, &pack, now)?;
    Ok((genvoris, key))
}

fn unprice(now: Timestamp) -> Result<(Gate, String), DemoError> {
    let gate = Gate::in_memory()?;
    gate.install(include_bytes!("../../../examples/unprice.json"), now)?;
    let key = mint(&gate, "live")?;
    let bound = Bound { project: "project", customer: Some("customer") };
    let terms = KeyTerms { id: "key", bound, plan: "key", status: Status::Active, expires: None };
    enrol(&gate, key.as_bytes(), &terms, now)?;
    let root = root_of("project", "customer");
    let customer = gate.open(None, &root, Some("starter"), now)?;
    let sold = Entitlement {
        id: "entitlement".to_owned(),
        kind: Kind::Usage,
        limit: "tokens".to_owned(),
        meter_key: Some("slug=tokens_used|method=sum|field=amount".to_owned()),
        billing: Billing::told("USD"),
        effective: now,
        expires: Period::NEVER,
        terms: Terms::default(),
    };
    entitle(&gate, (&root, "tokens"), &sold, now)?;
    let (amount, renewal) = (Some(Quantity::from_units(10)), Renewal::DEFAULT);
    let (effective, expires) = (now, None);
    let grant = GrantTerms { name: "ten", amount, priority: 10, effective, expires, renewal };
    gate.grant(customer, "tokens", &grant, now)?;
    Ok((gate, key))
}

/// A key of a class, from bytes that the system made for it alone.
fn mint(gate: &Gate, class: &'static str) -> Result<String, DemoError> {
    let catalog = gate.catalog()?;
    let classes = catalog.classes();
    let id = classes.id(class).ok_or(DemoError::Key { class })?;
    classes.mint(id, &random(class)?).map_err(|_| DemoError::Key { class })
}

fn random(class: &'static str) -> Result<[u8; Classes::RANDOM_LEN], DemoError> {
    let mut bytes = [0; Classes::RANDOM_LEN];
    getrandom::fill(&mut bytes).map_err(|_| DemoError::Key { class })?;
    Ok(bytes)
}

/// Writes that an event was accepted; one that cannot be told of is not accepted.
fn tell(event: &Accepted<'_, '_>) -> Result<(), SinkRefused> {
    let told = writeln!(io::stderr(), "pulsora: {} of {}", event.kind.name(), event.site_name);
    told.map_err(|_| SinkRefused)
}

const PAGE_VIEW: &str =
    r#"{"type":"pageview","data":{"visitor_fingerprint":null,"session_id":"s"}}"#;
const REVENUE: &str = r#"{"type":"revenue","data":{}}"#;
const TRY_ON: &str = r#"{"product_type":"apparel","variation_count":4}"#;
