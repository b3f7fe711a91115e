//! Which features count an event? Its kind looked up, its properties filtered.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Catalog, Feature};
use crate::amount::Quantity;
use crate::id::FeatureId;
use crate::json::Scratch;
use crate::meter::Aggregation;
use crate::route::{NoValue, Numbers, Sent};

/// All features, by their index, and those that count events, by the kind that they count.
#[derive(Debug)]
pub(super) struct Features {
    by_id: Box<[Option<Feature>]>,
    by_event: Box<[FeatureId]>, // INVARIANT: ascending by kind, then by index.
}

impl Features {
    pub(super) fn new(by_id: Box<[Option<Feature>]>) -> Self {
        let kind = |id: FeatureId| kind_of(&by_id, id);
        let ids = (0..=u16::MAX).map(FeatureId).take(by_id.len());
        let mut by_event: Vec<FeatureId> = ids.filter(|id| !kind(*id).is_empty()).collect();
        by_event.sort_by_key(|id| kind(*id)); // Stable: by index where kinds are equal.
        Self { by_event: by_event.into(), by_id }
    }

    pub(super) fn get(&self, id: FeatureId) -> Option<&Feature> {
        self.by_id.get(usize::from(id.0))?.as_ref()
    }

    /// Those that count events of a kind.
    fn counting<'f>(&'f self, kind: &'f str) -> impl Iterator<Item = (FeatureId, &'f Feature)> {
        let of = |id: FeatureId| kind_of(&self.by_id, id);
        let first = self.by_event.partition_point(|id| of(*id) < kind);
        let from = self.by_event.get(first..).unwrap_or_default();
        let all = from.iter().map_while(|id| Some((*id, self.get(*id)?)));
        all.take_while(move |(_, feature)| *feature.event == *kind)
    }
}

/// The kind of event that a feature counts; empty for none.
fn kind_of(by_id: &[Option<Feature>], id: FeatureId) -> &str {
    let feature = by_id.get(usize::from(id.0)).and_then(Option::as_ref);
    feature.map_or("", |feature| &feature.event)
}

impl Feature {
    /// Whether it counts an event: it is of its kind, and all filters hold.
    pub fn counts(&self, sent: Sent<'_>, scratch: &mut Scratch) -> bool {
        !self.event.is_empty()
            && *self.event == *sent.kind
            && self.filters.iter().all(|filter| filter.holds(sent.properties, scratch))
    }

    /// At what value it counts an event: that of its property, or 1 where it reads none. Where different
    /// values are counted, a number stands for each: see [`Numbers::member`].
    ///
    /// # Errors
    ///
    /// [`NoValue`].
    pub fn value(
        &self,
        sent: Sent<'_>,
        numbers: Numbers,
        scratch: &mut Scratch,
    ) -> Result<Quantity, NoValue> {
        match &self.property {
            Some(path) => {
                let found = path.find(sent.properties, scratch).ok_or(NoValue::Absent)?;
                match self.counted.meter.aggregation {
                    Aggregation::UniqueCount(_) => numbers.member(found),
                    _ => numbers.read(found),
                }
            }
            None => Ok(Quantity::from_units(1)),
        }
    }
}

impl Catalog {
    /// The features that count an event, in the order of their indices, each with the value at which it
    /// does; none, when nothing that is sold counts it.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::catalog::{Catalog, Definition, Names};
    /// use weir_core::id::CatalogVersion;
    /// use weir_core::json::{Lexer, Profile, Scratch};
    /// use weir_core::route::{Numbers, Sent};
    ///
    /// let definition: Definition = serde_json::from_str(r#"{ "features": {
    ///     "calls": { "event": "completion", "aggregation": "count" },
    ///     "large.tokens": { "event": "completion", "property": "usage.tokens",
    ///                       "filters": { "model.name": { "prefix": "large-" } } }
    /// } }"#)?;
    /// let catalog = Catalog::compile(&definition, &Names::default(), CatalogVersion(1)).expect("sound");
    /// let mut scratch = Scratch::default();
    /// let body = br#"{"model": {"name": "large-2"}, "usage": {"tokens": 700}}"#;
    /// let properties = Lexer::new(body, &Profile::STRICT, &mut scratch)?.value()?.expect("an object");
    ///
    /// let sent = Sent { kind: "completion", properties };
    /// let mut scratch = Scratch::default();
    /// let values: Vec<_> =
    ///     catalog.route(sent, Numbers::Exact, &mut scratch).map(|(_, value)| value).collect();
    /// assert_eq!(values, [Ok("1".parse()?), Ok("700".parse()?)]);
    /// let other = Sent { kind: "upload", ..sent };
    /// assert!(catalog.route(other, Numbers::Exact, &mut scratch).next().is_none());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn route<'c>(
        &'c self,
        sent: Sent<'c>,
        numbers: Numbers,
        scratch: &'c mut Scratch,
    ) -> impl Iterator<Item = (FeatureId, Result<Quantity, NoValue>)> {
        self.features.counting(sent.kind).filter_map(move |(id, feature)| {
            let counts = feature.counts(sent, scratch);
            counts.then(|| (id, feature.value(sent, numbers, scratch)))
        })
    }
}
