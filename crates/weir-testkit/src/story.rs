//! What could happen? Random catalogs and histories, written by the slow model as it goes.
//!
//! An [`Author`] turns raw bytes into one act after the other. It knows, from its model, what is
//! left of a limit and when a period ends, and so writes asks that land on the line and instants
//! that touch a boundary. Each [`Beat`] holds an act and what the model made of it; a
//! [`Stage`] plays the same acts on the core.

use arbitrary::{Result, Unstructured};
use weir_core::account::Status;
use weir_core::amount::Quantity;
use weir_core::catalog::Definition;
use weir_core::decide::{Caller, Commit, Cost, Request, Then};
use weir_core::dedup::RequestKey;
use weir_core::grant::{Burn, Grant};
use weir_core::id::{FeatureId, HoldId, LimitId, PlanId, ScopeId, WalletId};
use weir_core::limit::{Balance, OnShortfall, Source, UNLIMITED};
use weir_core::time::{Span, Timestamp};
use weir_core::wallet::{Kind, Lot};

use crate::ledger_model::{Model, Told};

mod batch;
mod catalog;
mod correct;
mod grants;
mod holds;
mod stage;
mod windows;

use catalog::{LIMITS, Shape};
pub use correct::Correct;
use correct::put_right;
pub use stage::{Journal, Played, Stage, mix, principal};

/// What kind of history is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flavour {
    /// Paths stay under one root, the clock is never held, and no bound is shared between roots.
    Apart,
    /// Anything.
    Everything,
    /// No answer is remembered.
    Forgetful,
    /// Nothing is remembered, and every charge is paid from a wallet.
    Paid,
}

/// An act, its instant, and what the model made of it.
#[derive(Clone, Debug)]
pub struct Beat {
    /// When it is done.
    pub now: Timestamp,
    /// What is done.
    pub act: Act,
    /// What comes of it.
    pub expected: Played,
    /// What limits tell with it for the first time.
    pub told: Vec<Told>,
}

/// What can be done to a ledger.
#[derive(Clone, Debug)]
pub enum Act {
    /// Let time pass.
    Advance,
    /// Say several things of one scope together.
    Batch(Vec<Act>),
    /// Book what has happened.
    Book(Ask),
    /// Use a hold: which, the number of the commit, what was used, and whether it goes on.
    Commit(HoldId, u32, Vec<Cost>, Then),
    /// Put something right.
    Correct(Correct),
    /// Decide a request.
    Decide(Ask),
    /// Give a hold another time to live.
    Extend(HoldId, Span),
    /// Give a scope an allowance.
    Grant(ScopeId, Grant, Burn),
    /// Set a balance.
    Import(ScopeId, Balance),
    /// Put a catalog in force.
    Install(Box<Definition>),
    /// Open a scope: parent, name, plan.
    Intern(Option<ScopeId>, String, Option<PlanId>),
    /// Keep a document.
    Note(u8),
    /// End a hold.
    Release(HoldId),
    /// Hold what a request asks for, for so long.
    Reserve(Ask, Span),
    /// Say where a scope's own windows start.
    SetAnchor(ScopeId, Timestamp),
    /// Give a scope another plan.
    SetPlan(ScopeId, Option<PlanId>),
    /// Say whether a scope may spend.
    SetStatus(ScopeId, Status),
    /// Forget old answers.
    Sweep,
    /// Top up a wallet.
    TopUp(ScopeId, Lot),
    /// End a grant: whose, which, when.
    VoidGrant(ScopeId, Source, Timestamp),
}

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who asks.
    pub caller: Caller,
    /// The path.
    pub scopes: Vec<ScopeId>,
    /// What is asked for.
    pub costs: Vec<Cost>,
    /// When it happened.
    pub at: Timestamp,
    /// The caller's key.
    pub key: Option<RequestKey>,
    /// What is wished for where it does not fit.
    pub on_shortfall: Option<OnShortfall>,
}

