//! Is a key read as a slow reader does, under any classes; and does a registry find what a map does?
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use weir_core::id::{Name, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::class::Check;
use weir_core::token::{
    Cause, ClassDefinition, Classes, Credential, Digest, Origins, Registry, Status,
};
use weir_testkit::model::token as model;

fuzz_target!(|bytes: &[u8]| {
    let _ = run(&mut Unstructured::new(bytes));
});

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let mut definitions = BTreeMap::new();
    for name in ["a", "b", "c"].into_iter().take(u.int_in_range(1..=3)?) {
        definitions.insert(Name::parse(name).expect("a name"), u.arbitrary::<ClassDefinition>()?);
    }
    let Ok(classes) = Classes::compile(&definitions) else { return Ok(()) };
    records(&classes, u)?;
    let text = text(&definitions, u)?;
    let read = classes.classify(&text).map(|key| classes.name(key.class()).expect("a class"));
    assert_eq!(read, model::classify(&definitions, &text), "{}", text.escape_ascii());
    Ok(())
}

/// A prefix and the rest of the input; or with the right check digits.
fn text(
    definitions: &BTreeMap<Name, ClassDefinition>,
    u: &mut Unstructured<'_>,
) -> Result<Vec<u8>> {
    let place = u.choose_index(definitions.len() + 1)?;
    let sealed = u.arbitrary()?;
    let rest = u.bytes(u.len())?;
    let Some(class) = definitions.values().nth(place) else { return Ok(rest.to_vec()) };
    let mut text = [class.prefix.as_bytes(), rest].concat();
    if sealed && class.check == Check::Crc32 {
        text.extend(model::check_digits(&text).bytes());
    }
    Ok(text)
}

/// Insertions, removals and look-ups, of digests of which many have the same hash.
fn records(classes: &Classes, u: &mut Unstructured<'_>) -> Result<()> {
    let class = classes.id("a").expect("the first class");
    let capacity = u.int_in_range(0..=5)?;
    let (mut registry, mut map) = (Registry::new(capacity, None), BTreeMap::new());
    for epoch in 0..u.int_in_range(0..=12)? {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (u.int_in_range(0..=1)?, u.int_in_range(0..=3)?);
        let digest = Digest::from_bytes(bytes);
        let status = *u.choose(&[Status::Active, Status::Disabled, Status::Revoked])?;
        let (expires, origins, scope) = (None, Origins::ANY, ScopeId(u32::from(bytes[31])));
        let credential = Credential { class, epoch, expires, origins, scope, status };
        match u.int_in_range(0..=2_u8)? {
            0 if map.len() < capacity || map.contains_key(&bytes) => {
                let before = registry.insert(digest, credential.clone()).expect("room");
                assert_eq!(before, map.insert(bytes, credential));
            }
            0 => assert_eq!(
                registry.insert(digest, credential).map_err(|e| e.capacity),
                Err(capacity)
            ),
            1 => assert_eq!(registry.remove(&digest), map.remove(&bytes)),
            _ => {
                let told = registry.authenticate_by(classes, &digest, Timestamp::EPOCH);
                let wanted =
                    map.get(&bytes).map_or(Err(Cause::Unknown), |known| match known.status {
                        Status::Active => Ok((known.scope, known.epoch)),
                        Status::Disabled => Err(Cause::Disabled),
                        Status::Revoked => Err(Cause::Revoked),
                    });
                let told = told.map(|good| good.whatever_origin()).map_err(|error| error.cause());
                assert_eq!(told.map(|good| (good.scope(), good.epoch())), wanted);
            }
        }
        assert_eq!(registry.get(&digest), map.get(&bytes));
    }
    let all: Vec<_> = map.iter().map(|(bytes, known)| (bytes, known)).collect();
    let in_order = registry.in_order();
    assert!(in_order.iter().map(|(digest, known)| (digest.as_bytes(), *known)).eq(all));
    Ok(())
}
