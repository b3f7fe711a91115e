//! How does the core play a history? A ledger, its catalog, and the journal of what it did.

use std::borrow::Cow;
use std::sync::LazyLock;

use weir_core::amount::Quantity;
use weir_core::catalog::{Catalog, Definition, Names};
use weir_core::decide::{Commit, Observer, Verdict};
use weir_core::id::{CatalogVersion, ClassId, ScopeId, ScopeName};
use weir_core::ledger::{
    Command, Failed, HostKeys, Ledger, Newcomer, Record, Refused, Sink, next_version,
};
use weir_core::time::Timestamp;
use weir_core::token::digest::Digest;
use weir_core::token::registry::Status;
use weir_core::token::{Classes, Credential, Origins, Principal, Registry};

use super::{Act, Correct};
use crate::ledger_model::clocks::ZONES;

/// What came of an act.
#[derive(Clone, Debug, PartialEq)]
pub enum Played {
    /// A count was put right, by so much, or that was refused.
    Adjusted(Result<Quantity, Refused>),
    /// A request was decided.
    Decided(Verdict),
    /// A command was done, or refused.
    Done(Result<(), Refused>),
    /// A hold was taken, used or ended, or that was refused.
    Stepped(Result<Verdict, Refused>),
}

/// The encoded records of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Journal(pub Vec<Vec<u8>>);

impl Sink for Journal {
    type Error = core::convert::Infallible;

    fn append(&mut self, record: &Record<'_>) -> Result<(), Self::Error> {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        self.0.push(bytes);
        Ok(())
    }
}

/// The core, and what it wrote down.
#[derive(Debug)]
pub struct Stage {
    /// The state.
    pub ledger: Ledger,
    /// The catalog in force.
    pub catalog: Catalog,
    /// What was done.
    pub journal: Journal,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            ledger: Ledger::new(&HostKeys::fixed()),
            catalog: compiled(&Definition::default(), &Names::default(), CatalogVersion(0)),
            journal: Journal::default(),
        }
    }
}

impl Stage {
    /// Plays an act, and tells a decision to `observer`.
    pub fn play(&mut self, act: &Act, now: Timestamp, observer: &mut impl Observer) -> Played {
        let Self { ledger, catalog, journal } = self;
        let command = match act {
            Act::Batch(acts) => {
                let open = ledger.accounts().len();
                let commands = acts.iter().filter_map(|act| said(act, open)).collect();
                return Played::Done(done(ledger.execute_all(catalog, commands, now, journal)));
            }
            Act::Book(ask) | Act::Decide(ask) => {
                let (request, to) = (&ask.request(), (journal, observer));
                let Ok(verdict) = match act {
                    Act::Book(_) => ledger.book(catalog, (request, now), to),
                    _ => ledger.decide(catalog, (request, now), to),
                };
                return Played::Decided(*verdict);
            }
            Act::Correct(correct) => return self.put_right(*correct, now),
            Act::Advance => Command::Advance,
            Act::Commit(hold, number, costs, then) => {
                let commit = Commit { hold: *hold, number: *number, costs, then: *then };
                let to = (journal, observer);
                return Played::Stepped(done(ledger.commit(catalog, &commit, now, to)));
            }
            Act::Extend(hold, ttl) => {
                return Played::Done(done(ledger.extend((*hold, *ttl), now, journal).map(drop)));
            }
            Act::Release(hold) => {
                return Played::Stepped(done(ledger.release(*hold, now, journal)));
            }
            Act::Reserve(ask, ttl) => {
                let (request, to) = (ask.request(), (journal, observer));
                let reserved = ledger.reserve(catalog, (&request, *ttl), now, to);
                return Played::Stepped(done(reserved));
            }
            Act::Grant(scope, grant, burn) => {
                Command::Grant { scope: *scope, grant: Cow::Borrowed(grant), burn: *burn }
            }
            Act::Import(scope, balance) => {
                let set = (*scope, *balance);
                return Played::Done(done(ledger.import(catalog, set, now, journal)));
            }
            Act::Install(definition) => {
                let installed = ledger.installed();
                *catalog = compiled(definition, &installed.names, next_version(installed));
                let json = serde_json::to_vec(definition).unwrap_or_default();
                let names = Cow::Owned(catalog.names().clone());
                Command::Install { json: Cow::Owned(json), names, zones: catalog.zones().digest() }
            }
            Act::Intern(parent, name, plan) => {
                if ledger.accounts().find(*parent, name).is_some() {
                    return Played::Done(Err(Refused::Name));
                }
                let (parent, plan) = (*parent, *plan);
                let new = ScopeName::parse(name).map(|name| Newcomer { parent, name, plan });
                let Ok(new) = new else { return Played::Done(Err(Refused::Name)) };
                return Played::Done(done(ledger.intern(new, now, journal).map(drop)));
            }
            Act::Note(_) | Act::SetAnchor(..) | Act::SetStatus(..) => {
                let Some(command) = said(act, 0) else { return Played::Done(Ok(())) };
                command
            }
            Act::SetPlan(scope, plan) => Command::SetPlan { scope: *scope, plan: *plan },
            Act::Sweep => Command::Sweep,
            Act::VoidGrant(scope, source, at) => {
                Command::VoidGrant { scope: *scope, source: *source, at: *at }
            }
            Act::TopUp(scope, lot) => Command::TopUp { scope: *scope, lot: Cow::Borrowed(lot) },
        };
        Played::Done(done(ledger.execute(command, now, journal)))
    }

