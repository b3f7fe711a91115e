//! What the benches decide on and validate: a desk ready to be asked, a gatehouse, two bodies,
//! everyone who validates them, and the worst that could be sent.

pub mod bodies;
mod desk;
mod gatehouse;
#[cfg(feature = "peers")]
pub mod mutate;
#[cfg(feature = "peers")]
pub mod peers;
pub mod race;
#[cfg(feature = "peers")]
pub mod typed;
pub mod worst;

pub use desk::{Desk, GRANTED, ONE_LIMIT, ROOM_FOR_ONE, THREE_LEVELS, crowded};
pub use gatehouse::Gatehouse;
