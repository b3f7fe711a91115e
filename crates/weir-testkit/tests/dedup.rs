//! The laws of `weir_core::dedup`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use weir_core::dedup::{Apart, Dedup, Entry, Key, RequestKey, Space};
use weir_core::hash::HashKey;
use weir_core::id::{FeatureId, LimitId, ScopeId};
use weir_core::time::Timestamp;
use weir_core::token::Environment;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn same_as_map(steps in steps(), words in any::<[[u64; 2]; 2]>()) {
        let mut model = Remembered::default();
        let mut memories = words.map(|key| Dedup::new(HashKey::new(key)));
        for (answer, step) in (0_u32..).zip(steps) {
            match step {
                Step::Remember(sent, until) => {
                    model.remember(&sent, answer, until);
                    for dedup in &mut memories {
                        let at = instant(i64::from(answer));
                        dedup.remember(Entry { key: sent.key(), answer, at, until });
                    }
                }
                Step::MakePlace(root, count) => {
                    model.make_place(root, count);
                    for dedup in &mut memories {
                        dedup.make_place(ScopeId(root), count);
                    }
                }
                Step::Sweep(now) => {
                    let forgotten = model.sweep(now);
                    for dedup in &mut memories {
                        prop_assert_eq!(dedup.sweep(now), forgotten);
                    }
                }
            }
            for dedup in &memories {
                for sent in everything_sent() {
                    prop_assert_eq!(dedup.get(&sent.key()), model.answer(&sent), "{:?}", sent);
                }
                let oldest_first: Vec<_> = dedup.iter().map(|entry| entry.answer).collect();
                prop_assert_eq!(oldest_first, model.in_order());
                prop_assert_eq!(dedup.len(), model.answers.len());
                for sent in everything_sent() {
                    let of_root = model.answers.keys().filter(|known| known.root == sent.root);
                    let len = u32::try_from(of_root.count()).unwrap();
                    prop_assert_eq!(dedup.len_of(sent.key().root), len);
                    let forgot = model.forgotten.iter().filter(|(root, _)| *root == sent.root);
                    let forgot = forgot.map(|(_, at)| instant(i64::from(*at))).max();
                    prop_assert_eq!(dedup.forgot(sent.key().root), forgot);
                }
                prop_assert_eq!(dedup.is_empty(), model.answers.is_empty());
            }
        }
    }

    /// No answer goes before its time, whatever is swept before it.
    #[test]
    fn kept_for_its_lifetime(
        lives in proptest::collection::vec(0..6_i64, 1..12),
        sweeps in proptest::collection::vec(0..8_i64, 1..6),
    ) {
        let mut dedup = Dedup::new(HashKey::new([1, 2]));
        let keys = || (1_u8..).map(|byte| Sent { root: 0, scope: 0, apart: None, bytes: vec![byte] }.key());
        for (life, key) in lives.iter().zip(keys()) {
            dedup.remember(Entry { key, answer: (), at: instant(0), until: instant(*life) });
        }
        for now in &sweeps {
            dedup.sweep(instant(*now));
        }
        let last = sweeps.iter().max().unwrap();
        for (life, key) in lives.iter().zip(keys()) {
            prop_assert!(dedup.get(&key).is_some() || life < last, "forgotten at {}", last);
        }
        if lives.iter().max() < Some(last) {
            prop_assert!(dedup.is_empty(), "nothing is kept for ever");
        }
    }

    #[test]
    fn request_keys_differ_as_their_bytes_do(a in request_bytes(), b in request_bytes()) {
        prop_assert_eq!(RequestKey::new(&a) == RequestKey::new(&b), a == b);
        for bytes in [a, b] {
            let key = RequestKey::new(&bytes);
            prop_assert_eq!(key.is_none(), bytes.is_empty());
            if let Some(key) = key {
                let (len, kept) = key.to_parts();
                prop_assert_eq!(RequestKey::from_parts(len, kept), Some(key));
                prop_assert_eq!(kept.get(..bytes.len()) == Some(&bytes[..]), bytes.len() <= 32);
            }
        }
    }
}

