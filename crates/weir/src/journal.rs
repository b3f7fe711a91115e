//! Where are the records kept? A journal for each shard, in order.

use crate::gate::Shard;
use crate::sync::Mutex;

/// Keeps records. A gate calls it under the lock of one shard, before anything is done.
///
/// # Shape
///
/// The records of one shard come in the order of their sequence, without gaps. Two shards may
/// append at the same time.
pub trait Journal: Send + Sync {
    /// Keeps one encoded record.
    ///
    /// # Errors
    ///
    /// [`JournalError`] when it was not kept; the gate then does not do what the record says.
    fn append(&self, shard: Shard, record: &[u8]) -> Result<(), JournalError>;
}

/// A journal could not keep a record; the cause is the journal's own to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the journal did not take the record")]
pub struct JournalError;

/// Keeps nothing: for counts that may be lost with the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn append(&self, _: Shard, _: &[u8]) -> Result<(), JournalError> {
        Ok(())
    }
}

/// Keeps everything in memory: for tests and traces.
///
/// # Shape
///
/// For each shard, records one after the other, each behind its length as four little-endian bytes.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    shards: Mutex<Vec<Vec<u8>>>,
}

impl MemoryJournal {
    /// The bytes kept for one shard.
    #[must_use]
    pub fn bytes(&self, shard: Shard) -> Vec<u8> {
        let Ok(shards) = self.shards.lock() else { return Vec::new() };
        shards.get(usize::from(shard.index())).cloned().unwrap_or_default()
    }
}

impl Journal for MemoryJournal {
    fn append(&self, shard: Shard, record: &[u8]) -> Result<(), JournalError> {
        let mut shards = self.shards.lock().map_err(|_| JournalError)?;
        let at = usize::from(shard.index());
        if shards.len() <= at {
            shards.resize_with(at.saturating_add(1), Vec::new);
        }
        let bytes = shards.get_mut(at).ok_or(JournalError)?;
        let len = u32::try_from(record.len()).map_err(|_| JournalError)?;
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(record);
        Ok(())
    }
}

impl<J: Journal + ?Sized> Journal for std::sync::Arc<J> {
    fn append(&self, shard: Shard, record: &[u8]) -> Result<(), JournalError> {
        (**self).append(shard, record)
    }
}
