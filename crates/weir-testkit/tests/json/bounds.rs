//! Does every bound admit its number and refuse one more? Each in a ladder of one below, at and one
//! above, by default and as chosen, at its ceiling, and on a stack that is small.

use std::thread;

use proptest::prelude::*;
use weir_core::json::{Bounds, Kind, Profile, Scratch, SyntaxKind};
use weir_core::schema::{self, Schema};
use weir_testkit::model::json::measure;

use crate::readers::read;
use crate::{LAST_WINS, choices, docs, spelled};

/// As large as bounds can be chosen.
pub(crate) const WIDE: Bounds = Bounds {
    bytes: u32::MAX,
    depth: u32::MAX,
    members: u32::MAX,
    string_bytes: u32::MAX,
    tokens: u32::MAX,
};

/// A bound: what is said above it, how to reach it, and documents that measure a given number.
struct Bound {
    kind: SyntaxKind,
    of: fn(&mut Bounds) -> &mut u32,
    /// Each makes a document of that measure.
    makes: &'static [fn(usize) -> String],
    /// What it is set to, beside its default.
    chosen: &'static [u32],
}

const BOUNDS: [Bound; 5] = [
    Bound {
        kind: SyntaxKind::TooLong,
        of: |bounds| &mut bounds.bytes,
        makes: &[
            |n| "1".repeat(n),
            |n| format!("{}0", " ".repeat(n - 1)),
            |n| format!("0{}", "\n".repeat(n - 1)),
        ],
        chosen: &[2, 3, 7, 8, 9, 63, 64, 65, 4_096],
    },
    Bound {
        kind: SyntaxKind::TooDeep,
        of: |bounds| &mut bounds.depth,
        makes: &[
            |n| "[".repeat(n) + &"]".repeat(n),
            |n| format!("{}{{}}{}", "{\"a\":".repeat(n - 1), "}".repeat(n - 1)),
            |n| format!("[0,{}[]{}]", "[{},[0],".repeat(n - 2), "]".repeat(n - 2)),
        ],
        chosen: &[3, 4, 31, 33, 64, 127, 128, 129, 512, 1_023],
    },
    Bound {
        kind: SyntaxKind::TooManyMembers,
        of: |bounds| &mut bounds.members,
        makes: &[
            |n| object(n, ""),
            |n| format!("[{},{{\"a\":{}}},{}]", object(n - 1, "b"), object(n, "c"), object(1, "d")),
        ],
        chosen: &[2, 3, 23, 24, 25, 26, 63, 64, 65, 5_000],
    },
    Bound {
        kind: SyntaxKind::StringTooLong,
        of: |bounds| &mut bounds.string_bytes,
        makes: &[
            |n| format!("\"{}\"", "x".repeat(n)),
            |n| format!("{{\"{}\":\"{}\"}}", "k".repeat(n), "v".repeat(n - 1)),
            |n| format!("[\"\",\"{}\\n\"]", "y".repeat(n - 2)),
            |n| format!("[\"{}\u{e9}\"]", "z".repeat(n - 2)),
        ],
        chosen: &[3, 6, 7, 8, 9, 15, 16, 17, 1_000],
    },
    Bound {
        kind: SyntaxKind::TooManyTokens,
        of: |bounds| &mut bounds.tokens,
        makes: &[
            |n| format!("[{}]", vec!["0"; n - 2].join(",")),
            |n| format!("[{}]", vec!["\"[,]\""; n - 2].join(", ")),
            |n| format!("[{}{}]", "[],".repeat((n - 3) / 2), ["0", "\"\",true"][(n - 3) % 2]),
        ],
        chosen: &[5, 6, 7, 8, 9, 100, 101, 65_537],
    },
];

