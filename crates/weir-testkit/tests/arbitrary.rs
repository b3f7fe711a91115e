//! The laws of `weir_core::arbitrary`.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use weir_core::amount::Quantity;
use weir_core::arbitrary::body;
use weir_core::id::{Name, ScopeName};
use weir_core::json::{self, Duplicates, Profile};
use weir_core::schema::{Definition, Schema, Scratch};
use weir_core::time::{Span, Timestamp};
use weir_core::token::{ClassDefinition, Classes};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn values_keep_their_grammar(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let u = &mut Unstructured::new(&bytes);
        let name = Name::arbitrary(u).unwrap();
        prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
        let scope = ScopeName::arbitrary(u).unwrap();
        prop_assert_eq!(ScopeName::parse(scope.as_str()), Ok(scope));
        let at = Timestamp::arbitrary(u).unwrap();
        prop_assert_eq!(Timestamp::from_millis(at.as_millis()), Ok(at));
        let span = Span::arbitrary(u).unwrap();
        prop_assert_eq!(Span::from_millis(span.as_millis()), Ok(span));
        let quantity = Quantity::arbitrary(u).unwrap();
        prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
        let definition = serde_json::to_string(&Definition::arbitrary(u).unwrap()).unwrap();
        prop_assert!(serde_json::from_str::<Definition>(&definition).is_ok(), "{}", definition);
        let class = ClassDefinition::arbitrary(u).unwrap();
        let written = serde_json::to_string(&class).unwrap();
        prop_assert_eq!(serde_json::from_str::<ClassDefinition>(&written).unwrap(), class);
        let profile = Profile::arbitrary(u).unwrap();
        let written = serde_json::to_string(&profile).unwrap();
        prop_assert_eq!(serde_json::from_str::<Profile>(&written).unwrap(), profile);
    }
}

#[test]
fn most_is_sound() {
    let (mut sound, mut formed, mut valid, mut classes) = (0, 0, 0, 0);
    let lenient = Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };
    let mut scratch = Scratch::default();
    for seed in 1..=CASES {
        let bytes = noise(seed);
        let u = &mut Unstructured::new(&bytes);
        let class = ClassDefinition::arbitrary(u).unwrap();
        let named = BTreeMap::from([(Name::parse("a").unwrap(), class)]);
        classes += u32::from(Classes::compile(&named).is_ok());
        let definition = Definition::arbitrary(u).unwrap();
        let Ok(schema) = Schema::compile(&definition) else { continue };
        sound += 1;
        let body = body(&definition, u).unwrap();
        let read = json::check(body.as_bytes(), &lenient, &mut json::Scratch::default());
        formed += u32::from(read.is_ok());
        valid += u32::from(schema.is_valid(body.as_bytes(), &lenient, &mut scratch));
    }
    assert!((CASES * 80 / 100..CASES * 98 / 100).contains(&classes), "{classes} classes");
    assert!((CASES * 80 / 100..CASES * 98 / 100).contains(&sound), "{sound} definitions");
    assert!((sound * 80 / 100..sound * 99 / 100).contains(&formed), "{formed} of {sound} formed");
    assert!((sound * 15 / 100..sound * 80 / 100).contains(&valid), "{valid} of {sound} valid");
}

const CASES: u32 = 4_000;

/// Bytes without a pattern, the same in every run.
fn noise(seed: u32) -> Vec<u8> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..400).map(step).collect()
}