    fn put_right(&mut self, correct: Correct, now: Timestamp) -> Played {
        let Self { ledger, catalog, journal } = self;
        match correct {
            Correct::Adjust(scope, limit, by) => {
                Played::Adjusted(done(ledger.adjust(catalog, (scope, limit, by), now, journal)))
            }
            Correct::Reset(scope, limit, anchor) => {
                Played::Done(done(ledger.reset(catalog, (scope, limit, anchor), now, journal)))
            }
            Correct::SetClock => {
                let Ok(()) = ledger.set_clock(catalog, now, journal);
                Played::Done(Ok(()))
            }
        }
    }
}

/// What an act says of a scope and its documents; a scope that is new gets the number `open`.
fn said(act: &Act, open: usize) -> Option<Command<'_>> {
    Some(match act {
        Act::Import(scope, balance) => {
            Command::Import { scope: *scope, balance: *balance, anchor: None }
        }
        Act::Intern(parent, name, plan) => {
            let scope = ScopeId(u32::try_from(open).ok()?);
            Command::Intern { scope, parent: *parent, name: Cow::Borrowed(name), plan: *plan }
        }
        Act::Note(key) => Command::Note {
            space: 7,
            key: Cow::Owned(vec![*key]),
            value: (*key > 0).then_some(Cow::Borrowed(&b"kept"[..])),
        },
        Act::SetAnchor(scope, anchor) => Command::SetAnchor { scope: *scope, anchor: *anchor },
        Act::SetStatus(scope, status) => Command::SetStatus { scope: *scope, status: *status },
        _ => return None,
    })
}

/// Someone who has shown the credential of a scope.
///
/// The core takes only its own proof, so a credential is put on record and shown.
#[must_use]
pub fn principal(scope: ScopeId) -> Principal {
    let place = usize::try_from(scope.0).unwrap_or(usize::MAX);
    let known = PRINCIPALS.get(place).or_else(|| PRINCIPALS.last());
    known.copied().unwrap_or_else(|| proof(scope))
}

static PRINCIPALS: LazyLock<Vec<Principal>> =
    LazyLock::new(|| (0..64).map(|scope| proof(ScopeId(scope))).collect());

#[expect(clippy::expect_used, reason = "the class and its key are constants")]
fn proof(scope: ScopeId) -> Principal {
    let environment = if scope.0.is_multiple_of(2) { "live" } else { "test" };
    let class = format!(
        r#"{{"site": {{"prefix": "pub_", "alphabet": "token", "length": {{"min": 4, "max": 64}},
                       "environment": "{environment}"}}}}"#
    );
    let classes = serde_json::from_str(&class).expect("a constant definition");
    let classes = Classes::compile(&classes).expect("a sound class");
    let key = classes.classify(b"pub_alpha").expect("a key of the class");
    let mut registry = Registry::new(1, None);
    let digest: Digest = registry.digest(&key);
    let (origins, status) = (Origins::ANY, Status::Active);
    let credential =
        Credential { class: ClassId(0), epoch: 0, expires: None, origins, scope, status };
    registry.insert(digest, credential).expect("room for one");
    let known = registry.authenticate(&classes, &key, Timestamp::EPOCH).expect("good");
    known.whatever_origin()
}

/// Spreads a number over the bytes of one beat.
///
/// # Source
///
/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#[must_use]
pub fn mix(seed: u64) -> u64 {
    let a = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}

pub(super) fn bytes(seed: u64) -> Vec<u8> {
    let step = 0x9E37_79B9_7F4A_7C15_u64;
    (1..=64_u64)
        .flat_map(|at| mix(seed.wrapping_add(step.wrapping_mul(at))).to_le_bytes())
        .collect()
}

fn done<T>(result: Result<T, Failed<core::convert::Infallible>>) -> Result<T, Refused> {
    result.map_err(|failed| match failed {
        Failed::Refused(refused) => refused,
    })
}

#[expect(
    clippy::expect_used,
    reason = "a generated catalog with a fault is a fault of the generator"
)]
fn compiled(definition: &Definition, names: &Names, version: CatalogVersion) -> Catalog {
    Catalog::compile_with(definition, &ZONES, names, version).expect("a sound catalog")
}
