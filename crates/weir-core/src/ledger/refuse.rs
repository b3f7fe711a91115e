//! Does this command fit the state? What is checked before it is written down.

use super::batch::Staged;
use super::books::Books;
use super::record::Command;
use crate::account::Account;
use crate::amount::Quantity;
use crate::catalog::names::{Names, Table};
use crate::id::{PlanId, ScopeId, ScopeName};
use crate::limit::Source;

/// Why a command does not fit the state.
///
/// Exhaustive on purpose: an adapter answers each case, and a new case must break its build.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// A number is negative, a period is empty, or a hold would live for no time or too long.
    #[error("a number or period that cannot be")]
    Absurd,
    /// The limit's periods do not hang on an anchor that could move.
    #[error("the limit has no anchor that could move")]
    Anchor,
    /// The limit or grant states another capacity.
    #[error("the limit or grant states another capacity")]
    Capacity,
    /// The hold has ended.
    #[error("the hold has ended")]
    Ended,
    /// There is no place for more.
    #[error("no place for more of this kind")]
    Full,
    /// The name is taken within its scope, or is none.
    #[error("the name is taken, or is no name")]
    Name,
    /// Not a command of this kind: what a limit counts is decided, imported, adjusted or reset, holds
    /// are reserved and ended, and the clock is set.
    #[error("what changes a count, a hold or the clock is not executed")]
    NotACommand,
    /// The limit has no period that ends there, or it has not begun, or is over.
    #[error("the limit has no open period that ends there")]
    Period,
    /// No such grant, or it has been forgotten.
    #[error("the scope has no such grant")]
    UnknownGrant,
    /// No such hold, or it has been forgotten.
    #[error("no such hold")]
    UnknownHold,
    /// A limit, plan or wallet that no catalog had.
    #[error("no catalog has this limit, plan or wallet")]
    UnknownName,
    /// No such scope.
    #[error("no such scope")]
    UnknownScope,
    /// What counts has no period that could be imported.
    #[error("a limit of this window takes no count of another system")]
    Window,
}

impl Refused {
    /// A code that never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absurd => "command.absurd",
            Self::Anchor => "command.anchor",
            Self::Capacity => "command.capacity",
            Self::Ended => "command.ended",
            Self::Full => "command.full",
            Self::Name => "command.name",
            Self::NotACommand => "command.not_a_command",
            Self::Period => "command.period",
            Self::UnknownGrant => "command.unknown_grant",
            Self::UnknownHold => "command.unknown_hold",
            Self::UnknownName => "command.unknown_name",
            Self::UnknownScope => "command.unknown_scope",
            Self::Window => "command.window",
        }
    }
}

/// Checks all that a command says against the state that it finds.
pub(super) fn check(staged: &Staged<'_>, command: &Command<'_>) -> Result<(), Refused> {
    let books = staged.books;
    let names = &books.installed.names;
    match command {
        Command::Batch(_)
        | Command::Book(_)
        | Command::Correct(_)
        | Command::Decide(_)
        | Command::Extend { .. }
        | Command::Import { .. }
        | Command::Reserve { .. }
        | Command::Settle(_) => Err(Refused::NotACommand),
        Command::Enrol { digest, credential } => {
            account(books, credential.scope)?;
            let room = books.credentials.get(digest).is_some() || !books.credentials.is_full();
            ensure(room, Refused::Full)
        }
        Command::Grant { scope, grant, .. } => {
            let account = account(books, *scope)?;
            ensure(names.limits.name(grant.limit.0).is_some(), Refused::UnknownName)?;
            ensure(
                grant.amount >= Quantity::ZERO && grant.effective <= grant.expires,
                Refused::Absurd,
            )?;
            ensure(grant.renewal.is_sound(), Refused::Absurd)?;
            let taken = books
                .accounts
                .grants(account)
                .any(|known| known.name == grant.name || known.source == grant.source);
            let free = !matches!(grant.source, Source::PLAN | Source::SLIDING);
            ensure(!taken && !grant.name.is_empty() && free, Refused::Name)?;
            ensure(books.accounts.grants(account).count() < GRANTS_MAX, Refused::Full)
        }
        Command::Install { names: new, .. } => ensure(grown(names, new), Refused::UnknownName),
        Command::Intern { scope, parent, name, plan } => {
            parent.map_or(Ok(()), |parent| staged.subject(parent).map(drop))?;
            known_plan(names, *plan)?;
            let free = !staged.is_known(*parent, name) && ScopeName::parse(name).is_ok();
            ensure(free, Refused::Name)?;
            ensure(u32::try_from(staged.scopes()).is_ok_and(|len| len == scope.0), Refused::Full)
        }
        Command::SetPlan { scope, plan } => {
            account(books, *scope)?;
            known_plan(names, *plan)
        }
        Command::SetAnchor { scope, .. } | Command::SetStatus { scope, .. } => {
            staged.subject(*scope).map(drop)
        }
        Command::Note { key, value, .. } => {
            let len = key.len().saturating_add(value.as_ref().map_or(0, |value| value.len()));
            ensure(len <= NOTE_LEN_MAX, Refused::Full)
        }
        Command::Advance | Command::Sweep => Ok(()),
        Command::TopUp { scope, lot } => {
            let account = account(books, *scope)?;
            ensure(names.wallets.name(lot.wallet.0).is_some(), Refused::UnknownName)?;
            let sound = Quantity::ZERO <= lot.left && lot.left <= lot.amount;
            ensure(sound, Refused::Absurd)?;
            let mut lots = books.accounts.lots(account);
            let taken = lots.any(|known| known.name == lot.name);
            ensure(!lot.name.is_empty() && !taken, Refused::Name)?;
            ensure(books.accounts.lots(account).count() < LOTS_MAX, Refused::Full)
        }
        Command::VoidGrant { scope, source, at } => {
            let mut grants = books.accounts.grants(account(books, *scope)?);
            let grant = grants.find(|grant| grant.source == *source);
            ensure(*at <= grant.ok_or(Refused::UnknownGrant)?.expires, Refused::Absurd)
        }
    }
}

fn account(books: &Books, scope: ScopeId) -> Result<&Account, Refused> {
    books.accounts.get(scope).ok_or(Refused::UnknownScope)
}

fn known_plan(names: &Names, plan: Option<PlanId>) -> Result<(), Refused> {
    ensure(plan.is_none_or(|plan| names.plans.name(plan.0).is_some()), Refused::UnknownName)
}

/// Whether every name kept the index that it had.
fn grown(old: &Names, new: &Names) -> bool {
    let kept = |(old, new): (&Table, &Table)| {
        new.len() >= old.len() && old.iter().zip(new.iter()).all(|(a, b)| a == b)
    };
    old.tables().into_iter().zip(new.tables()).all(kept)
}

/// The most grants of a scope. Ours: each decision on a granted limit looks at all of them.
const GRANTS_MAX: usize = 4_096;

/// The longest note with its key, in bytes. Ours: a note is a document, and copied as a whole.
const NOTE_LEN_MAX: usize = 1 << 20;

/// The most lots of a scope. Ours: a record has two bytes for the place of a lot, and each debit
/// looks at all of them.
const LOTS_MAX: usize = 65_000;

pub(super) const fn ensure(holds: bool, otherwise: Refused) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(otherwise) }
}
