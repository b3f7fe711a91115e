//! What is said together? Several commands as one record, each on what those before it leave.

use alloc::vec::Vec;

use super::books::Books;
use super::record::Command;
use super::refuse::{self, Refused, ensure};
use super::{Failed, Ledger, Sink, import, view};
use crate::account::Account;
use crate::catalog::Catalog;
use crate::id::{PlanId, ScopeId};
use crate::limit::Balance;
use crate::time::Timestamp;

impl Ledger {
    /// Does several commands as one record: all of them, each on what those before it left, or none.
    /// Scopes may be interned, their status and anchor said, counts imported and notes kept. An import is as in
    /// [`Ledger::import`].
    ///
    /// # Errors
    ///
    /// As [`Ledger::execute`] and [`Ledger::import`], for the first that does not fit.
    pub fn execute_all<S: Sink>(
        &mut self,
        catalog: &Catalog,
        commands: Vec<Command<'_>>,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), Failed<S::Error>> {
        let seen = self.advance(now, sink).map_err(Failed::Sink)?;
        let view = view(&self.books, catalog, seen);
        let mut fit = Vec::with_capacity(commands.len());
        for command in commands {
            let staged = Staged { books: &self.books, before: &fit, now: seen };
            ensure(is_joinable(&command), Refused::NotACommand)?;
            let command = match command {
                Command::Import { scope, balance, .. } => {
                    import::command((&view, &staged), scope, balance)?
                }
                command => refuse::check(&staged, &command).map(|()| command)?,
            };
            fit.push(command);
        }
        if fit.is_empty() { Ok(()) } else { self.record(Command::Batch(fit), now, sink) }
    }
}

/// Whether a command may stand beside others in a record: what is said of a scope and its documents.
pub(super) const fn is_joinable(command: &Command<'_>) -> bool {
    matches!(
        command,
        Command::Import { .. }
            | Command::Intern { .. }
            | Command::Note { .. }
            | Command::SetAnchor { .. }
            | Command::SetStatus { .. }
    )
}

/// The state as a command finds it.
#[derive(Clone, Copy)]
pub(super) struct Staged<'a> {
    pub(super) books: &'a Books,
    /// The commands before it in the same record, each fit.
    pub(super) before: &'a [Command<'a>],
    /// When they are done.
    pub(super) now: Timestamp,
}

/// A scope, as far as commands ask for it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its state, if it was there before.
    pub(super) account: Option<&'a Account>,
    pub(super) plan: Option<PlanId>,
    /// Where its own anchored windows start.
    pub(super) anchor: Timestamp,
    /// Its number, and the commands before, of which some may import.
    staged: (ScopeId, &'a [Command<'a>]),
}

impl<'a> Subject<'a> {
    /// What the commands before have imported for it.
    pub(super) fn imported(&self) -> impl Iterator<Item = &'a Balance> + use<'a> {
        let (scope, before) = self.staged;
        before.iter().filter_map(move |command| match command {
            Command::Import { scope: of, balance, .. } if *of == scope => Some(balance),
            _ => None,
        })
    }
}

impl<'a> Staged<'a> {
    /// The state that a command finds when it is alone.
    pub(super) const fn alone(books: &'a Books, now: Timestamp) -> Self {
        Self { books, before: &[], now }
    }

    /// A scope that is there by then.
    pub(super) fn subject(&self, scope: ScopeId) -> Result<Subject<'a>, Refused> {
        let (account, staged) = (self.books.accounts.get(scope), (scope, self.before));
        let known = account.map(|known| Subject {
            account,
            plan: known.plan(),
            anchor: known.anchor(),
            staged,
        });
        let subject = self.before.iter().fold(known, |subject, command| match *command {
            Command::Intern { scope: new, plan, .. } if new == scope => {
                Some(Subject { account: None, plan, anchor: self.now, staged })
            }
            Command::Import { scope: of, anchor: Some(anchor), .. }
            | Command::SetAnchor { scope: of, anchor }
                if of == scope =>
            {
                subject.map(|known| Subject { anchor, ..known })
            }
            _ => subject,
        });
        subject.ok_or(Refused::UnknownScope)
    }

    /// How many scopes there are by then.
    pub(super) fn scopes(&self) -> usize {
        let new = self.before.iter().filter(|command| matches!(command, Command::Intern { .. }));
        self.books.accounts.len().saturating_add(new.count())
    }

    /// Whether a scope of that parent and name is there by then.
    pub(super) fn is_known(&self, parent: Option<ScopeId>, name: &str) -> bool {
        let same = |command: &Command<'_>| match command {
            Command::Intern { parent: under, name: called, .. } => {
                *under == parent && **called == *name
            }
            _ => false,
        };
        self.books.accounts.find(parent, name).is_some() || self.before.iter().any(same)
    }
}
