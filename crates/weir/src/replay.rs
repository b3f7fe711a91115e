//! What does the journal say? From kept bytes back to a ledger.

use weir_core::ledger::{DecodeError, HostKeys, Ledger, Record};

/// The ledger that a shard's journal leads to.
///
/// `bytes` are records behind their lengths, as [`crate::MemoryJournal`] keeps them.
///
/// # Errors
///
/// Where the first unreadable or misplaced record starts, and what is wrong with it.
///
/// # Example
///
/// ```
/// use weir::{HostKeys, replay};
///
/// let empty = replay(&[], &HostKeys::fixed())?;
/// assert_eq!(empty.head().sequence, 0);
/// let error = replay(&[9, 0, 0, 0, 1], &HostKeys::fixed()).unwrap_err(); // nine bytes are promised
/// assert_eq!((error.offset, error.cause.code()), (0, "journal.truncated"));
/// # Ok::<(), weir::ReplayError>(())
/// ```
pub fn replay(bytes: &[u8], keys: &HostKeys) -> Result<Ledger, ReplayError> {
    let mut ledger = Ledger::new(keys);
    for entry in records(bytes) {
        let (offset, record) = entry?;
        ledger.replay(&record).map_err(|cause| ReplayError { offset, cause })?;
    }
    Ok(ledger)
}

/// The records of a journal's bytes, each with where it starts; after one that is not good, none.
pub(crate) fn records(
    bytes: &[u8],
) -> impl Iterator<Item = Result<(usize, Record<'static>), ReplayError>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let offset = bytes.len().saturating_sub(rest.len());
        let (record, tail) = first(rest)
            .map_or((Err(DecodeError::Truncated), &[][..]), |(record, tail)| {
                (Record::decode(record), tail)
            });
        rest = if record.is_ok() { tail } else { &[] };
        Some(record.map(|record| (offset, record)).map_err(|cause| ReplayError { offset, cause }))
    })
}

/// The first record of a journal's bytes, and what follows it.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)
}

/// Why a journal cannot be replayed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the record at byte {offset} is not good: {cause}")]
pub struct ReplayError {
    /// Where the record starts.
    pub offset: usize,
    /// What is wrong with it.
    pub cause: DecodeError,
}
