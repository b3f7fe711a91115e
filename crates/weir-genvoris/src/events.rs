//! What is worth telling the store? The events behind the webhooks.

use serde::{Serialize, Serializer};
use weir::Timestamp;

use crate::plans::PlanBody;

/// Hears what happened, after it was done and before it is answered. It delivers, now or later; see
/// [`Event::envelope`] and [`sign`](crate::sign) for what is sent.
pub trait Events {
    /// Hears one event.
    fn tell(&self, event: &Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl Events for NoEvents {
    fn tell(&self, _: &Event) {}
}

/// Something that a store can be told.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its own id; of the same event, delivered again, it is the same.
    pub id: String,
    /// The store's id.
    pub store: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

impl Event {
    /// The body of its delivery, to the byte.
    ///
    /// # Example
    ///
    /// ```
    /// use weir::Timestamp;
    /// use weir_genvoris::{Event, TryOn, What};
    ///
    /// let what = What::TryOnFailed(TryOn {
    ///     customer_id: None, external_id: None, variation_count: Some(1), remaining_credits: Some(7),
    /// });
    /// let (id, store) = ("evt_1".to_owned(), "shop".to_owned());
    /// let event = Event { id, store, at: Timestamp::EPOCH, what };
    /// assert_eq!(
    ///     event.envelope(),
    ///     br#"{"id":"evt_1","type":"tryon.failed","created":0,"data":{"customer_id":null,"external_id":null,"variation_count":1,"remaining_credits":7}}"#
    /// );
    /// ```
    #[must_use]
    pub fn envelope(&self) -> Vec<u8> {
        let created = self.at.as_millis().div_euclid(1_000);
        let envelope =
            Envelope { id: &self.id, r#type: self.what.name(), created, data: &self.what };
        // Texts and numbers always become JSON.
        serde_json::to_vec(&envelope).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    id: &'a str,
    r#type: &'static str,
    created: i64,
    data: &'a What,
}

/// What happened.
///
/// Exhaustive on purpose: who delivers answers each case, and a new case must break its build.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// A customer was cancelled.
    CustomerCancelled(CustomerData),
    /// A customer was posted for the first time.
    CustomerCreated(CustomerData),
    /// A customer was posted again, or patched.
    CustomerUpdated(CustomerData),
    /// A period was over, and the next one opened by itself.
    PeriodRolled(CustomerData),
    /// A customer got another plan, or none.
    PlanChanged(CustomerData),
    /// A plan was created.
    PlanCreated(PlanData),
    /// A plan was taken off the list.
    PlanDisabled(PlanData),
    /// A plan was patched.
    PlanUpdated(PlanData),
    /// A try-on was refused, since the customer's quota is used up.
    QuotaExhausted(QuotaData),
    /// Four fifths of a customer's quota are used: told once in a period.
    QuotaWarning(QuotaData),
    /// A try-on was made, and paid for.
    TryOnCompleted(TryOn),
    /// A try-on failed; it costs nothing.
    TryOnFailed(TryOn),
}

impl What {
    /// Its name in the contract.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CustomerCancelled(_) => "end_customer.cancelled",
            Self::CustomerCreated(_) => "end_customer.created",
            Self::CustomerUpdated(_) => "end_customer.updated",
            Self::PeriodRolled(_) => "end_customer.period_rolled",
            Self::PlanChanged(_) => "customer.plan_changed",
            Self::PlanCreated(_) => "plan.created",
            Self::PlanDisabled(_) => "plan.disabled",
            Self::PlanUpdated(_) => "plan.updated",
            Self::QuotaExhausted(_) => "end_customer.quota_exhausted",
            Self::QuotaWarning(_) => "end_customer.quota_warning",
            Self::TryOnCompleted(_) => "tryon.completed",
            Self::TryOnFailed(_) => "tryon.failed",
        }
    }
}

/// What is told of a customer.
#[derive(Clone, Debug, Serialize)]
pub struct CustomerData {
    /// Its id.
    pub customer_id: String,
    /// What the store calls it.
    pub external_id: String,
    /// Its plan's id.
    pub plan_id: Option<String>,
    /// `ACTIVE`, `PAUSED` or `CANCELLED`.
    pub status: &'static str,
    /// When its open period started.
    pub period_start: Timestamp,
    /// When that ends.
    pub period_end: Timestamp,
    /// What was used in it.
    pub used: Option<i64>,
    /// What may be used in it.
    pub limit: Option<i64>,
}

/// What is told of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlanData {
    /// Its id.
    pub plan_id: String,
    /// Its name.
    pub name: String,
    /// What it allows in thirty days.
    pub monthly_try_ons: u32,
    /// Whether it is on the list.
    pub active: bool,
}

impl From<PlanBody> for PlanData {
    fn from(plan: PlanBody) -> Self {
        let PlanBody { id: plan_id, name, monthly_try_ons, active, .. } = plan;
        Self { plan_id, name, monthly_try_ons, active }
    }
}

/// What is told of a quota.
#[derive(Clone, Debug, Serialize)]
pub struct QuotaData {
    /// The customer's id.
    pub customer_id: String,
    /// What the store calls it.
    pub external_id: String,
    /// Its plan's id.
    pub plan_id: Option<String>,
    /// What was used in the open period.
    pub used: Option<i64>,
    /// What may be used in it.
    pub limit: Option<i64>,
    /// What is left of it.
    pub remaining: Option<i64>,
    /// At which part of the quota it is told.
    pub threshold: Threshold,
}

/// At which part of a quota something is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Threshold {
    /// All of it.
    All,
    /// Four fifths.
    FourFifths,
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_u8(1),
            Self::FourFifths => serializer.serialize_f32(0.8),
        }
    }
}

/// What is told of a try-on.
#[derive(Clone, Debug, Serialize)]
pub struct TryOn {
    /// The customer's id, where the report named one.
    pub customer_id: Option<String>,
    /// What the store calls it.
    pub external_id: Option<String>,
    /// How many pictures it made.
    pub variation_count: Option<i64>,
    /// What the store has left.
    pub remaining_credits: Option<i64>,
}
