//! Is a key read as a slow reader does, under any classes; and does a registry find what a map does?
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use weir_core::id::{ClassId, Name, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::class::Check;
use weir_core::token::offered::sole;
use weir_core::token::{
    Ambiguous, Cause, ClassDefinition, Classes, Credential, Digest, Forbidden, Malformed,
    MintError, Offered, Order, Origins, Pepper, Presented, Registry, Status, Unauthenticated,
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
    let wanted = model::classify(&definitions, &text);
    let read = classes.classify(&text);
    let name = read.map(|key| classes.name(key.class()).expect("a class"));
    assert_eq!(name, wanted, "{}", text.escape_ascii());
    match read {
        Ok(key) => {
            shown(&key, &text);
            used(&classes, &definitions, &key, &text);
            past(&classes, &definitions, &key, &text);
        }
        Err(malformed) => refused(malformed),
    }
    offered(&text);
    minted(&classes, &definitions, &text);
    Ok(())
}

type Definitions = BTreeMap<Name, ClassDefinition>;

/// Of a key that is well formed six bytes are shown at most, and nothing of its digest but two.
fn shown(key: &Presented<'_>, text: &[u8]) {
    let said = key.to_string();
    let start = said.strip_suffix("...").expect("there is more");
    assert!(start.len() <= 6 && start.len() < text.len() && text.starts_with(start.as_bytes()));
    assert_eq!(format!("{key:?}"), format!("Presented({said})"));
    assert_eq!(format!("{:?}", key.digest(None)).len(), "Digest(0000..)".len());
}

/// What is wrong with a text stays inside.
fn refused(malformed: Malformed) {
    let outside = Unauthenticated::from(malformed);
    let said = [outside.code().to_owned(), outside.to_string(), format!("{outside:?}")];
    assert_eq!(said, ["token.unauthenticated", "unauthenticated", "Unauthenticated"]);
    assert_eq!(outside.cause(), Cause::Malformed(malformed));
    assert_eq!(outside.cause().code(), malformed.code());
    assert_eq!(outside.cause().to_string(), malformed.to_string());
}

/// A key opens what is on record under its digest, with a pepper or without, and no more than what
/// its class may do.
fn used(classes: &Classes, definitions: &Definitions, key: &Presented<'_>, text: &[u8]) {
    let name = classes.name(key.class()).expect("a class");
    let definition = definitions.get(name).expect("a declared one");
    let pepper = choice(text, 2).eq(&1).then(|| Pepper::new([7; 32]));
    let digest = Digest::of(text, pepper.as_ref());
    assert!(pepper.iter().all(|pepper| format!("{pepper:?}") == "Pepper(..)"));
    let mut registry = Registry::new(1, pepper);
    assert_eq!(registry.digest(key), digest);
    assert_eq!(standing(&registry, classes, key), Some(Cause::Unknown));
    registry.insert(digest, credential(key)).expect("room for one");
    assert_eq!((registry.is_full(), format!("{registry:?}").as_str()), (true, "Registry(1 of 1)"));
    let good = registry.authenticate(classes, key, Timestamp::EPOCH).expect("on record");
    assert_eq!(good.from_origin(Some("https://there.example")), Err(Forbidden::Origin));
    let principal = good.from_origin(Some("https://here.example")).expect("a listed origin");
    assert_eq!((principal.class(), principal.scope()), (key.class(), good.scope()));
    assert_eq!(principal.environment(), definition.environment);
    assert_eq!(classes.environment(key.class()), Some(definition.environment));
    for action in definitions.values().flat_map(|definition| &definition.may) {
        let may = definition.may.contains(action);
        let told = classes.may(principal, action.as_str());
        assert_eq!(told, if may { Ok(()) } else { Err(Forbidden::Class) }, "{action}");
    }
    assert_eq!(classes.may(principal, ""), Err(Forbidden::Class));
}

/// A key is good no more once its class has ended, is closed or has gone; names keep their places.
fn past(classes: &Classes, definitions: &Definitions, key: &Presented<'_>, text: &[u8]) {
    let name = classes.name(key.class()).expect("a class");
    let mut registry = Registry::new(1, None);
    registry.insert(Digest::of(text, None), credential(key)).expect("room for one");
    let mut changed = definitions.clone();
    let definition = changed.get_mut(name).expect("a declared one");
    let (terms, cause) = match choice(text, 6) {
        0 => (r#"{"expires": "1970-01-01T00:00:00Z"}"#, Some(Cause::Expired)),
        1 => (r#"{"expires": "1970-01-01T00:00:00.001Z"}"#, None),
        2 => (r#"{"status": "disabled"}"#, Some(Cause::Disabled)),
        3 => (r#"{"status": "revoked"}"#, Some(Cause::Revoked)),
        4 => {
            definition.terms.origins.hosts = vec!["here.example".to_owned(), "no host".to_owned()];
            let faults = classes.replaced_by(&changed).expect_err("a blank in a host");
            let pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
            return assert_eq!(pointers, [format!("/{name}/terms/origins/hosts/1")]);
        }
        _ => {
            changed.remove(name);
            let known = Classes::known(classes.names().cloned());
            let left = known.replaced_by(&changed).expect("sound still");
            assert!(left.names().eq(classes.names()));
            assert_eq!(standing(&registry, &left, key), Some(Cause::NoClass));
            let read = left.classify(text).map(|key| left.name(key.class()).expect("a class"));
            return assert_eq!(read, model::classify(&changed, text));
        }
    };
    definition.terms = serde_json::from_str(terms).expect("terms");
    let classes = classes.replaced_by(&changed).expect("sound terms");
    assert_eq!(standing(&registry, &classes, key), cause, "{terms}");
}

/// One of `n` ways to go on, as the text ends.
fn choice(text: &[u8], n: u8) -> u8 {
    text.last().map_or(0, |byte| byte % n)
}

fn credential(key: &Presented<'_>) -> Credential {
    let origins = Origins::parse(["here.example"]).expect("a host");
    let (class, scope, status) = (key.class(), ScopeId(7), Status::Active);
    Credential { class, epoch: 1, expires: None, origins, scope, status }
}

fn standing(registry: &Registry, classes: &Classes, key: &Presented<'_>) -> Option<Cause> {
    let told =
        registry.authenticate(classes, key, Timestamp::EPOCH).err().map(Unauthenticated::cause);
    assert!(told.is_none_or(|cause| cause.code().starts_with("token.")));
    told
}

/// One credential counts alone; of two it is as the order says, and neither is printed.
fn offered(text: &[u8]) {
    let alone = Offered { body: Some(text), header: None };
    let same = Offered { header: Some(text), ..alone };
    let other = [text, b"."].concat();
    let differ = Offered { header: Some(&other), ..alone };
    for order in [Order::HeaderFirst, Order::MustAgree, Order::Sole] {
        assert_eq!(Offered::default().choose(order), Ok(None));
        assert_eq!(alone.choose(order), Ok(Some(text)));
        let wanted = if order == Order::Sole { Err(Ambiguous) } else { Ok(Some(text)) };
        assert_eq!(same.choose(order), wanted);
        let first = order == Order::HeaderFirst;
        assert_eq!(differ.choose(order), if first { Ok(Some(&*other)) } else { Err(Ambiguous) });
    }
    assert_eq!(format!("{same:?}"), "Offered { header: Some(..), body: Some(..) }");
    let wanted = match text {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(Ambiguous),
    };
    assert_eq!(sole(text), wanted);
}

/// What is minted for a class is a key of it, to the slow reader too.
fn minted(classes: &Classes, definitions: &Definitions, text: &[u8]) {
    // Not every time: drawing is slow.
    let Some((name, definition)) = definitions.iter().nth(choice(text, 8).into()) else { return };
    let mut random = [0; Classes::RANDOM_LEN];
    for (into, (at, byte)) in random.iter_mut().zip(text.iter().cycle().enumerate()) {
        *into = byte.wrapping_add(at as u8);
    }
    let id = classes.id(name.as_str()).expect("a class");
    match classes.mint(id, &random) {
        Ok(key) => assert_eq!(model::classify(definitions, key.as_bytes()), Ok(name), "{key}"),
        Err(MintError::TooShort { bits }) => {
            assert!(bits < 128 && definition.length.max < 38, "{bits} bits");
        }
        Err(error) => {
            assert_eq!(error, MintError::NotRandom);
            assert!(few(definition, &random) || is_start(definition, definitions), "{name}");
        }
    }
    let stranger = ClassId(u16::MAX);
    assert_eq!(classes.mint(stranger, &random), Err(MintError::NoClass));
    assert_eq!(classes.environment(stranger), None);
}

/// Whether the bytes spell fewer characters of a class than its longest key has.
fn few(definition: &ClassDefinition, random: &[u8]) -> bool {
    let known = model::characters(definition.alphabet);
    let drawn = random.iter().filter_map(|byte| SIX_BITS.chars().nth((byte % 64).into()));
    drawn.filter(|char| known.contains(char)).count() < definition.length.max.into()
}

/// Whether a longer prefix starts like that of a class.
fn is_start(definition: &ClassDefinition, definitions: &Definitions) -> bool {
    let longer = |other: &ClassDefinition| other.prefix.len() > definition.prefix.len();
    let mut others = definitions.values();
    others.any(|other| longer(other) && other.prefix.starts_with(&definition.prefix))
}

/// A prefix and the rest of the input; or with the right check digits.
fn text(definitions: &Definitions, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
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
    let all: Vec<_> = map.iter().collect();
    let in_order = registry.in_order();
    assert!(in_order.iter().map(|(digest, known)| (digest.as_bytes(), *known)).eq(all));
    Ok(())
}

const SIX_BITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
