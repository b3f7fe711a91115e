//! Do all of us say the same? Runs files of conformance vectors against the systems that are here.

mod seam;
pub mod systems;

pub use seam::{
    Batch, Done, Event, Fault, HttpSystem, Ingest, NotImplemented, Question, ScenarioSystem,
    Setting, System, Verify,
};
