//! Why was it decided so? The whole trace of one decision, as data and as text.
//!
//! A [`Trace`] is what an observer hears of a decision that is asked and not done, with names in the
//! place of numbers: the stages that were passed, every limit that was compared, what would be drawn
//! from which allowance, what wallets are asked for, and which past periods would be forgotten. It is
//! the same decision: nothing is decided anew for it.
//!
//! # Laws
//!
//! `explain_is_decide`, a law of deciding: same outcome, same binding limit. A test in
//! `weir-testkit/tests/decide`.

use weir_core::account::Account;
use weir_core::amount::Quantity;
use weir_core::catalog::Catalog;
use weir_core::decide::{
    Binding, Compared, Debit, Draw, Effect, Observer, Outcome, Request, Stage, Verdict,
};
use weir_core::id::{LimitId, ScopeId, WalletId};
use weir_core::ledger::Ledger;
use weir_core::limit::{Source, Warning};
use weir_core::time::Timestamp;

mod form;
mod text;

/// Everything that one decision hung on.
///
/// # Shape
///
/// In the order in which it was asked. `Display` is a table for people, a row a limit; serialized, it
/// is an object with names, and every quantity a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The answer.
    pub verdict: Verdict,
    /// The instant of the decision.
    pub now: Timestamp,
    /// The limit that decided, also where the answer was given before.
    pub decided_by: Option<Decider>,
    /// The stages before the limits that were passed.
    pub passed: Vec<Stage>,
    /// The limits that were compared.
    pub limits: Vec<Weighed>,
    /// The wallets that were asked.
    pub wallets: Vec<Asked>,
    /// The past periods that an allowed request forgets.
    pub closed: Vec<Closed>,
}

/// The names of a limit that decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decider {
    /// Its scope, as [`Weighed::scope`].
    pub scope: String,
    /// Its name.
    pub limit: String,
}

/// One limit, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The place of its scope on the path; 0 for the root.
    pub level: usize,
    /// Its scope, by the names from the root on, with `/` between them.
    pub scope: String,
    /// Its name.
    pub limit: String,
    /// What a catalog calls its kind of window.
    pub window: &'static str,
    /// The numbers that were compared.
    pub binding: Binding,
    /// Whether it admits the ask; of one that only watches, what it would say.
    pub outcome: Outcome,
    /// What its allowances give, should everything go ahead.
    pub draws: Vec<Drawn>,
    /// What it tells of itself, for the first time in its period.
    pub warnings: Vec<Warning>,
}

/// What one allowance gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The grant's name; `None` for what the plan itself allows.
    pub grant: Option<String>,
    /// How much.
    pub taken: Quantity,
    /// Its use afterwards.
    pub used: Quantity,
    /// What that costs.
    pub cost: Quantity,
}

/// What one wallet is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its scope, as [`Weighed::scope`].
    pub scope: String,
    /// Its name.
    pub wallet: String,
    /// How much.
    pub amount: Quantity,
    /// What it could pay before.
    pub usable: Quantity,
    /// What is left of each lot that an allowed request draws from.
    pub lots: Vec<(String, Quantity)>,
}

/// A period that nothing can reach any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// Its scope, as [`Weighed::scope`].
    pub scope: String,
    /// The name of its limit.
    pub limit: String,
    /// The grant's name; `None` for what the plan itself allows.
    pub grant: Option<String>,
    /// When it ended.
    pub end: Timestamp,
}

