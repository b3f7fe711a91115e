//! What was accepted, and is decided later? Events on their way to a queue.
//!
//! The queue is the host's. What is put on it is known to be of the contract's shape, sent with a good
//! key and not too old; whether it counts is decided when it is taken off.

use serde::{Deserialize, Serialize};
use weir::Timestamp;
use weir_core::hash::HashKey;

/// Takes accepted events.
pub trait Queue {
    /// Keeps one message. Where it cannot, it is asked up to [`TRIES`] times: a queue that wants time
    /// between two tries takes it itself.
    ///
    /// # Errors
    ///
    /// [`Unqueued`] when it could not be kept.
    fn send(&self, message: &Message) -> Result<(), Unqueued>;
}

/// Takes nothing: a host without a queue.
impl Queue for () {
    fn send(&self, _: &Message) -> Result<(), Unqueued> {
        Err(Unqueued)
    }
}

/// A message could not be queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("Failed to enqueue ingestion event")]
pub struct Unqueued;

/// How often a queue is asked to take a message.
pub const TRIES: u8 = 3;

/// An accepted event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Message {
    /// The sender's name for it, or one of ours.
    pub id: String,
    /// The project of the key that it was sent with.
    pub project: String,
    /// Whose it is.
    pub customer: String,
    /// The sender's idempotency key.
    pub key: String,
    /// What happened.
    pub slug: String,
    /// The payload, a JSON object.
    pub properties: String,
    /// When it happened.
    pub at: Timestamp,
    /// When the server received it.
    pub received: Timestamp,
}

/// Sends a message, as often as it takes and no queue is asked too often.
pub(crate) fn send(queue: &dyn Queue, message: &Message) -> Result<(), Unqueued> {
    (1..TRIES).find_map(|_| queue.send(message).ok()).map_or_else(|| queue.send(message), Ok)
}

/// A name for an event whose sender gave it none: `evt_` and a ULID of the instant at which it was
/// received. What a ULID has of chance comes from the host's name for the request.
pub(crate) fn event_id(received: Timestamp, request_id: &str) -> String {
    let words = [HashKey::new([0, 0]), HashKey::new([1, 1])];
    let [high, low] = words.map(|key| u128::from(key.hash(0, request_id.as_bytes())));
    let millis = u128::try_from(received.as_millis()).unwrap_or_default();
    let ulid = (millis << 80) | ((high << 64 | low) & ((1 << 80) - 1));
    let digit = |place: u32| {
        let at = usize::try_from((ulid >> (place * 5)) & 31).unwrap_or_default();
        CROCKFORD.get(at).copied().map_or('0', char::from)
    };
    format!("evt_{}", (0..26).rev().map(digit).collect::<String>())
}

/// The digits of base 32 without those that read like others.
///
/// # Source
///
/// The ULID specification, Crockford's base 32.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