impl Ask {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        let Self { caller, scopes, costs, at, key, on_shortfall } = self;
        let on_shortfall = *on_shortfall;
        Request { caller: *caller, scopes, costs, at: *at, key: *key, on_shortfall }
    }
}

/// Writes a history, one beat at a time.
#[derive(Clone, Debug)]
pub struct Author {
    model: Model,
    flavour: Flavour,
    shape: Shape,
    written: u32,
    /// The latest request with a key, to be tried again.
    keyed: Option<Ask>,
}

impl Author {
    /// An author whose catalogs all have the shape that the bytes say.
    ///
    /// # Errors
    ///
    /// None: bytes that run out are read as zeros.
    pub fn new(flavour: Flavour, u: &mut Unstructured<'_>) -> Result<Self> {
        let (model, shape) = (Model::default(), Shape::new(flavour, u)?);
        Ok(Self { model, flavour, shape, written: 0, keyed: None })
    }

    /// What happened so far.
    #[must_use]
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// The next beat.
    ///
    /// # Errors
    ///
    /// None: bytes that run out are read as zeros.
    pub fn beat(&mut self, u: &mut Unstructured<'_>) -> Result<Beat> {
        self.written += 1;
        let now = self.instant(u)?;
        let act = match self.written {
            1 => Act::Install(Box::new(self.shape.definition(u)?)),
            2..=4 => self.intern(u)?,
            _ => self.act(now, u)?,
        };
        if let Act::Decide(ask @ Ask { key: Some(_), .. }) = &act {
            self.keyed = Some(ask.clone());
        }
        let before = self.model.told();
        let expected = self.play(&act, now);
        let mut told = self.model.told();
        told.retain(|told| !before.contains(told));
        Ok(Beat { now, act, expected, told })
    }

    fn play(&mut self, act: &Act, now: Timestamp) -> Played {
        let Self { model, .. } = self;
        match act.clone() {
            Act::Book(ask) => return Played::Decided(model.book(&ask.request(), now)),
            Act::Correct(correct) => return put_right(model, correct, now),
            Act::Batch(acts) => return Played::Done(self.together(&acts, now)),
            Act::Decide(ask) => return Played::Decided(model.decide(&ask.request(), now)),
            Act::Commit(hold, number, costs, then) => {
                let commit = Commit { hold, number, costs: &costs, then };
                return Played::Stepped(model.commit_hold(&commit, now));
            }
            Act::Extend(hold, ttl) => return Played::Done(model.extend((hold, ttl), now)),
            Act::Release(hold) => return Played::Stepped(model.release(hold, now)),
            Act::Reserve(ask, ttl) => {
                return Played::Stepped(model.reserve((&ask.request(), ttl), now));
            }
            Act::Grant(scope, grant, _) => return Played::Done(model.grant(scope, grant, now)),
            Act::Import(scope, balance) => return Played::Done(model.import(scope, &balance, now)),
            Act::Intern(parent, name, plan) => {
                return Played::Done(model.intern((parent, &name), plan, now).map(drop));
            }
            Act::TopUp(scope, lot) => return Played::Done(model.top_up(scope, lot, now)),
            Act::VoidGrant(scope, source, at) => {
                return Played::Done(model.void_grant((scope, source), at, now));
            }
            Act::Install(definition) => model.install(&definition, now),
            Act::Advance | Act::Note(_) => model.done(now),
            Act::SetAnchor(scope, anchor) => model.set_anchor(scope, anchor, now),
            Act::SetPlan(scope, plan) => model.set_plan(scope, plan, now),
            Act::SetStatus(scope, status) => model.set_status(scope, status, now),
            Act::Sweep => model.sweep(now),
        }
        Played::Done(Ok(()))
    }

