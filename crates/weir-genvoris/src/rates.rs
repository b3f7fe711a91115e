//! How often may a key do this? The optional limits of creating customers and making sessions.

use ring::digest;
use weir::{Ask, Caller, Cost, Desk, Quantity};

use crate::answer::{Refusal, wait_s};
use crate::extract::Store;
use crate::glue::{Genvoris, KEY, Stop, hex};
use crate::settings::Rates;

/// What is counted by key.
#[derive(Clone, Copy)]
pub(crate) enum Rated {
    Creation,
    Session,
}

impl<E> Genvoris<E> {
    /// Counts one more for the store's key, unless that is one too many in this hour.
    ///
    /// What was planned at the desk is done before.
    pub(crate) fn within_rate(
        &self,
        desk: &mut Desk<'_>,
        store: &Store,
        rated: Rated,
    ) -> Result<(), Stop> {
        if self.settings.rates == Rates::Off {
            return Ok(());
        }
        let key = match desk.find(Some(store.scope), &store.key) {
            Some(key) => key,
            None => desk.open(Some(store.scope), &store.key, Some(KEY))?,
        };
        let feature = match rated {
            Rated::Creation => self.names.creation,
            Rated::Session => self.names.session,
        };
        let costs = [Cost { feature, quantity: Quantity::from_units(1) }];
        let (caller, scopes) = (Caller::Unchecked, &[store.scope, key][..]);
        let ask = Ask { caller, scopes, costs: &costs, at: desk.now(), key: None };
        let verdict = desk.decide(&ask, &mut ())?;
        if verdict.is_allowed() {
            return Ok(());
        }
        Err(Refusal::RateLimited(wait_s(&verdict, desk.now())).into())
    }
}

/// What the scope of a key is called: a digest, so that no key is written down.
pub(crate) fn scope_of(key: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, key);
    format!("key-{}", hex(digest.as_ref().get(..16).unwrap_or_default()))
}
