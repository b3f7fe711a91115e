//! The peer Autumn: its cycles, in the core's windows.

use serde_json::Value;

use super::openmeter::period_at;
use crate::conform::{NotImplemented, Question, System};

/// Autumn, as far as its settings are ours.
#[derive(Clone, Copy, Debug)]
pub struct Autumn;

impl System for Autumn {
    fn name(&self) -> &'static str {
        "autumn"
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        match question.kind {
            "recurrence_period_at" => period_at(question.given),
            other => Err(NotImplemented::new(&format!("family {other}"))),
        }
    }
}