    fn act(&self, now: Timestamp, u: &mut Unstructured<'_>) -> Result<Act> {
        let scope = self.scope(u)?;
        Ok(match u.int_in_range(0..=99_u8)? {
            0..=3 => Act::Book(self.ask(now, u)?),
            4..=45 => Act::Decide(self.ask(now, u)?),
            46..=47 => self.correct(scope, u)?,
            48..=57 => Act::Reserve(self.ask(now, u)?, self.ttl(u)?),
            58..=73 if self.model.holds().any(|(_, open, _)| open) || u.ratio(1, 16)? => {
                self.commit(u)?
            }
            58..=73 => Act::Reserve(self.ask(now, u)?, self.ttl(u)?),
            74..=75 => Act::Release(self.hold(u)?),
            76..=77 => Act::Extend(self.hold(u)?, self.ttl(u)?),
            78..=79 => self.intern(u)?,
            80 => Act::SetPlan(scope, self.plan(u)?),
            81 => {
                let source = Source(u.int_in_range(1..=12)?);
                Act::VoidGrant(scope, source, later(now, u.int_in_range(-HOUR..=HOUR)?))
            }
            82 => Act::SetStatus(scope, *u.choose(STATUSES)?),
            83..=87 => self.grant(scope, now, u)?,
            88..=92 => self.top_up(scope, now, u)?,
            93 => self.import(scope, now, u)?,
            94 => self.batch(scope, now, u)?,
            95..=96 => Act::Install(Box::new(self.shape.definition(u)?)),
            97 => Act::Sweep,
            98 => Act::SetAnchor(scope, later(now, u.int_in_range(-HOUR..=HOUR)?)),
            _ => Act::Note(u.int_in_range(0..=3)?),
        })
    }

    /// The instant of the next beat: it stands, steps, meets the end of a period, or goes back.
    fn instant(&self, u: &mut Unstructured<'_>) -> Result<Timestamp> {
        let seen = Timestamp::from_millis(self.model.now()).unwrap_or(Timestamp::EPOCH);
        if self.written == 1 {
            return Ok(*u.choose(STARTS)?);
        }
        let step = match u.int_in_range(0..=63_u8)? {
            0..=29 => 0,
            30..=39 => u.int_in_range(1..=3_000)?,
            40..=46 => u.int_in_range(1..=10 * MINUTE)?,
            47..=49 => u.int_in_range(1..=5 * HOUR)?,
            50 => u.int_in_range(1..=40 * 24 * HOUR)?,
            51..=57 => self.boundary(u)?,
            58..=59 => self.deadline(u)?,
            _ if self.flavour == Flavour::Apart => 0,
            _ => -u.int_in_range(1..=2 * HOUR)?,
        };
        Ok(later(seen, step))
    }

    /// How far it is to the end of some period, or a millisecond less or more.
    fn boundary(&self, u: &mut Unstructured<'_>) -> Result<i64> {
        let (scope, limit) = (self.scope(u)?, self.limit(u)?);
        let beside = u.int_in_range(-1..=1)?;
        let now = self.model.now();
        let end = self.model.ends((scope, limit), now).unwrap_or(now);
        Ok(if end - now > 60 * 24 * HOUR { 1_000 } else { (end - now + beside).max(0) })
    }

    fn scope(&self, u: &mut Unstructured<'_>) -> Result<ScopeId> {
        let last = u32::try_from(self.model.scopes()).unwrap_or(1).saturating_sub(1);
        u.int_in_range(0..=last).map(ScopeId)
    }

    fn limit(&self, u: &mut Unstructured<'_>) -> Result<LimitId> {
        let name = u.choose(LIMITS)?;
        Ok(self.model.limit(name).unwrap_or(LimitId(0)))
    }

    fn plan(&self, u: &mut Unstructured<'_>) -> Result<Option<PlanId>> {
        if u.ratio(1, 20)? {
            return Ok(None);
        }
        Ok(self.model.plan(u.choose(catalog::PLANS)?))
    }

