//! The same rules by hand: structs for serde, borrowed where they can be, and a function a body.
//!
//! Written as a careful service would: fields of the wrong type fail while they are read, and what
//! types do not say is asked for afterwards. Numbers are a parameter, so that each peer gets the
//! kind that it is quickest with.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What was read, and whether the rules hold that its types do not say.
pub trait Holds {
    /// Whether they hold.
    fn holds(&self) -> bool;
}

/// A number as a peer reads it.
pub trait Figure {
    /// How it compares with zero; `None` when it is no number, or not an exact one.
    fn sign(&self) -> Option<Ordering>;
}

/// Exact: the digits as they were sent.
impl Figure for &RawValue {
    fn sign(&self) -> Option<Ordering> {
        sign(self.get())
    }
}

impl Figure for sonic_rs::LazyValue<'_> {
    fn sign(&self) -> Option<Ordering> {
        sign(self.as_raw_str())
    }
}

/// Not exact, and less work.
impl Figure for f64 {
    fn sign(&self) -> Option<Ordering> {
        self.partial_cmp(&0.0)
    }
}

fn sign(digits: &str) -> Option<Ordering> {
    let number = match Decimal::from_str_exact(digits) {
        Ok(number) => number,
        Err(_) => Decimal::from_scientific(digits).ok()?,
    };
    (number.scale() <= 9).then(|| number.cmp(&Decimal::ZERO))
}

/// Text that borrows the body, save where escapes had to be decoded.
#[derive(Debug, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn at_most(&self, chars: usize) -> bool {
        self.0.len() <= chars || self.0.chars().count() <= chars
    }

    fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    fn is_currency(&self) -> bool {
        self.0.len() == 3 && self.0.bytes().all(|byte| byte.is_ascii_uppercase())
    }
}

/// Body A.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "N: Deserialize<'de>"))]
pub struct Revenue<'a, N> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    data: RevenueData<'a, N>,
}

impl<N: Figure> Holds for Revenue<'_, N> {
    fn holds(&self) -> bool {
        let RevenueData { names, money, .. } = &self.data;
        let Names { visitor, session, customer, transaction, processor, subscription } = names;
        let named = [visitor, session, customer, transaction];
        let refunds = matches!(money.kind, Some(EventType::Churn | EventType::Refund));
        let amount = money.amount.sign();
        self.kind.0 == "revenue"
            && named.iter().all(|name| name.at_most(128) && !name.is_blank())
            && processor.as_ref().is_none_or(|name| name.at_most(64))
            && subscription.as_ref().is_none_or(|name| name.at_most(128))
            && (amount == Some(Ordering::Greater) || refunds && amount.is_some())
            && money.currency.as_ref().is_none_or(Text::is_currency)
            && money.mrr_impact.as_ref().is_none_or(|impact| impact.sign().is_some())
    }
}

/// What a revenue event says.
#[derive(Debug)]
pub struct RevenueData<'a, N> {
    names: Names<'a>,
    money: Money<'a, N>,
    /// Whether it comes back.
    pub is_recurring: Option<bool>,
    /// Anything of the sender's.
    pub metadata: Option<AnyObject>,
}

#[derive(Debug)]
struct Names<'a> {
    visitor: Text<'a>,
    session: Text<'a>,
    customer: Text<'a>,
    transaction: Text<'a>,
    processor: Option<Text<'a>>,
    subscription: Option<Text<'a>>,
}

#[derive(Debug)]
struct Money<'a, N> {
    amount: N,
    currency: Option<Text<'a>>,
    kind: Option<EventType>,
    mrr_impact: Option<N>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventType {
    Purchase,
    Subscription,
    Renewal,
    Upgrade,
    Downgrade,
    Churn,
    Refund,
}

/// What serde would derive for one flat struct of twelve fields, which is more than a struct of
/// ours may have.
impl<'de: 'a, 'a, N: Deserialize<'de>> Deserialize<'de> for RevenueData<'a, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("RevenueData", KEYS, RevenueVisitor(PhantomData))
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    VisitorFingerprint,
    SessionId,
    CustomerId,
    Amount,
    TransactionId,
    Currency,
    PaymentProcessor,
    CustomerSubscriptionId,
    EventType,
    MrrImpact,
    IsRecurring,
    Metadata,
    #[serde(other)]
    Other,
}

