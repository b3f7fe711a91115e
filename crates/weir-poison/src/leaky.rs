//! What must be found? Ways to look for a secret that tell something of it.
//!
//! If one of these goes unnoticed, the check sees nothing.

use std::collections::BTreeMap;
use std::hint::black_box;

/// A way to look for a key, and its name.
pub(crate) type Leak = (&'static str, fn(&[u8]) -> bool);

pub(crate) const LEAKS: [Leak; 4] = [
    ("a plain ==", |key| key == black_box(STORED)),
    ("the first byte that differs", |key| key.iter().zip(STORED).all(|(a, b)| a == b)),
    ("a table with the secret as its index", |key| {
        let table = black_box([7_u8; 256]);
        key.iter().fold(0, |sum: u8, byte| sum ^ table[usize::from(*byte)]) == black_box(1)
    }),
    ("a map in the order of the secrets", |key| {
        let map: BTreeMap<&[u8], u8> = BTreeMap::from([(STORED, 1), (&STORED[1..], 2)]);
        black_box(map).contains_key(key)
    }),
];

const STORED: &[u8] = b"pub_0123456789abcdefghijklmnopq";
