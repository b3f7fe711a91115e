//! How long and how much? The bounds of a server.

use std::time::Duration;

/// The bounds of a server. All are ours: what a contract's client needs, several times over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How long a connection may take for a request's head, waiting for its first byte included.
    pub head: Duration,
    /// How long a request's body may take after its head.
    pub body: Duration,
    /// The largest body that is read, in bytes. The contracts refuse smaller ones in their own words.
    pub body_bytes: usize,
    /// How many connections are open at once; further ones wait.
    pub connections: usize,
    /// How long requests that have begun may take once the server is to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(8),
            body: Duration::from_secs(10),
            body_bytes: 2 << 20,
            connections: 4096,
            drain: Duration::from_secs(10),
        }
    }
}
