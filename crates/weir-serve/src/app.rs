//! Who answers? What a server needs of the contracts behind it.

use std::net::IpAddr;

use http::{HeaderValue, Request, Response};
use weir::Timestamp;

/// Answers whole requests. See the crate's example.
pub trait App: Send + Sync + 'static {
    /// Answers a request: the body into `body`, whose content is lost.
    fn answer(
        &self,
        request: &Request<&[u8]>,
        arrival: &Arrival,
        body: &mut Vec<u8>,
    ) -> Response<()>;

    /// Whether requests can be answered at all.
    fn is_ready(&self) -> bool;
}

/// What the server knows of a request.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The peer's address.
    pub address: IpAddr,
    /// When it was whole.
    pub now: Timestamp,
    /// Bytes that nobody can foretell, other ones for each request.
    pub random: [u8; 16],
}

impl Arrival {
    /// What the request is called: the random bytes in hexadecimal digits.
    #[must_use]
    pub fn request_id(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.random))
    }

    /// The same, as a header has it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_maybe_shared(bytes::Bytes::from(self.request_id())).ok()
    }
}