fn object(members: usize, prefix: &str) -> String {
    let members: Vec<_> = (0..members).map(|i| format!("\"{prefix}{i}\":{i}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn ladders_hold_on_a_small_stack() {
    on_a_stack_of(64 << 10, ladders);
}

#[test]
fn ladders_hold_on_a_large_stack() {
    on_a_stack_of(8 << 20, ladders);
}

/// One below, at and one above each bound: the defaults, and some that are chosen.
fn ladders() {
    let mut steps = 0;
    for Bound { kind, of, makes, chosen } in &BOUNDS {
        let mut default = Bounds::DEFAULT;
        let default = *of(&mut default);
        // By default all bounds are in force; of those that are chosen, one at a time.
        let ladder = [(default, Bounds::DEFAULT)];
        let ladder = ladder.into_iter().chain(chosen.iter().map(|limit| (*limit, WIDE)));
        for ((limit, mut bounds), make) in ladder.flat_map(|l| makes.iter().map(move |m| (l, m))) {
            *of(&mut bounds) = limit;
            let profile = Profile { bounds, ..Profile::STRICT };
            for sent in [limit - 1, limit, limit + 1] {
                let text = make(sent as usize);
                let expected = if sent > limit { Err(*kind) } else { Ok(()) };
                assert_eq!(all_ways(&text, &profile), expected, "{sent} where {limit} are let in");
                steps += 1;
            }
        }
    }
    assert_eq!(steps, 456);
}

#[test]
fn no_profile_passes_the_ceiling_of_depth() {
    on_a_stack_of(64 << 10, || {
        let make = |n: usize| "[".repeat(n) + &"]".repeat(n);
        for depth in [Bounds::DEPTH_MAX, Bounds::DEPTH_MAX + 1, 1 << 20, u32::MAX] {
            let profile = Profile { bounds: Bounds { depth, ..WIDE }, ..Profile::STRICT };
            let ceiling = Bounds::DEPTH_MAX as usize;
            assert_eq!(all_ways(&make(ceiling - 1), &profile), Ok(()));
            assert_eq!(all_ways(&make(ceiling), &profile), Ok(()));
            assert_eq!(all_ways(&make(ceiling + 1), &profile), Err(SyntaxKind::TooDeep));
            assert_eq!(all_ways(&make(1 << 18), &profile), Err(SyntaxKind::TooDeep));
        }
    });
}

/// A bound of nothing lets nothing in, and what has nothing of it is let in.
#[test]
fn a_bound_of_nothing_is_a_bound() {
    let none = |of: fn(&mut Bounds) -> &mut u32| {
        let mut bounds = Bounds::DEFAULT;
        *of(&mut bounds) = 0;
        Profile { bounds, ..Profile::STRICT }
    };
    let [bytes, depth, members, strings, tokens] = BOUNDS.map(|bound| none(bound.of));
    for (profile, let_in, refused, kind) in [
        (bytes, None, "0", SyntaxKind::TooLong),
        (depth, Some("\"a\""), "[]", SyntaxKind::TooDeep),
        (members, Some("[{}]"), "{\"\":0}", SyntaxKind::TooManyMembers),
        (strings, Some("{\"\":\"\"}"), "\"a\"", SyntaxKind::StringTooLong),
        (tokens, None, "0", SyntaxKind::TooManyTokens),
    ] {
        assert!(let_in.is_none_or(|text| all_ways(text, &profile).is_ok()), "{kind:?}");
        assert_eq!(all_ways(refused, &profile), Err(kind));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    /// The least bounds of a document admit it; each of them, made one smaller, refuses it.
    #[test]
    fn each_bound_is_exact(doc in docs(), choices in choices()) {
        let text = String::from_utf8(spelled(&doc, &choices)).unwrap();
        prop_assert_eq!(loose(&text), None, "{}", text);
    }
}

/// Where a schema reads the key that it expects next, and looks no further, too.
#[test]
fn each_bound_is_exact_for_what_is_expected() {
    for text in [
        r#"{"a":{"a":{"a":"x","b":1},"b":[2,{}]},"":{"x":3},"id":"i","b0":4,"1":5}"#,
        r#"{"id":"i","a key that is expected":0}"#,
        r#"{"a":{"a key that is expected":{"a":[]}},"id":"i"}"#,
        r#"{"a":{"a":{"a":"x","b":1,"c":2,"d":3}}}"#,
        r#"{"a":{"b":[1]}}"#,
        r#"{"a0":{"0":"x","a0":{"b0":true,"a1":[[[[]]]]}},"b0":[{"a0":1,"0":{}}],"0":2,"/0":"y"}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"b":[]}}"#,
    ] {
        assert_eq!(loose(text), None, "{text}");
    }
}

/// A bound that is not exact for a document: the least of them refuse it, or one less admits it.
fn loose(text: &str) -> Option<(SyntaxKind, Result<(), SyntaxKind>)> {
    let least = measure(text);
    // What is below the bounds of strings and tokens by far is read at a glance.
    let short = Bounds { string_bytes: u32::MAX, tokens: u32::MAX, ..least };
    [least, short].into_iter().find_map(|least| loose_below(text, least))
}

fn loose_below(text: &str, least: Bounds) -> Option<(SyntaxKind, Result<(), SyntaxKind>)> {
    let check = |bounds| all_ways(text, &Profile { bounds, ..LAST_WINS });
    let Ok(()) = check(least) else { return Some((SyntaxKind::TooLong, check(least))) };
    BOUNDS.iter().find_map(|Bound { kind, of, .. }| {
        let mut less = least;
        let bound = of(&mut less);
        *bound = bound.checked_sub(1).filter(|_| *bound < u32::MAX)?;
        let said = check(less);
        (said != Err(*kind)).then_some((*kind, said))
    })
}

/// Deep documents that are kept whole are read again, looked into and let go on a small stack.
#[test]
fn depth_costs_no_stack() {
    on_a_stack_of(64 << 10, || {
        let depth = Bounds::DEPTH_MAX as usize - 1;
        let inner = format!("{}{{}}{}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
        let body = format!("{{\"any\":{inner}}}");
        let profile = Profile { bounds: WIDE, ..Profile::STRICT };
        let definition =
            r#"{"root": {"type": "object", "fields": [{"name": "any", "is": {"type": "any"}}]}}"#;
        let schema = Schema::compile(&serde_json::from_str(definition).unwrap()).unwrap();
        let mut scratch = schema::Scratch::default();
        let event = schema.check(body.as_bytes(), &profile, &mut scratch).unwrap();
        let kept = event.get(schema.slot("any").unwrap());
        let Some(schema::Value::Raw(raw)) = kept else { panic!("an object is kept") };
        assert_eq!(raw.as_str(), inner);
        let mut scratch = Scratch::default();
        let (mut part, mut steps) = (raw, 0);
        while let Some(deeper) = part.member("a", &mut scratch) {
            (part, steps) = (deeper, steps + 1);
        }
        assert_eq!((steps, part.as_str(), part.kind()), (depth - 1, "{}", Kind::Object));
    });
}

/// As every reader says.
fn all_ways(text: &str, profile: &Profile) -> Result<(), SyntaxKind> {
    read(text.as_bytes(), profile).map_err(|error| error.kind())
}

fn on_a_stack_of(bytes: usize, test: fn()) {
    let thread = thread::Builder::new().stack_size(bytes).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
