//! Does it go ahead? One pass over every limit on the path; all or nothing.
//!
//! A decision has two phases. First everything is checked and what would change is written down as
//! [`Effect`]s; then, if nothing stood against it, the ledger stores the effects. A refusal is data
//! ([`Outcome::Denied`]) and stores nothing but, where the catalog says so, the answer itself.
//! `decide` and `peek` are this one function, with and without the storing; what an [`Observer`]
//! is told is the explanation, and the observer that listens to nothing compiles to nothing.
//!
//! # Laws
//!
//! Each is a test in `weir-testkit/tests/decide`, under the same name.
//!
//! - `same_as_model`: over random catalogs and histories, every verdict equals that of the slow
//!   model.
//! - `conservation`: what balances hold is what verdicts took; what lots lost is what was charged.
//! - `nothing_on_denial`: a denial leaves the state as it was, byte for byte, but for the
//!   remembered answer, and that it was told that a limit is exhausted.
//! - `never_over`: where a hard limit admits, use and holds are at most the capacity.
//! - `no_false_denial`: where the model has enough, the answer is allowed.
//! - `no_line_is_crossed_where_there_is_none`: what has no line refuses nothing, up to the last number.
//! - `no_event_counts_twice`: while an event is still taken, the key it came with is known, whenever
//!   answers are swept.
//! - `a_key_that_was_forgotten_is_too_old`: and never new, whatever catalog or clock comes after.
//! - `what_makes_place_is_announced`: at the bound of a root its own oldest answer goes, and the
//!   observer hears up to when events are too old now.
//! - `what_was_admitted_is_never_new`: whatever is forgotten, and why.
//! - `keys_of_two_spaces_never_meet`: what is sent twice in one key space is one request; in two of a
//!   level, feature, balance or environment it is two.
//! - `what_is_asked_before_memory_is_told_before_it`: wherever a key is looked up.
//! - `a_repetition_is_replayed_or_a_duplicate`: as declared, and counts once either way.
//! - `late_events_are_refused_or_counted_now`: what comes after the grace of its period.
//! - `past_periods_are_forgotten`: what a past period counted and read is kept no longer than it can
//!   be asked for.
//! - `order_free`: what is admitted inside the grace gives the same use in whatever order it comes.
//! - `peek_is_decide`: the same question gives the same verdict, asked or decided.
//! - `explain_is_decide`: who listens hears of the same decision, its limits and what it changes.
//! - `a_wish_is_heard_where_it_is_listed`: it stands for the enforcement of limits that list it.
//! - `what_has_happened_is_refused_by_no_limit`: it is booked whole, and what is over is overage.
//! - `access_is_peek_of_the_least`: a limit gives access where the least that can be asked passes it.
//! - `what_no_grant_covers_is_owed_or_recorded`: what is owed is paid by what grants have next; what
//!   is recorded is not.
//! - `a_debt_is_forgiven_or_kept`: a new period starts without a debt, or with what is owed still.
//! - `what_is_given_back_goes_where_it_came_from`: it lowers the debt, then what each grant gave in
//!   the open period, and is lost with a grant that has ended.
//! - `warnings_are_told_once`: each in its period, when its threshold is crossed, or at the first
//!   refusal after an admission.
//! - `a_void_grant_pays_no_more`: from then on; what it paid stays paid.
//! - `ended_grants_are_forgotten`: a grant pays for late events as long as they are taken, and then
//!   nothing is left of it.
//! - `a_new_burn_order_reorders`: what a catalog declares counts from the next decision.
//! - `retry_is_exact`: at the told instant the same request passes, a millisecond earlier not.
//!
//! # Source
//!
//! The order of stages, the laws and the comparison are those of the design of the decision.

use alloc::vec::Vec;

use crate::account::Accounts;
use crate::amount::Quantity;
use crate::catalog::Catalog;
use crate::dedup::{Dedup, RequestKey};
use crate::hold::{Held, Holds};
use crate::id::{FeatureId, LimitId, ScopeId};
use crate::limit::{Balance, OnShortfall, Source, Warning};
use crate::meter::Reading;
use crate::time::Timestamp;
use crate::token::Principal;

mod access;
mod arrears;
mod clamp;
mod debt;
mod ending;
mod fingerprint;
mod funds;
mod gates;
mod granted;
mod hold;
mod memory;
mod period;
mod plain;
mod retry;
mod sliding;
mod stage;
mod verdict;
mod warn;
mod weigh;

pub use fingerprint::Fingerprint;
pub use gates::PATH_MAX;
pub use hold::{Commit, Then};
pub use stage::Stage;
pub use verdict::{Binding, Compared, Flags, Outcome, Reason, Retry, Verdict};

pub(crate) use funds::usable;
pub(crate) use hold::{book, excess, give_back, reserve};
pub(crate) use memory::{gone_for_one_more, remembered_key};
pub(crate) use plain::{Glance, glance};
pub(crate) use weigh::{adjust, reset};

