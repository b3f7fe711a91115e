//! What does the textbook say? Slow models of the core's rooms.
//!
//! A model shares no arithmetic with the core: where the core counts, the model moves digits, walks
//! or keeps everything.

pub mod amount;
pub mod json;
pub mod route;
pub mod schema;
pub mod sent;
pub mod time;
pub mod token;
pub mod window;
