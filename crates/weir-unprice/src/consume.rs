//! What becomes of an event that comes off the queue? It counts wherever it is sold, over the limit, too.
//!
//! A message is as good as it was when it was accepted; what it counts on is found out now. Every
//! entitlement of the customer that counts such events books it, each under the message's key, so that a
//! message which is handed on twice, or was sent to the other route as well, counts once.

use weir::{Gate, Scope, Timestamp};
use weir_core::catalog::Lateness;
use weir_core::json::{Lexer, Raw, Scratch};
use weir_core::route::{NoValue, Sent};

use crate::entitlement::{self, Entitlement, Kind};
use crate::extract::PROFILE;
use crate::ingest::{self, Event, Failure, How, Instants, Rejection, Routed};
use crate::queue::Message;
use crate::report::{Outcome, Reporter};

/// Books a message that came off the queue at `now`. Tells why it was rejected, if no entitlement
/// counted it.
///
/// # Errors
///
/// [`Failure`]: then the message may be handed on again, and what was booked of it counts once.
pub fn consume(
    gate: &Gate,
    reporter: &dyn Reporter,
    message: &Message,
    now: Timestamp,
) -> Result<Option<Rejection>, Failure> {
    let root = entitlement::root_of(&message.project, &message.customer);
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(message.properties.as_bytes(), &PROFILE, &mut scratch).ok();
    let payload = lexer.as_mut().and_then(|lexer| lexer.value().ok().flatten());
    let legs = match route(gate, (&root, message), payload, now)? {
        Ok(legs) => legs,
        Err(rejection) => return told(reporter, (&root, message), rejection),
    };
    let instants = Instants { now, received: message.received };
    let mut rejections = Vec::new();
    let mut counted = false;
    for Leg { feature, properties, routed } in legs {
        let event = Event {
            customer: &root,
            key: &message.key,
            slug: &message.slug,
            feature: &feature,
            properties,
            at: message.at,
        };
        let ingested = ingest::weigh(gate, &event, &routed, instants)?;
        ingest::report(reporter, &event, &ingested)?;
        counted |= ingested.rejection.is_none();
        rejections.extend(ingested.rejection);
    }
    Ok(if counted { None } else { Some(worst(&rejections)) })
}

/// An entitlement that counts a message.
struct Leg<'a> {
    feature: String,
    properties: Raw<'a>,
    routed: Routed,
}

/// The entitlements that count a message, in the order in which they were sold.
fn route<'a>(
    gate: &Gate,
    (root, message): (&str, &Message),
    payload: Option<Raw<'a>>,
    now: Timestamp,
) -> Result<Result<Vec<Leg<'a>>, Rejection>, Failure> {
    let catalog = gate.catalog()?;
    if catalog.acceptance().check(message.at, now) == Some(Lateness::TooOld) {
        return Ok(Err(Rejection::EventTooOld));
    }
    let Some(scope) = entitlement::customer(gate, root)? else {
        return Ok(Err(Rejection::CustomerNotFound));
    };
    let candidates: Vec<_> = sold(gate, root)?
        .into_iter()
        .filter(|(_, sold)| sold.kind == Kind::Usage)
        .filter(|(_, sold)| sold.is_candidate(message.at, catalog.acceptance()))
        .collect();
    if candidates.is_empty() {
        return Ok(Err(Rejection::NoMatchingEntitlement));
    }
    let Some(properties) = payload else {
        return Ok(Err(Rejection::InvalidAggregationProperties));
    };
    let sent = Sent { kind: &message.slug, properties };
    let (mut legs, mut routed) = (Vec::new(), false);
    for (feature, entitlement) in candidates {
        let counts = entitlement.holds_at(message.at);
        let metered = ingest::metered(&catalog, &entitlement, sent);
        let Some((id, metering)) = metered.filter(|_| counts) else { continue };
        routed = true;
        match ingest::cost(id, metering, sent) {
            Ok(cost) => legs.push(leg((feature, properties), scope, (entitlement, cost))),
            Err(NoValue::TooLarge) => return Err(Failure::TooLarge),
            Err(NoValue::Absent | NoValue::Inexact | NoValue::NotANumber) => {}
        }
    }
    Ok(match (routed, legs.is_empty()) {
        (false, _) => Err(Rejection::UnroutableEvent),
        (true, true) => Err(Rejection::InvalidAggregationProperties),
        (true, false) => Ok(legs),
    })
}

fn leg(
    (feature, properties): (String, Raw<'_>),
    scope: Scope,
    (entitlement, cost): (Entitlement, weir::Cost),
) -> Leg<'_> {
    Leg { feature, properties, routed: Routed { scope, entitlement, cost, how: How::Record } }
}

/// All that a customer was sold, each with its feature.
fn sold(gate: &Gate, root: &str) -> Result<Vec<(String, Entitlement)>, Failure> {
    let mut all = Vec::new();
    for feature in entitlement::features(gate, root)? {
        let sold = entitlement::entitlements(gate, root, &feature)?;
        all.extend(sold.into_iter().map(|sold| (feature.clone(), sold)));
    }
    Ok(all)
}

/// What is told of a message that nothing counted: that it came late only where nothing else is known.
fn worst(rejections: &[Rejection]) -> Rejection {
    let late = Rejection::LateEventClosedPeriod;
    let other = rejections.iter().rev().find(|rejection| **rejection != late);
    other.or(rejections.last()).copied().unwrap_or(Rejection::LimitExceeded)
}

/// Reports a message that no entitlement counts.
fn told(
    reporter: &dyn Reporter,
    (root, message): (&str, &Message),
    rejection: Rejection,
) -> Result<Option<Rejection>, Failure> {
    let (customer, key, feature) = (root, &message.key, "");
    let rejection = Some(rejection);
    reporter.report(&Outcome { customer, key, feature, rejection, verdict: None })?;
    Ok(rejection)
}
