//! The peer Autumn: its cycles in the core's windows, its buckets in the core's ledger.

use serde_json::{Map, Value};

use super::openmeter::{missing, period_at};
use crate::conform::{NotImplemented, Question, System};

mod buckets;
mod metered;
mod sold;

/// Autumn, as far as its settings are ours.
#[derive(Clone, Copy, Debug)]
pub struct Autumn;

impl System for Autumn {
    fn name(&self) -> &'static str {
        "autumn"
    }

    fn answer(&self, question: &Question<'_>) -> Result<Value, NotImplemented> {
        match question.kind {
            "bucket_ledger" => buckets::steps(question),
            "check" => metered::checks(question),
            "idempotency" => metered::keys(question),
            "token_cost" => metered::tokens(question),
            "recurrence_period_at" => period_at(question.given),
            other => Err(missing(&format!("family {other}"))),
        }
    }
}

/// A key that nobody reads is not passed over; what is told is read where it is compared.
fn only(given: &Value, known: &[&str]) -> Result<(), NotImplemented> {
    let keys = given.as_object().map(Map::keys).into_iter().flatten();
    let told = |key: &str| key.starts_with("asserted") || key.starts_with("derived");
    match keys.clone().find(|key| !known.contains(&key.as_str()) && !told(key)) {
        Some(key) => Err(missing(key)),
        None => Ok(()),
    }
}