impl Trace {
    /// What a ledger would decide, and why; it does nothing.
    #[must_use]
    pub fn of(
        ledger: &mut Ledger,
        catalog: &Catalog,
        (request, now): (&Request<'_>, Timestamp),
    ) -> Self {
        let mut heard = Heard::default();
        let verdict = *ledger.peek(catalog, (request, now), &mut heard);
        let Heard { passed, touched, drew, warned, debited, changed } = heard;
        let names = Names { ledger, catalog };
        let limits = touched.iter().map(|(binding, outcome)| {
            let Compared { scope, limit, .. } = binding.of;
            let told = warned.iter().filter(|(of, _)| *of == (scope, limit));
            let drawn = drew.iter().filter(|draw| (draw.scope, draw.limit) == (scope, limit));
            Weighed {
                level: request.scopes.iter().position(|known| *known == scope).unwrap_or(0),
                scope: names.scope(scope),
                limit: names.limit(limit),
                window: names.window(scope, limit),
                binding: *binding,
                outcome: *outcome,
                draws: drawn.map(|draw| names.drawn(draw)).collect(),
                warnings: told.map(|(_, warning)| *warning).collect(),
            }
        });
        let decided_by = verdict.binding.map(|Binding { of, .. }| Decider {
            scope: names.scope(of.scope),
            limit: names.limit(of.limit),
        });
        let closed = changed.iter().filter_map(|effect| names.closed(effect));
        Self {
            verdict,
            now: names.ledger.head().seen.max(now),
            decided_by,
            passed,
            limits: limits.collect(),
            wallets: debited.iter().map(|debit| names.asked(debit, &changed)).collect(),
            closed: closed.collect(),
        }
    }

    /// A verdict that was given before any stage.
    pub(crate) const fn bare(verdict: Verdict, now: Timestamp) -> Self {
        Self {
            verdict,
            now,
            decided_by: None,
            passed: Vec::new(),
            limits: Vec::new(),
            wallets: Vec::new(),
            closed: Vec::new(),
        }
    }
}

/// What an observer heard.
#[derive(Default)]
struct Heard {
    passed: Vec<Stage>,
    touched: Vec<(Binding, Outcome)>,
    drew: Vec<Draw>,
    warned: Vec<((ScopeId, LimitId), Warning)>,
    debited: Vec<Debit>,
    changed: Vec<Effect>,
}

impl Observer for Heard {
    fn passed(&mut self, stage: Stage) {
        self.passed.push(stage);
    }

    fn touched(&mut self, limit: &Binding, admitted: Outcome) {
        self.touched.push((*limit, admitted));
    }

    fn drew(&mut self, draw: &Draw) {
        self.drew.push(*draw);
    }

    fn warned(&mut self, of: (ScopeId, LimitId), warning: Warning) {
        self.warned.push((of, warning));
    }

    fn debited(&mut self, debit: &Debit) {
        self.debited.push(*debit);
    }

    fn changed(&mut self, effects: &[Effect]) {
        self.changed.extend_from_slice(effects);
    }
}

/// Whose names are told.
struct Names<'a> {
    ledger: &'a Ledger,
    catalog: &'a Catalog,
}

impl Names<'_> {
    fn scope(&self, scope: ScopeId) -> String {
        let accounts = self.ledger.accounts();
        let above = |scope: &ScopeId| accounts.get(*scope).and_then(Account::parent);
        let path: Vec<_> = core::iter::successors(Some(scope), above).collect();
        let names: Vec<_> = path.iter().rev().map(|scope| accounts.name(*scope)).collect();
        names.join("/")
    }

    fn limit(&self, limit: LimitId) -> String {
        let name = self.catalog.names().limits.name(limit.0);
        name.map(|name| name.as_str().to_owned()).unwrap_or_default()
    }

    fn wallet(&self, wallet: WalletId) -> String {
        let name = self.catalog.names().wallets.name(wallet.0);
        name.map(|name| name.as_str().to_owned()).unwrap_or_default()
    }

    fn window(&self, scope: ScopeId, limit: LimitId) -> &'static str {
        let plan = self.ledger.account(scope).and_then(Account::plan);
        let terms = plan.and_then(|plan| self.catalog.limit_terms(plan, limit));
        terms.map_or("", |terms| terms.window.code())
    }

    fn grant(&self, scope: ScopeId, source: Source) -> Option<String> {
        let mut grants = self.ledger.accounts().grants(self.ledger.account(scope)?);
        grants.find(|grant| grant.source == source).map(|grant| grant.name.clone().into())
    }

    fn drawn(&self, draw: &Draw) -> Drawn {
        let Draw { taken, used, cost, .. } = *draw;
        Drawn { grant: self.grant(draw.scope, draw.source), taken, used, cost }
    }

    fn asked(&self, debit: &Debit, changed: &[Effect]) -> Asked {
        let accounts = self.ledger.accounts();
        let lots = changed.iter().filter_map(|effect| {
            let Effect::Lot { scope, position, left } = *effect else { return None };
            let lot = accounts.lots(accounts.get(scope)?).nth(position.into())?;
            let of = (scope, lot.wallet) == (debit.scope, debit.wallet);
            of.then(|| (lot.name.clone().into(), left))
        });
        Asked {
            scope: self.scope(debit.scope),
            wallet: self.wallet(debit.wallet),
            amount: debit.amount,
            usable: debit.usable,
            lots: lots.collect(),
        }
    }

    fn closed(&self, effect: &Effect) -> Option<Closed> {
        let Effect::Closed { scope, key: (limit, source, end) } = *effect else { return None };
        let (grant, limit) = (self.grant(scope, source), self.limit(limit));
        Some(Closed { scope: self.scope(scope), limit, grant, end })
    }
}
