//! What does the journal keep? The command, its instant, and what it did.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Correction;
use crate::account::Status;
use crate::amount::Quantity;
use crate::catalog::Names;
use crate::decide::{Cost, Effect, Fingerprint, Verdict};
use crate::dedup::RequestKey;
use crate::grant::{Burn, Grant};
use crate::hold::Hold;
use crate::id::{CatalogVersion, HoldId, PlanId, ScopeId};
use crate::limit::{Balance, OnShortfall, Source};
use crate::time::Timestamp;
use crate::token::{Credential, Digest};
use crate::wallet::Lot;
use crate::window::zone::ZonesDigest;

/// One entry of a journal: applying them in order to an empty ledger gives the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// Its place in the journal, from 1, without gaps.
    pub sequence: u64,
    /// The instant at which it was decided.
    pub now: Timestamp,
    /// The catalog under which it was decided.
    pub catalog: CatalogVersion,
    /// What was done.
    pub command: Command<'a>,
}

/// What was done, explicit enough to be done again without a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Command<'a> {
    /// Time passed, and what was due then was done.
    Advance,
    /// Several things were said of scopes and documents that belong together: all of it, or nothing.
    Batch(Vec<Command<'a>>),
    /// What has happened was booked, whatever limits say of it.
    Book(Decided<'a>),
    /// Something was put right by hand.
    Correct(Correction<'a>),
    /// A request was decided.
    Decide(Decided<'a>),
    /// A credential was put on record, or replaced.
    Enrol {
        /// Under what.
        digest: Digest,
        /// What.
        credential: Cow<'a, Credential>,
    },
    /// A hold was given another deadline.
    Extend {
        /// Which.
        hold: HoldId,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// A scope was given an allowance.
    Grant {
        /// Whose.
        scope: ScopeId,
        /// The allowance.
        grant: Cow<'a, Grant>,
        /// The order in which its limit draws.
        burn: Burn,
    },
    /// A balance was set to what another system counted.
    Import {
        /// Whose.
        scope: ScopeId,
        /// The balance.
        balance: Balance,
        /// Where the scope's own anchored windows start from now on; `None` for where they did.
        anchor: Option<Timestamp>,
    },
    /// A catalog was put in force.
    Install {
        /// As its author wrote it.
        json: Cow<'a, [u8]>,
        /// The indices of all names from now on.
        names: Cow<'a, Names>,
        /// Of the tables of the zones that it names.
        zones: ZonesDigest,
    },
    /// A scope was seen for the first time.
    Intern {
        /// The number that it got.
        scope: ScopeId,
        /// The scope above.
        parent: Option<ScopeId>,
        /// What the host calls it.
        name: Cow<'a, str>,
        /// The plan that limits it.
        plan: Option<PlanId>,
    },
    /// A document of the host was kept, or dropped.
    Note {
        /// Which of the host's tables.
        space: u16,
        /// Its key.
        key: Cow<'a, [u8]>,
        /// The document; `None` drops it.
        value: Option<Cow<'a, [u8]>>,
    },
    /// A reservation was decided.
    Reserve {
        /// The request, and what came of it.
        decided: Decided<'a>,
        /// The hold; `None` when it was denied.
        hold: Option<Box<Hold<Verdict>>>,
    },
    /// Where a scope's own anchored windows start was set.
    SetAnchor {
        /// Whose.
        scope: ScopeId,
        /// Where they start.
        anchor: Timestamp,
    },
    /// A scope got another plan.
    SetPlan {
        /// Whose.
        scope: ScopeId,
        /// The plan.
        plan: Option<PlanId>,
    },
    /// It was said whether a scope may spend.
    SetStatus {
        /// Whose.
        scope: ScopeId,
        /// Whether.
        status: Status,
    },
    /// A hold was committed or ended, or was not.
    Settle(Settled<'a>),
    /// Remembered answers past their time were forgotten.
    Sweep,
    /// A grant ends earlier than declared; what was drawn from it stays drawn.
    VoidGrant {
        /// Whose.
        scope: ScopeId,
        /// Which.
        source: Source,
        /// When; what is past already means now.
        at: Timestamp,
    },
    /// A wallet was topped up.
    TopUp {
        /// Whose.
        scope: ScopeId,
        /// With what.
        lot: Cow<'a, Lot>,
    },
}

/// A decided request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided<'a> {
    /// The path.
    pub scopes: Cow<'a, [ScopeId]>,
    /// What was asked for.
    pub costs: Cow<'a, [Cost]>,
    /// When it happened.
    pub at: Timestamp,
    /// The caller's idempotency key.
    pub key: Option<RequestKey>,
    /// What was wished for where it would not fit.
    pub on_shortfall: Option<OnShortfall>,
    /// What changed.
    pub effects: Cow<'a, [Effect]>,
    /// The answer.
    pub verdict: Verdict,
    /// Until when the answer is surely known; `None` when it is not remembered.
    pub remembered: Option<Remembered>,
}

/// A step of a hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled<'a> {
    /// Which hold.
    pub hold: HoldId,
    /// What was done.
    pub step: Step,
    /// What was used.
    pub costs: Cow<'a, [Cost]>,
    /// What changed.
    pub effects: Cow<'a, [Effect]>,
    /// What is still held, in the order of [`Held::quantities`](crate::hold::Held::quantities).
    pub held: Cow<'a, [Quantity]>,
    /// Until when its answers are known; `None` while it goes on.
    pub ended: Option<Timestamp>,
    /// The answer.
    pub verdict: Verdict,
}

/// What was done with a hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Something was used, by the caller's number of the commit.
    Commit(u32),
    /// Its deadline passed.
    Expire,
    /// The caller gave it back.
    Release,
}

/// How a decided request's answer is remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remembered {
    /// Under what.
    pub key: crate::dedup::Key,
    /// Until when, at least.
    pub until: Timestamp,
    /// For what it was asked.
    pub asked: Fingerprint,
    /// How many of the root's oldest answers are forgotten for it.
    pub gone: u32,
}

impl Record<'_> {
    /// Appends the record's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        super::codec::encode(self, out);
    }

    /// Reads a record back.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes; a record of a newer format is refused as such.
    pub fn decode(bytes: &[u8]) -> Result<Record<'static>, super::DecodeError> {
        super::codec::decode(bytes)
    }
}
