//! Is a repeated key always found? A hundred thousand documents, each with a key of its own spelled
//! once more, in some other way, at some depth.

use weir_core::json::{self, Profile, Scratch, SyntaxKind};
use weir_testkit::model::json::{Doc, Speller};

use crate::LAST_WINS;
use crate::readers::read;

const DOCS: usize = 100_000;

#[test]
fn no_repeated_key_is_missed_in_many_documents() {
    let (mut dice, mut scratch) = (Dice(2_026), Scratch::default());
    let mut depths = [0_usize; 8];
    for _ in 0..DOCS {
        let mut doc = doc(&mut dice, 0);
        let choices: Vec<u8> = (0..dice.below(16)).map(|_| dice.next().to_le_bytes()[0]).collect();
        let once = spelled(&doc, &choices).out;
        assert_eq!(json::check(once.as_bytes(), &Profile::STRICT, &mut scratch), Ok(()), "{once}");

        let object = dice.below(objects(&doc));
        let members = doc.object(object).unwrap();
        let (key, place) = (dice.below(members.len()), dice.below(members.len() + 1));
        let twin = (members[key].0.clone(), scalar(&mut dice));
        members.insert(place, twin);
        let later = if place <= key { key + 1 } else { place };

        let twice = spelled(&doc, &choices);
        let at = twice.keys.iter().find(|k| (k.object, k.member) == (object, later)).unwrap().at;
        let text = twice.out.as_bytes();
        let error = read(text, &Profile::STRICT).expect_err(&twice.out);
        let place = (error.kind(), error.at() as usize);
        assert_eq!(place, (SyntaxKind::DuplicateKey, at), "{}", twice.out);
        assert_eq!(json::check(text, &LAST_WINS, &mut scratch), Ok(()), "{}", twice.out);
        depths[depth_at(&twice.out, at).min(7)] += 1;
    }
    // Deep ones as well as shallow ones.
    assert!(depths[1..].iter().all(|count| *count > 1_000), "{depths:?}");
}

/// Of two keys that stand twice, the one told is the one that does so first, whoever expects which.
#[test]
fn the_first_repeat_is_the_one_told() {
    for (text, at) in [
        (r#"{"id":"a","x":0,"id":"b","x":1}"#, 16),
        (r#"{"x":0,"id":"a","x":1,"id":"b"}"#, 16),
        (r#"{"x":[],"b0":1,"\u0078":1,"\u00620":2}"#, 15),
        (r#"{"x":[],"b0":1,"\u00620":2,"\u0078":1}"#, 15),
    ] {
        let error = read(text.as_bytes(), &Profile::STRICT).expect_err(text);
        assert_eq!((error.kind(), error.at()), (SyntaxKind::DuplicateKey, at), "{text}");
    }
}

/// A document whose root is an object, and none of whose objects is empty.
fn doc(dice: &mut Dice, depth: usize) -> Doc {
    match dice.below(if depth == 0 { 1 } else { 6 }) {
        0 | 1 if depth < 7 => {
            // One in sixteen is wide, so that its keys are sorted and not compared each with each.
            let count = if dice.below(16) == 0 { 20 + dice.below(12) } else { 1 + dice.below(3) };
            let first = dice.below(30);
            let key = |n| format!("{}{}", KEYS[(first + n) % KEYS.len()], (first + n) / KEYS.len());
            Doc::Object((0..count).map(|n| (key(n), child(dice, depth, count))).collect())
        }
        2 if depth < 7 => {
            let count = dice.below(3);
            Doc::Array((0..count).map(|_| doc(dice, depth + 1)).collect())
        }
        _ => scalar(dice),
    }
}

/// What a member holds: in a wide object, nothing that makes it larger still.
fn child(dice: &mut Dice, depth: usize, members: usize) -> Doc {
    if members > 3 { scalar(dice) } else { doc(dice, depth + 1) }
}

fn scalar(dice: &mut Dice) -> Doc {
    match dice.below(4) {
        0 => Doc::Null,
        1 => Doc::Bool(dice.below(2) == 0),
        2 => Doc::Number(dice.below(1_000).to_string()),
        _ => Doc::Text(KEYS[dice.below(KEYS.len())].to_owned()),
    }
}

fn objects(doc: &Doc) -> usize {
    match doc {
        Doc::Array(items) => items.iter().map(objects).sum(),
        Doc::Object(members) => 1 + members.iter().map(|(_, value)| objects(value)).sum::<usize>(),
        _ => 0,
    }
}

fn spelled<'c>(doc: &Doc, choices: &'c [u8]) -> Speller<'c> {
    let mut speller = Speller::new(choices);
    speller.write(doc);
    speller
}

/// How many containers are open at a place; no text of ours has a bracket.
fn depth_at(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at];
    let count = |bytes: &[u8]| before.iter().filter(|byte| bytes.contains(byte)).count();
    count(b"[{") - count(b"]}")
}

const KEYS: [&str; 12] = [
    "a",
    "b",
    "",
    "\u{e9}",
    "e\u{301}",
    "\"",
    "\\",
    "/",
    "\n",
    "\u{1f600}",
    "same start, ",
    "\u{0}",
];

/// The same numbers in every run: splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}