#[test]
fn a_key_that_nobody_sent_is_not_put_together() {
    let mut bytes = [0; 32];
    bytes[0] = b'a';
    assert_eq!(RequestKey::from_parts(1, bytes), RequestKey::new(b"a"));
    for len in [0, 34, 255] {
        assert_eq!(RequestKey::from_parts(len, bytes), None);
    }
    bytes[31] = 1; // behind the end
    assert_eq!([1, 31].map(|len| RequestKey::from_parts(len, bytes)), [None; 2]);
    assert!(RequestKey::from_parts(32, bytes).is_some());
    assert!(RequestKey::from_parts(33, bytes).is_some());
}

/// The answers that are remembered, and the order in which they came.
#[derive(Default)]
struct Remembered {
    answers: BTreeMap<Sent, (u32, Timestamp)>,
    order: Vec<Sent>,
    /// The roots of what is forgotten, and what was answered, which is when that happened.
    forgotten: Vec<(u32, u32)>,
}

impl Remembered {
    fn remember(&mut self, sent: &Sent, answer: u32, until: Timestamp) {
        if !self.answers.contains_key(sent) {
            self.order.push(sent.clone());
            self.answers.insert(sent.clone(), (answer, until));
        }
    }

    fn sweep(&mut self, now: Timestamp) -> usize {
        let may_go = |sent: &Sent| self.answers[sent].1 < now;
        let stays = self.order.iter().position(|sent| !may_go(sent)).unwrap_or(self.order.len());
        for sent in self.order.drain(..stays) {
            let gone = self.answers.remove(&sent);
            self.forgotten.extend(gone.map(|(answer, _)| (sent.root, answer)));
        }
        stays
    }

    fn make_place(&mut self, root: u32, count: u32) {
        for _ in 0..count {
            let oldest = self.order.iter().position(|sent| sent.root == root);
            let Some(sent) = oldest.map(|oldest| self.order.remove(oldest)) else { return };
            let gone = self.answers.remove(&sent);
            self.forgotten.extend(gone.map(|(answer, _)| (root, answer)));
        }
    }

    fn answer(&self, sent: &Sent) -> Option<u32> {
        self.answers.get(sent).map(|(answer, _)| *answer)
    }

    fn in_order(&self) -> Vec<u32> {
        self.order.iter().map(|sent| self.answers[sent].0).collect()
    }
}

/// What a caller sent, and in which key space.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Sent {
    root: u32,
    scope: u32,
    apart: Option<Apart>,
    bytes: Vec<u8>,
}

impl Sent {
    fn key(&self) -> Key {
        Key {
            root: ScopeId(self.root),
            space: Space { scope: ScopeId(self.scope), apart: self.apart },
            request: RequestKey::new(&self.bytes).unwrap(),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Remember(Sent, Timestamp),
    MakePlace(u32, u32),
    Sweep(Timestamp),
}

/// Two roots, the same with things of the other's number, and keys that differ in little.
fn everything_sent() -> Vec<Sent> {
    let mut all = Vec::new();
    for (root, scope, apart) in [
        (0, 0, None),
        (1, 1, None),
        (0, 1, None),
        (0, 0, Some(Apart::Feature(FeatureId(0)))),
        (0, 0, Some(Apart::Feature(FeatureId(1)))),
        (1, 1, Some(Apart::Feature(FeatureId(0)))),
        (0, 0, Some(Apart::Balance(ScopeId(0), LimitId(1)))),
        (0, 0, Some(Apart::Balance(ScopeId(1), LimitId(0)))),
        (0, 0, Some(Apart::Environment(Environment::Live))),
        (0, 0, Some(Apart::Environment(Environment::Test))),
    ] {
        for bytes in [b"a".to_vec(), b"a\0".to_vec(), vec![7; 32], vec![7; 33], vec![7; 34]] {
            all.push(Sent { root, scope, apart, bytes });
        }
    }
    all
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sent = proptest::sample::select(everything_sent());
    let step = prop_oneof![
        3 => (sent, 0..9_i64).prop_map(|(sent, ms)| Step::Remember(sent, instant(ms))),
        1 => (0..9_i64).prop_map(|ms| Step::Sweep(instant(ms))),
        1 => (0..3_u32, 0..4_u32).prop_map(|(root, count)| Step::MakePlace(root, count)),
    ];
    proptest::collection::vec(step, 0..24)
}

fn request_bytes() -> impl Strategy<Value = Vec<u8>> {
    let few = proptest::collection::vec(0..2_u8, 0..4);
    prop_oneof![few, proptest::collection::vec(any::<u8>(), 30..36)]
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}
