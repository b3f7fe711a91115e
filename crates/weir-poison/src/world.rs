//! What is on record, and which keys are asked about?

use std::collections::BTreeMap;

use weir::{CredentialTerms, Gate, GateError, HostKeys, Timestamp};
use weir_core::id::{Name, ScopeId};
use weir_core::token::{
    ClassDefinition, Classes, Credential, Digest, Origins, Pepper, Registry, Status,
};

/// How a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    Disabled,
    Expired,
    Good,
    NoClass,
    Revoked,
    Unknown,
}

impl Standing {
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("disabled", Self::Disabled),
        ("expired", Self::Expired),
        ("good", Self::Good),
        ("no-class", Self::NoClass),
        ("revoked", Self::Revoked),
        ("unknown", Self::Unknown),
    ];

    /// Status and end on record.
    const fn on_record(self) -> (Status, Option<Timestamp>) {
        match self {
            Self::Disabled => (Status::Disabled, None),
            Self::Expired => (Status::Active, Some(NOW)),
            Self::Revoked => (Status::Revoked, None),
            Self::Good | Self::NoClass | Self::Unknown => (Status::Active, None),
        }
    }
}

/// One key of every kind of class, and which bytes of it are secret: those after what tells its
/// class. One prefix starts like another, so two bytes more of those keys tell the class.
pub(crate) struct Sample {
    pub(crate) class: &'static str,
    pub(crate) key: String,
    pub(crate) public: usize,
}

pub(crate) fn samples(classes: &Classes) -> Vec<Sample> {
    let publics = [("browser", 4), ("checked", 3), ("project", 13), ("short", 3), ("store", 9)];
    let mut random = [0; Classes::RANDOM_LEN];
    publics
        .into_iter()
        .enumerate()
        .map(|(place, (class, public))| {
            // Any bytes will do: what matters is that the code cannot know them.
            let bytes =
                (place..).map(|n| Digest::of(&n.to_le_bytes(), None)).take(random.len() / 32);
            for (into, digest) in random.chunks_mut(32).zip(bytes) {
                into.copy_from_slice(digest.as_bytes());
            }
            let id = classes.id(class).expect("a class of the catalog");
            Sample { class, key: classes.mint(id, &random).expect("room in the class"), public }
        })
        .collect()
}

pub(crate) fn classes() -> Classes {
    let definitions: BTreeMap<Name, ClassDefinition> =
        serde_json::from_str(CLASSES).expect("a map of classes");
    Classes::compile(&definitions).expect("no fault")
}

/// A registry of a few keys, and one that stands so.
pub(crate) fn registry(classes: &Classes, key: &str, standing: Standing) -> Registry {
    let mut registry = Registry::new(1_000, Some(pepper()));
    let class = classes.id("browser").expect("a class of the catalog");
    let (status, expires) = standing.on_record();
    let (epoch, origins, scope) = (0, Origins::ANY, ScopeId(1));
    let record = Credential { class, epoch, expires, origins, scope, status };
    let others = (0..OTHERS).map(|n| Digest::of(&[n], None));
    for digest in others {
        let other = Credential { status: Status::Active, expires: None, ..record.clone() };
        registry.insert(digest, other).expect("room");
    }
    let class = if standing == Standing::NoClass { weir_core::id::ClassId(99) } else { class };
    let presented = classes.classify(key.as_bytes()).expect("a key");
    let digest = registry.digest(&presented);
    if standing != Standing::Unknown {
        registry.insert(digest, Credential { class, ..record }).expect("room");
    }
    registry
}

/// The same of a gate, all in one shard.
pub(crate) fn gate(key: &str, standing: Standing) -> Result<Gate, GateError> {
    let keys = HostKeys { pepper: Some(pepper()), ..HostKeys::fixed() };
    let gate = Gate::builder().keys(keys).shards(1).build()?;
    gate.install(format!(r#"{{"classes": {CLASSES}}}"#).as_bytes(), NOW)?;
    let scope = gate.open(None, "acme", None, NOW)?;
    let (status, expires) = standing.on_record();
    let terms = CredentialTerms { class: "browser", origins: Origins::ANY, status, expires };
    for n in 0..OTHERS {
        gate.enrol(scope, format!("pub_other{n}").as_bytes(), &terms, NOW)?;
    }
    if standing != Standing::Unknown {
        gate.enrol(scope, key.as_bytes(), &terms, NOW)?;
    }
    Ok(gate)
}

fn pepper() -> Pepper {
    Pepper::new([0x5A; 32])
}

pub(crate) const NOW: Timestamp = Timestamp::EPOCH;

/// Few, so that no two happen to have the same hash in a table: one that does costs a comparison
/// more, whatever the standing of the key that is asked about.
const OTHERS: u8 = 10;

const CLASSES: &str = r#"{
    "browser": {"prefix": "pub_", "alphabet": "token", "length": {"min": 1, "max": 64},
                "environment": "live", "may": ["pageview"]},
    "store":   {"prefix": "gvk_live_", "alphabet": "token", "length": {"min": 32, "max": 32},
                "environment": "live", "may": ["track"]},
    "trial":   {"prefix": "gvk_test_", "alphabet": "token", "length": {"min": 32, "max": 32},
                "environment": "test", "may": ["track"]},
    "project": {"prefix": "unprice_live_", "alphabet": "base58", "length": {"min": 22, "max": 22},
                "environment": "live", "may": ["ingest"]},
    "checked": {"prefix": "wk_", "alphabet": "base62", "check": "crc32",
                "length": {"min": 38, "max": 38}, "environment": "live"},
    "short":   {"prefix": "w", "alphabet": "hex", "length": {"min": 4, "max": 64},
                "environment": "test"}
}"#;