    fn intern(&self, u: &mut Unstructured<'_>) -> Result<Act> {
        let root = self.model.scopes() == 0 || u.ratio(1, 4)?;
        let parent = if root { None } else { Some(self.scope(u)?) };
        let name = format!("s{}", u.int_in_range(0..=3_u8)?);
        Ok(Act::Intern(parent, name, self.plan(u)?))
    }

    fn top_up(&self, scope: ScopeId, now: Timestamp, u: &mut Unstructured<'_>) -> Result<Act> {
        let amount = units(u.int_in_range(1..=20)?);
        let lot = Lot {
            name: format!("lot{}", self.written).into(),
            wallet: WalletId(u.int_in_range(0..=1)?),
            amount,
            left: if u.ratio(1, 8)? { Quantity::NANO } else { amount },
            kind: *u.choose(&[Kind::Paid, Kind::Promotional])?,
            priority: u.int_in_range(0..=1)?,
            purchased: *u.choose(&[now, Timestamp::EPOCH])?,
            expires: if u.ratio(1, 2)? { Timestamp::MAX } else { later(now, lasting(u)?) },
        };
        Ok(Act::TopUp(scope, lot))
    }

    fn ask(&self, now: Timestamp, u: &mut Unstructured<'_>) -> Result<Ask> {
        if let Some(keyed) = &self.keyed
            && u.ratio(1, 10)?
        {
            return Ok(keyed.clone());
        }
        let scopes = self.scopes(u)?;
        let at = match u.int_in_range(0..=31_u8)? {
            0..=21 => now,
            22..=24 => later(now, -u.int_in_range(0..=5_000)?),
            25..=26 => later(now, -u.int_in_range(0..=3 * HOUR)?),
            27 => later(now, -u.int_in_range(0..=40 * 24 * HOUR)?),
            28..=29 => later(now, u.int_in_range(0..=5_000)?),
            30 => later(now, u.int_in_range(0..=3 * HOUR)?),
            _ => later(now, self.boundary(u)?),
        };
        let caller = match u.int_in_range(0..=15_u8)? {
            0..=12 => Caller::Unchecked,
            13..=14 => scopes.first().map_or(Caller::Unchecked, |s| Caller::Known(principal(*s))),
            _ => Caller::Known(principal(self.scope(u)?)),
        };
        let mut costs = Vec::new();
        let most = match u.int_in_range(0..=63_u8)? {
            0..=43 => 1,
            44..=56 => 2,
            57..=60 => 3,
            61..=62 => 0,
            _ => 9,
        };
        while costs.len() < most {
            let feature = FeatureId(match u.int_in_range(0..=63_u8)? {
                0..=37 => 0,
                38..=49 => 1,
                50..=58 => 2,
                59..=62 => 3,
                _ => 4,
            });
            costs.push(Cost { feature, quantity: self.quantity((&scopes, feature), at, u)? });
        }
        let key = match u.int_in_range(0..=19_u8)? {
            0..=4 => None,
            5..=15 => RequestKey::new(&[b'k', u.int_in_range(0..=5)?]),
            16 => RequestKey::new(&[u.int_in_range(0..=1)?; 40]),
            _ => RequestKey::new(&self.written.to_be_bytes()),
        };
        let on_shortfall = match u.int_in_range(0..=15_u8)? {
            0..=11 => None,
            12..=13 => Some(OnShortfall::Clamp),
            _ => Some(OnShortfall::Reject),
        };
        Ok(Ask { caller, scopes, costs, at, key, on_shortfall })
    }

