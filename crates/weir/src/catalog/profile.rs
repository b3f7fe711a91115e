//! Which settings does a name stand for? What a catalog leaves unsaid, said as a known system has it.
//!
//! A profile is settings and nothing else: [its table](PROFILES) is in the words of a catalog, and
//! whatever a catalog says itself stands. `charge` is for each charge, `granted` for each limit that
//! grants fill, `burn` the order of grants where such a limit names none; `precedence` and `remember`
//! are the catalog's own, the latter only where it remembers at all.

use serde_json::{Map, Value};
use weir_core::fault::Fault;

/// The settings of each profile, by its name.
const PROFILES: &str = include_str!("profiles.json");

/// Puts what the catalog's profile says wherever the catalog says nothing.
///
/// # Errors
///
/// There is no such profile.
pub(super) fn apply(catalog: &mut Map<String, Value>) -> Result<(), Fault> {
    let Some(named) = catalog.remove("profile").filter(|named| !named.is_null()) else {
        return Ok(());
    };
    let mut known = all();
    let profile = named.as_str().and_then(|name| known.remove(name));
    let Some(profile) = profile else {
        let names: Vec<&String> = known.keys().collect();
        return Err(Fault::new("/profile", "catalog.unknown_profile", format!("one of {names:?}")));
    };
    complete(entry(catalog, "precedence"), profile.get("precedence"));
    if let Some(remember @ Value::Object(_)) = catalog.get_mut("remember") {
        complete(remember, profile.get("remember"));
    }
    let plans = catalog.get_mut("plans").and_then(Value::as_object_mut);
    for plan in plans.into_iter().flat_map(Map::values_mut) {
        let limits = plan.get_mut("limits").and_then(Value::as_object_mut);
        for limit in limits.into_iter().flat_map(Map::values_mut) {
            complete_limit(limit, &profile);
        }
    }
    Ok(())
}

/// The names of all profiles, in their order.
#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    all().keys().cloned().collect()
}

fn all() -> std::collections::BTreeMap<String, Value> {
    serde_json::from_str(PROFILES).unwrap_or_default()
}

fn complete_limit(limit: &mut Value, profile: &Value) {
    let Some(capacity) = limit.get_mut("capacity") else { return };
    let granted = *capacity == "granted" || capacity.get("granted").is_some();
    if let Some(burn) = profile.get("burn").filter(|_| *capacity == "granted") {
        *capacity = Value::Object([("granted".to_owned(), burn.clone())].into_iter().collect());
    }
    if granted {
        complete(limit, profile.get("granted"));
    }
    if let Some(charge @ Value::Object(_)) = limit.get_mut("charge") {
        complete(charge, profile.get("charge"));
    }
}

/// Adds what is unsaid, at every depth. What says something else, and a null, stands as it is.
fn complete(said: &mut Value, preset: Option<&Value>) {
    let (Value::Object(said), Some(Value::Object(preset))) = (said, preset) else { return };
    for (key, value) in preset {
        match said.get_mut(key) {
            Some(known) => complete(known, Some(value)),
            None => drop(said.insert(key.clone(), value.clone())),
        }
    }
}

fn entry<'a>(catalog: &'a mut Map<String, Value>, key: &str) -> &'a mut Value {
    catalog.entry(key).or_insert_with(|| Value::Object(Map::new()))
}

#[cfg(test)]
mod tests {
    use weir_core::catalog::Names;
    use weir_core::id::CatalogVersion;

    use crate::catalog::compile;

    fn definition(text: &str) -> String {
        let (read, _) = compile(text.as_bytes(), &Names::default(), CatalogVersion(1)).unwrap();
        serde_json::to_string(&read).unwrap()
    }

    const PLANS: &str = r#""features": { "a": {} }, "plans": { "p": { "limits": {
        "x": { "feature": "a", "capacity": "granted", "window": "lifetime", "charge": { "price": 1 } },
        "y": { "feature": "a", "capacity": 7, "window": "lifetime" } } } }"#;

    #[test]
    fn a_profile_says_what_a_catalog_leaves_unsaid_and_no_more() {
        let told = definition(&format!(r#"{{ "profile": "unprice", {PLANS} }}"#));
        let written = r#"{ "precedence": { "funds_first": "empty_before_limits" },
            "features": { "a": {} }, "plans": { "p": { "limits": {
            "x": { "feature": "a", "capacity": { "granted": "unprice" }, "window": "lifetime",
                "settle": { "give_back": "none", "overage": "first" },
                "charge": { "price": 1, "rounding": "up" } },
            "y": { "feature": "a", "capacity": 7, "window": "lifetime" } } } } }"#;
        assert_eq!(told, definition(written));
        let own = format!(
            r#"{{ "profile": "unprice", "precedence": {{ "funds_first": "off" }}, {PLANS} }}"#
        );
        assert_ne!(definition(&own), told);
    }

    #[test]
    fn every_profile_compiles_and_an_unknown_one_is_a_fault() {
        for name in super::names() {
            definition(&format!(r#"{{ "profile": "{name}", {PLANS} }}"#));
        }
        for named in [r#""stripe""#, "7", "{}"] {
            let text = format!(r#"{{ "profile": {named}, {PLANS} }}"#);
            let told = compile(text.as_bytes(), &Names::default(), CatalogVersion(1));
            let faults = told.err().unwrap().faults;
            assert_eq!((faults[0].pointer.as_str(), faults.len()), ("/profile", 1));
        }
    }
}
