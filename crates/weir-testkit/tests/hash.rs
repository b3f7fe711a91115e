//! The laws of `weir_core::hash`.

use std::hash::{DefaultHasher, Hasher};

use proptest::prelude::*;
use siphasher::sip::SipHasher13;
use weir_core::hash::HashKey;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    /// The standard library's default hasher is SipHash-1-3 under the key of zeros.
    #[test]
    fn same_as_std(tag in any::<u64>(), bytes in texts()) {
        let mut std = DefaultHasher::new();
        std.write(&tag.to_le_bytes());
        std.write(&bytes);
        prop_assert_eq!(HashKey::new([0, 0]).hash(tag, &bytes), std.finish());
    }

    #[test]
    fn same_under_every_key(key in any::<[u64; 2]>(), tag in any::<u64>(), bytes in texts()) {
        let mut other = SipHasher13::new_with_keys(key[0], key[1]);
        other.write(&tag.to_le_bytes());
        other.write(&bytes);
        prop_assert_eq!(HashKey::new(key).hash(tag, &bytes), other.finish());
    }

    #[test]
    fn a_key_is_never_shown(key in any::<[u64; 2]>()) {
        prop_assert_eq!(format!("{:?}", HashKey::new(key)), "HashKey(..)");
    }
}

/// Of 2000 names, two keys that differ in one bit put about one in 64 into the same of 64 places.
#[test]
fn two_keys_have_nothing_in_common() {
    let places = |key: [u64; 2]| {
        let key = HashKey::new(key);
        (0..2_000_u32).map(move |name| key.hash(7, &name.to_le_bytes()) % 64)
    };
    for other in [[1, 0], [0, 1], [1 << 63, 0], [0, 1 << 63]] {
        let same = places([0, 0]).zip(places(other)).filter(|(a, b)| a == b).count();
        // 31 on the average, with a deviation of 5.6.
        assert!((6..=60).contains(&same), "{same} of 2000 under {other:?}");
    }
}

/// Every length from nothing to three words and a rest, and some longer.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..28),
        1 => proptest::collection::vec(any::<u8>(), 240..280),
    ]
}