struct RevenueVisitor<'a, N>(PhantomData<(&'a (), N)>);

impl<'de: 'a, 'a, N: Deserialize<'de>> Visitor<'de> for RevenueVisitor<'a, N> {
    type Value = RevenueData<'a, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data of a revenue event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut visitor, mut session, mut customer, mut transaction) = (None, None, None, None);
        let (mut processor, mut subscription, mut metadata) = (None, None, None);
        let (mut amount, mut currency, mut kind) = (None, None, None);
        let (mut mrr_impact, mut is_recurring) = (None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::VisitorFingerprint => once(&mut visitor, &mut map)?,
                Key::SessionId => once(&mut session, &mut map)?,
                Key::CustomerId => once(&mut customer, &mut map)?,
                Key::Amount => once(&mut amount, &mut map)?,
                Key::TransactionId => once(&mut transaction, &mut map)?,
                Key::Currency => once(&mut currency, &mut map)?,
                Key::PaymentProcessor => once(&mut processor, &mut map)?,
                Key::CustomerSubscriptionId => once(&mut subscription, &mut map)?,
                Key::EventType => once(&mut kind, &mut map)?,
                Key::MrrImpact => once(&mut mrr_impact, &mut map)?,
                Key::IsRecurring => once(&mut is_recurring, &mut map)?,
                Key::Metadata => once(&mut metadata, &mut map)?,
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        let names = Names {
            visitor: visitor.ok_or_else(|| missing("visitor_fingerprint"))?,
            session: session.ok_or_else(|| missing("session_id"))?,
            customer: customer.ok_or_else(|| missing("customer_id"))?,
            transaction: transaction.ok_or_else(|| missing("transaction_id"))?,
            processor: processor.flatten(),
            subscription: subscription.flatten(),
        };
        let money = Money {
            amount: amount.ok_or_else(|| missing("amount"))?,
            currency: currency.flatten(),
            kind: kind.flatten(),
            mrr_impact: mrr_impact.flatten(),
        };
        let (is_recurring, metadata) = (is_recurring.flatten(), metadata.flatten());
        Ok(RevenueData { names, money, is_recurring, metadata })
    }
}

fn once<'de, T, A>(slot: &mut Option<T>, map: &mut A) -> Result<(), A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::custom("a field that stands twice"));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

const KEYS: &[&str] = &[
    "visitor_fingerprint",
    "session_id",
    "customer_id",
    "amount",
    "transaction_id",
    "currency",
    "payment_processor",
    "customer_subscription_id",
    "event_type",
    "mrr_impact",
    "is_recurring",
    "metadata",
];

/// Body B.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ingest<'a> {
    #[serde(borrow)]
    idempotency_key: Text<'a>,
    #[serde(borrow)]
    event_slug: Text<'a>,
    #[serde(borrow)]
    feature_slug: Text<'a>,
    properties: Properties,
    #[serde(borrow, default, deserialize_with = "not_null")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "not_null")]
    customer_id: Option<Text<'a>>,
    #[serde(default, deserialize_with = "not_null")]
    timestamp: Option<i64>,
}

impl Holds for Ingest<'_> {
    fn holds(&self) -> bool {
        let sized = |text: &Text<'_>, most| !text.0.is_empty() && text.at_most(most);
        sized(&self.idempotency_key, 128)
            && sized(&self.event_slug, 64)
            && sized(&self.feature_slug, 64)
            && self.properties.count <= 32
            && self.id.as_ref().is_none_or(|id| id.at_most(64))
            && self.customer_id.as_ref().is_none_or(|id| sized(id, 64))
            && self.timestamp.is_none_or(|at| (0..=253_402_300_799_999).contains(&at))
    }
}

fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// An object of which nothing is kept.
#[derive(Debug)]
pub struct AnyObject;

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyObject)
    }
}

impl<'de> Visitor<'de> for AnyObject {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

/// An object with any members, counted, whose keys have at most 64 characters.
#[derive(Debug)]
pub struct Properties {
    count: usize,
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self { count: 0 })
    }
}

impl<'de> Visitor<'de> for Properties {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((key, IgnoredAny)) = map.next_entry::<Text<'_>, IgnoredAny>()? {
            if !key.at_most(64) {
                return Err(A::Error::custom("a key of more than 64 characters"));
            }
            self.count = self.count.saturating_add(1);
        }
        Ok(self)
    }
}
