//! The three adapters over gates with a journal, and a way to send any of them a request.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::Arc;

use http::{Request, Response};
use weir::{CredentialTerms, Gate, HostKeys, MemoryJournal, Scope, Timestamp, replay};
use weir_core::token::{Origins, Pepper, Status};
use weir_genvoris::{Arrival as Came, Genvoris, Keyring, Settings, Signer, StoreStatus, Transport};
use weir_pulsora::{Accepted, Arrival, Config, Failure, Ingest, NullFingerprint, Salt};
use weir_unprice::keys::{Bound, KeyTerms};
use weir_unprice::{Incoming, respond};

pub(crate) const NOW: Timestamp = Timestamp::EPOCH;
/// What signs sessions.
pub(crate) const SIGNER: &[u8] = include_bytes!("../../data/rsa-2048-one.pk8");

/// A key, whether it is good, and until when.
pub(crate) struct Enrolled {
    pub(crate) key: String,
    pub(crate) status: Status,
    pub(crate) expires: Option<Timestamp>,
}

impl Enrolled {
    pub(crate) fn good(key: impl Into<String>) -> Self {
        Self { key: key.into(), status: Status::Active, expires: None }
    }

    const fn terms<'a>(&self, class: &'a str) -> CredentialTerms<'a> {
        let Self { status, expires, .. } = *self;
        CredentialTerms { class, origins: Origins::ANY, status, expires }
    }
}

/// What the host itself must not tell.
pub(crate) struct Own<'a> {
    pub(crate) pepper: [u8; 32],
    /// The salt of fingerprints.
    pub(crate) salt: &'a [u8],
    pub(crate) transport: Transport,
}

impl Own<'_> {
    pub(crate) fn none() -> Self {
        Self { pepper: [0; 32], salt: b"", transport: Transport::Bearer }
    }
}

/// A gate, and all that it writes down.
pub(crate) struct Journaled {
    pub(crate) gate: Gate,
    journal: Arc<MemoryJournal>,
    keys: HostKeys,
}

impl Journaled {
    pub(crate) fn new(catalog: &[u8], pepper: [u8; 32]) -> Self {
        let journal = Arc::new(MemoryJournal::default());
        let keys = HostKeys { pepper: Some(Pepper::new(pepper)), ..HostKeys::fixed() };
        let gate = Gate::builder().shards(1).keys(keys.clone()).journal(Arc::clone(&journal));
        let gate = gate.build().unwrap();
        gate.install(catalog, NOW).unwrap();
        Self { gate, journal, keys }
    }

    /// The journal, the state as it is kept, and the state as it is shown.
    pub(crate) fn kept(&self, scope: Scope) -> Vec<u8> {
        let journal = self.journal.bytes(scope.shard());
        let ledger = replay(&journal, &self.keys).unwrap();
        let shown = format!("{ledger:?} {ledger:#?}").into_bytes();
        [journal, self.gate.snapshot(scope.shard()).unwrap(), shown].concat()
    }
}

/// One contract over a gate of its own.
pub(crate) struct Host {
    kept: Journaled,
    root: Scope,
    speaks: Speaks,
    /// What it told its host.
    told: RefCell<String>,
}

enum Speaks {
    Genvoris(Box<Genvoris>),
    Pulsora(Config),
    Unprice,
}

impl Host {
    /// All keys are the one store's.
    pub(crate) fn genvoris(keys: &[Enrolled], own: Own<'_>) -> Self {
        let kept = Journaled::new(include_bytes!("../../../../examples/genvoris.json"), own.pepper);
        let settings = Settings { transport: own.transport, ..Settings::default() };
        let ring = Keyring::new(Signer::from_pkcs8("gv-one", SIGNER).unwrap());
        let told = RefCell::new(format!("{settings:?} {ring:?} {ring:#?}"));
        let genvoris = Genvoris::new(kept.gate.clone(), settings).unwrap().with_keys(ring);
        let root = genvoris.put_store("shop", StoreStatus::Active, NOW).unwrap();
        for key in keys {
            kept.gate.enrol(root, key.key.as_bytes(), &key.terms("live"), NOW).unwrap();
        }
        Self { kept, root, speaks: Speaks::Genvoris(Box::new(genvoris)), told }
    }

    /// All keys are the one site's.
    pub(crate) fn pulsora(keys: &[Enrolled], own: &Own<'_>) -> Self {
        let kept = Journaled::new(include_bytes!("../../../../examples/pulsora.json"), own.pepper);
        let root = kept.gate.open(None, "site", None, NOW).unwrap();
        for key in keys {
            kept.gate.enrol(root, key.key.as_bytes(), &key.terms("public"), NOW).unwrap();
        }
        let config = Config::new(NullFingerprint::Derive(Salt::new(own.salt)));
        let told = RefCell::new(format!("{config:?}"));
        Self { kept, root, speaks: Speaks::Pulsora(config), told }
    }

    /// All keys are the one project's.
    pub(crate) fn unprice(keys: &[Enrolled], own: &Own<'_>) -> Self {
        let kept = Journaled::new(include_bytes!("../../../../examples/unprice.json"), own.pepper);
        for (key, id) in keys.iter().zip(["k0", "k1", "k2", "k3"]) {
            let bound = Bound { project: "proj", customer: Some("cus") };
            let Enrolled { status, expires, .. } = *key;
            let terms = KeyTerms { id, bound, plan: "key", status, expires };
            weir_unprice::keys::enrol(&kept.gate, key.key.as_bytes(), &terms, NOW).unwrap();
        }
        let root = kept.gate.find(None, "key:k0").unwrap().unwrap();
        Self { kept, root, speaks: Speaks::Unprice, told: RefCell::default() }
    }

    pub(crate) fn send(&self, request: &Request<&[u8]>) -> Response<Vec<u8>> {
        let mut body = Vec::new();
        let response = match &self.speaks {
            Speaks::Genvoris(genvoris) => {
                let arrival = Came { now: NOW, random: [7; 16] };
                genvoris.handle(request, &arrival, &mut body).unwrap()
            }
            Speaks::Pulsora(config) => {
                let sink = |event: &Accepted<'_, '_>| {
                    write!(self.told.borrow_mut(), "{event:?}").unwrap();
                    Ok(())
                };
                let ingest = Ingest { gate: &self.kept.gate, config, sink: &sink };
                let address = [203, 0, 113, 7].into();
                let arrival = Arrival { address, now: NOW, request_id: None };
                ingest.answer(request, &arrival, &mut body)
            }
            Speaks::Unprice => {
                let incoming = Incoming { request, now: NOW, request_id: "req" };
                respond(&self.kept.gate, &(), &incoming, &mut body)
            }
        };
        if let Some(failure) = response.extensions().get::<Failure>() {
            write!(self.told.borrow_mut(), "{failure:?} {failure}").unwrap();
        }
        response.map(|()| body)
    }

    /// What the host was told, and what it keeps.
    pub(crate) fn left_behind(&self) -> Vec<u8> {
        [self.told.borrow().as_bytes(), &self.kept.kept(self.root)].concat()
    }
}