/// What is asked for: the costs, on whose path, at which instant.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller,
    /// The root scope, and up to seven below it, in any shape.
    pub scopes: &'a [ScopeId],
    /// What is asked for, at most eight costs; none to ask only whether the path may spend.
    pub costs: &'a [Cost],
    /// When it happened.
    pub at: Timestamp,
    /// The caller's idempotency key.
    pub key: Option<RequestKey>,
    /// What is wished for where it does not fit; each limit's own enforcement when absent.
    pub on_shortfall: Option<OnShortfall>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// The holder of a credential; one of the scopes on the path must be the credential's.
    Known(Principal),
    /// Nobody in particular: the host says that this decision needs no credential.
    Unchecked,
}

/// One thing asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// What.
    pub feature: FeatureId,
    /// How much: the value of the event, which the feature's meter turns into use.
    pub quantity: Quantity,
}

/// What a decision reads.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The state of every scope.
    pub accounts: &'a Accounts,
    /// The catalog under which is decided.
    pub catalog: &'a Catalog,
    /// The instant of the decision, not before any earlier one.
    pub now: Timestamp,
    /// Answers given before.
    pub remembered: &'a Dedup<Answer>,
    /// What is reserved.
    pub holds: &'a Holds<Verdict>,
    /// To when the clock was put back; `None` when it never was.
    pub put_back: Option<Timestamp>,
}

/// An answer that is remembered, and what it was given to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answer {
    /// What was answered.
    pub verdict: Verdict,
    /// What was asked for.
    pub asked: Fingerprint,
}

/// What a decision changes, as the value to store: applying it needs no rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// A balance has a new value.
    Balance {
        /// Whose.
        scope: ScopeId,
        /// The value.
        balance: Balance,
        /// How much of its use is this decision's.
        taken: Quantity,
    },
    /// A balance's period is over, grace included, and it is forgotten.
    Closed {
        /// Whose.
        scope: ScopeId,
        /// Which.
        key: (LimitId, Source, Timestamp),
    },
    /// A grant has ended, nothing that is still accepted is its own, and it is forgotten.
    Ended {
        /// Whose.
        scope: ScopeId,
        /// Which.
        source: Source,
    },
    /// A lot was drawn from.
    Lot {
        /// Whose.
        scope: ScopeId,
        /// Which, in the order in which lots are drawn.
        position: u16,
        /// What is left.
        left: Quantity,
    },
    /// A meter of different values met a new one.
    Member {
        /// Whose.
        scope: ScopeId,
        /// For which limit.
        limit: LimitId,
        /// The value.
        member: Quantity,
        /// The end of the period that it was met in.
        window_end: Timestamp,
    },
    /// A meter has a new reading.
    Reading {
        /// Whose.
        scope: ScopeId,
        /// For which limit.
        limit: LimitId,
        /// The reading.
        reading: Reading,
        /// The end of the period that it belongs to.
        window_end: Timestamp,
    },
    /// A limit told something of itself, for the first time in its period. A refusal, too, may.
    Warned {
        /// Whose.
        scope: ScopeId,
        /// Which limit.
        limit: LimitId,
        /// The end of the period.
        window_end: Timestamp,
        /// What.
        warning: Warning,
    },
}

/// Hears what a decision does, in order.
///
/// `()` hears nothing, and compiles to nothing.
pub trait Observer {
    /// Whether it hears which stages were passed; where it does not, they are passed in one look.
    const LISTENS: bool = true;

    /// A stage before the limits was passed.
    fn passed(&mut self, _stage: Stage) {}
    /// A limit was compared with its ask. What one that only watches denies stands in no one's way:
    /// see [`Fit::Shadowed`](crate::limit::Fit::Shadowed).
    fn touched(&mut self, _limit: &Binding, _admitted: Outcome) {}
    /// An allowance was drawn; heard before it is known whether everything else goes ahead.
    fn drew(&mut self, _draw: &Draw) {}
    /// Something given back found no place, or no grant that still pays; heard as `drew` is.
    fn dropped(&mut self, _dropped: &Dropped) {}
    /// A wallet was asked for money.
    fn debited(&mut self, _debit: &Debit) {}
    /// A limit tells something of itself, for the first time in its period; low thresholds first.
    fn warned(&mut self, _of: (ScopeId, LimitId), _warning: Warning) {}
    /// Everything goes ahead, and this is what changes.
    fn changed(&mut self, _effects: &[Effect]) {}
    /// An answer of this root made place for another before its time. From now on a key of `then` or
    /// earlier that is not known is too old.
    fn forgot(&mut self, _root: ScopeId, _then: Timestamp) {}
}

impl Observer for () {
    const LISTENS: bool = false;
}

/// What one allowance gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Draw {
    /// Whose.
    pub scope: ScopeId,
    /// For which limit.
    pub limit: LimitId,
    /// Which allowance.
    pub source: Source,
    /// How much.
    pub taken: Quantity,
    /// Its use afterwards.
    pub used: Quantity,
    /// What that costs.
    pub cost: Quantity,
}

