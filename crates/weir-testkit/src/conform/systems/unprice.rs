//! Does weir-unprice answer as the contract says? Its side of the conformance seam.

use serde_json::Value;

use crate::conform::{HttpSystem, NotImplemented, Question, ScenarioSystem, Setting, System};

mod given;
mod grants;
mod http;
mod kept;
mod period;
mod price;
mod pure;
mod scenario;
mod wallet;
mod world;

/// The unprice contract.
#[derive(Clone, Copy, Debug)]
pub struct Unprice;

impl System for Unprice {
    fn name(&self) -> &'static str {
        "unprice"
    }

    fn http(&self, setting: &Setting<'_>) -> Result<Box<dyn HttpSystem>, NotImplemented> {
        Ok(Box::new(http::Host::new(setting)?))
    }

    fn scenario(&self, setting: &Setting<'_>) -> Result<Box<dyn ScenarioSystem>, NotImplemented> {
        Ok(Box::new(scenario::Host::new(setting)?))
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        pure::answer(question)
    }
}