    fn scopes(&self, u: &mut Unstructured<'_>) -> Result<Vec<ScopeId>> {
        let mut path = self.model.path(self.scope(u)?);
        match u.int_in_range(0..=63_u8)? {
            0..=47 => {}
            48..=55 => {
                // Another one of the same root, or the same one again.
                let other = self.scope(u)?;
                let of_root = self.model.path(other).first() == path.first();
                path.extend(Some(other).filter(|_| of_root));
            }
            56..=57 => path.drain(1..).for_each(drop),
            58 => path.reverse(),
            59 => path.drain(..1).for_each(drop),
            60 => path.push(ScopeId(1_000)),
            61 => path.clear(),
            _ if self.flavour == Flavour::Apart => {}
            62 => path.push(self.scope(u)?),
            _ => path.extend([ScopeId(0); 8]),
        }
        Ok(path)
    }

    /// A few units, or exactly what is left, or a little more, or far too much.
    fn quantity(
        &self,
        (scopes, feature): (&[ScopeId], FeatureId),
        at: Timestamp,
        u: &mut Unstructured<'_>,
    ) -> Result<Quantity> {
        let pick = u.int_in_range(0..=31_u8)?;
        if pick <= 8 {
            return Ok(units(*u.choose(&[1, 1, 1, 2, 2, 3, 5, 8])?));
        }
        let beside = match pick {
            12..=14 => return Ok(units(-u.int_in_range(0..=4)?)),
            15 => return Ok(Quantity::from_nanos(u.int_in_range(-5..=2_500_000_000)?)),
            16 if u.ratio(1, 4)? => return Ok(Quantity::from_nanos(i128::MAX - 1)),
            16 if u.ratio(1, 4)? => return Ok(Quantity::from_nanos(i128::MIN)),
            17..=18 => 1,
            _ => 0,
        };
        let costs = [Cost { feature, quantity: Quantity::NANO }];
        let caller = Caller::Unchecked;
        let least = Request { caller, scopes, costs: &costs, at, key: None, on_shortfall: None };
        let seen = Timestamp::from_millis(self.model.now()).unwrap_or(Timestamp::EPOCH);
        let binding = self.model.peek(&least, seen).binding;
        let left = binding
            .filter(|b| b.capacity != UNLIMITED)
            .map_or(1, |b| b.left().map_or(1, Quantity::as_nanos));
        Ok(Quantity::from_nanos(left.max(1) + beside))
    }
}

/// Plays a whole history to its end: each number in `seeds` is the bytes of one beat.
///
/// # Errors
///
/// None: bytes that run out are read as zeros.
pub fn history(flavour: Flavour, seeds: &[u64]) -> Result<Vec<Beat>> {
    let (first, rest) = seeds.split_first().map_or((0, seeds), |(first, rest)| (*first, rest));
    let mut author = Author::new(flavour, &mut Unstructured::new(&stage::bytes(first)))?;
    rest.iter().map(|seed| author.beat(&mut Unstructured::new(&stage::bytes(*seed)))).collect()
}

const fn units(units: i64) -> Quantity {
    Quantity::from_units(units)
}

/// A span after which a grant or a lot expires.
fn lasting(u: &mut Unstructured<'_>) -> Result<i64> {
    Ok(match u.int_in_range(0..=2_u8)? {
        0 => 0,
        1 => u.int_in_range(1..=2 * HOUR)?,
        _ => u.int_in_range(1..=40 * 24 * HOUR)?,
    })
}

fn later(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis() + ms).unwrap_or(at)
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const STATUSES: &[Status] = &[
    Status::Active,
    Status::Active,
    Status::Active,
    Status::Active,
    Status::Active,
    Status::Blocked,
    Status::Cancelled,
    Status::Inactive,
    Status::NoPlan,
    Status::Paused,
];
/// Before and at the epoch, before a leap day, before the end of a year, a Sunday night.
pub(crate) const STARTS: &[Timestamp] = &[
    start(1_772_366_399_000),
    start(-86_400_000),
    start(0),
    start(1_709_164_000_000),
    start(1_798_761_590_000),
    start(1_772_409_590_000),
];

const fn start(ms: i64) -> Timestamp {
    match Timestamp::from_millis(ms) {
        Ok(at) => at,
        Err(_) => Timestamp::EPOCH,
    }
}