/// What was given back and is of no use to anyone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dropped {
    /// Whose.
    pub scope: ScopeId,
    /// To which limit.
    pub limit: LimitId,
    /// What fell to grants that have ended.
    pub expired: Quantity,
    /// What nothing had been drawn for.
    pub dropped: Quantity,
}

/// What one wallet was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Debit {
    /// Whose.
    pub scope: ScopeId,
    /// Which wallet.
    pub wallet: crate::id::WalletId,
    /// How much; below nothing when it is to be paid back.
    pub amount: Quantity,
    /// What use costs in it. Where it is nothing, the wallet cannot refuse, and pays what it can.
    pub owed: Quantity,
    /// What it could pay before.
    pub usable: Quantity,
}

/// Reusable room for one decision's intermediate results.
#[derive(Clone, Debug, Default)]
pub struct Workings {
    /// What an allowed decision changes.
    pub effects: Vec<Effect>,
    /// What an allowed reservation holds, or a hold after a step.
    pub held: Held,
    /// What a commit asks beyond what is held.
    pub(crate) over: Vec<Cost>,
    /// What it is weighed for.
    purpose: Purpose,
    /// What is taken of a feature, where limits clamp what is asked of it.
    clamped: Vec<(FeatureId, Quantity)>,
    debits: Vec<Debit>,
    opened: period::Opened,
    /// Whether a limit refused that has something to tell of that.
    warns: bool,
}

/// What a request is weighed for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// To put right what is counted: nobody pays.
    Correct,
    /// To hold what is asked: who pays is seen when it is known what is held.
    Hold,
    /// To book what has happened already: no limit stands against it.
    Record,
    /// To use it.
    #[default]
    Use,
}

/// What becomes of an anchor when a limit starts anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Anchor {
    /// It stays: the new period ends where the old one would have.
    Keep,
    /// It moves to now, and with it all windows that start at the scope's own anchor.
    Move,
}

/// How a limit of a scope stands for the least that can be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Access {
    /// The limit, with nothing asked; for a closed period all but its end is 0.
    pub binding: Binding,
    /// Whether anything more would pass it.
    pub outcome: Outcome,
    /// What the use so far costs.
    pub spent: Quantity,
}

/// How a limit of a scope stands at `at` for the least that can be asked, in the view's instant.
///
/// `None` when the scope, its plan or its terms do not have the limit.
#[must_use]
pub fn access(
    view: &View<'_>,
    (scope, limit): (ScopeId, LimitId),
    at: Timestamp,
) -> Option<Access> {
    access::access(view, (scope, limit), at)
}

/// The balances on which a limit of a scope counts what happens at `at`, first drawn first: those of
/// its grants that pay then, or the plan's own; and what no grant covers, of the plan, where that
/// stands apart.
///
/// `None` when the scope, its plan or its terms do not have the limit, or the period is closed.
#[must_use]
pub fn allowances(
    view: &View<'_>,
    (scope, limit): (ScopeId, LimitId),
    at: Timestamp,
) -> Option<Vec<Balance>> {
    access::allowances(view, (scope, limit), at)
}

/// Decides a request, and leaves what it would change in `workings`.
///
/// Never fails: whatever is wrong with the request is the verdict's reason.
#[inline]
pub fn decide<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.effects.clear();
    if !O::LISTENS && plain::decide(view, request, &mut workings.effects, verdict) {
        return;
    }
    in_full(view, request, (workings, observer), verdict);
}

/// Books what has happened already: as [`decide`], but no limit stands against it.
pub(crate) fn record<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    workings.effects.clear();
    workings.purpose = Purpose::Record;
    in_full(view, request, (&mut *workings, observer), verdict);
    workings.purpose = Purpose::Use;
}

/// Decides whatever is more than an everyday ask.
#[inline]
fn in_full<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    if let Some(answer) = gates::pass(view, request, observer) {
        *verdict = answer;
        return;
    }
    if let Some(known) = memory::answered_late(view, request, observer) {
        weigh(view, request, (&mut *workings, &mut ()), verdict);
        return memory::tell(known, workings, verdict);
    }
    weigh(view, request, (&mut *workings, &mut *observer), verdict);
    warn::tell(&workings.effects, observer);
    if verdict.is_allowed() {
        observer.changed(&workings.effects);
    }
}

/// Weighs a request that passed the gates; a denial says when it would pass.
#[inline]
fn weigh<O: Observer>(
    view: &View<'_>,
    request: &Request<'_>,
    (workings, observer): (&mut Workings, &mut O),
    verdict: &mut Verdict,
) {
    *verdict = Verdict::open(view.catalog.version());
    weigh::weigh(view, request, (workings, observer), verdict);
    if !verdict.is_allowed() {
        workings.effects.clear();
        let warns = workings.warns;
        if let Retry::At(then) = verdict.retry
            && !retry::stands_alone(view, request, then)
        {
            verdict.retry = retry::ask_again(view, request, workings, verdict.retry);
        }
        if warns {
            warn::refused(view, verdict, &mut workings.effects);
        }
    }
}
