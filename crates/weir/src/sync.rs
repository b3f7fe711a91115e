//! Which locks? One place to replace them, so that a model checker can run the same code.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockWriteGuard};
