//! Does one named thing so and so many times, and nothing else: what `.ci/counts.sh` counts the
//! instructions of, twice, so that starting up cancels out.
//!
//! Without arguments it lists the names, one a line, those of the peers only when they are built in.
//! Each time, a case is seen to end as it should.

use std::hint::black_box;
use std::process::ExitCode;

use weir_benches::bodies::{A, B, Body, is_json};
#[cfg(feature = "peers")]
use weir_benches::peers::{self, FIELD, Rig};
use weir_benches::{Desk, Gatehouse, NO_ROOM, ONE_LIMIT};
use weir_core::amount::Quantity;
use weir_core::decide::Cost;
use weir_core::id::FeatureId;
use weir_core::json::{self, Profile};
use weir_core::schema::{Refused, Scratch};
use weir_core::time::Timestamp;

/// A name, and what runs under it so many times; it panics when that ends otherwise than named.
type Case = (&'static str, fn(u32));

const OURS: &[Case] = &[
    ("json check A", |times| read(&A, times)),
    ("json check B", |times| read(&B, times)),
    ("schema check A", |times| check(&A, times)),
    ("schema check B", |times| check(&B, times)),
    ("schema is_valid A", |times| is_valid(&A, times)),
    ("schema is_valid B", |times| is_valid(&B, times)),
    ("schema is_valid A, one violation", |times| deny(&A, times)),
    ("schema check A, one violation", |times| violate(&A, times)),
    ("schema check B, one violation", |times| violate(&B, times)),
    ("token classify and authenticate", authenticate),
    ("token classify, malformed", misspell),
    ("decide hot, admitted", |times| decide(ONE_LIMIT, times)),
    ("decide hot, denied", |times| decide(NO_ROOM, times)),
];

#[cfg(not(feature = "peers"))]
const PEERS: &[Case] = &[];

#[cfg(feature = "peers")]
const PEERS: &[Case] = &[
    ("peer: serde_json from_slice typed + rules, A", |times| peer(&A, peers::SERDE_SLICE, times)),
    ("peer: serde_json from_slice typed + rules, B", |times| peer(&B, peers::SERDE_SLICE, times)),
    ("peer: serde_json from_str typed + rules, A", |times| peer(&A, peers::SERDE_STR, times)),
    ("peer: serde_json from_str typed + rules, B", |times| peer(&B, peers::SERDE_STR, times)),
    ("peer: sonic-rs typed + rules, A", |times| peer(&A, peers::SONIC, times)),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mut cases = OURS.iter().chain(PEERS);
    let Some(name) = args.next() else {
        for (name, _) in cases {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let case = cases.find(|(known, _)| *known == name);
    let (Some((_, case)), Some(Ok(times))) = (case, args.next().map(|times| times.parse())) else {
        eprintln!("usage: counts [CASE TIMES], CASE one of those that `counts` alone lists");
        return ExitCode::FAILURE;
    };
    case(times);
    ExitCode::SUCCESS
}

fn read(body: &Body, times: u32) {
    let mut scratch = json::Scratch::default();
    for _ in 0..times {
        assert!(is_json(black_box(body.bytes), &mut scratch));
    }
}

fn check(body: &Body, times: u32) {
    let (schema, mut scratch) = (body.compile(), Scratch::default());
    for _ in 0..times {
        let event = schema.check(black_box(body.bytes), &Profile::STRICT, &mut scratch);
        assert!(black_box(event).is_ok());
    }
}

fn is_valid(body: &Body, times: u32) {
    let (schema, mut scratch) = (body.compile(), Scratch::default());
    for _ in 0..times {
        assert!(schema.is_valid(black_box(body.bytes), &Profile::STRICT, &mut scratch));
    }
}

fn violate(body: &Body, times: u32) {
    let (schema, mut scratch) = (body.compile(), Scratch::default());
    for _ in 0..times {
        let refused = schema.check(black_box(body.broken), &Profile::STRICT, &mut scratch);
        let refused = black_box(refused);
        assert!(matches!(refused, Err(Refused::Invalid(all)) if all.iter().len() == 1));
    }
}

fn deny(body: &Body, times: u32) {
    let (schema, mut scratch) = (body.compile(), Scratch::default());
    for _ in 0..times {
        assert!(!schema.is_valid(black_box(body.broken), &Profile::STRICT, &mut scratch));
    }
}

fn authenticate(times: u32) {
    let house = Gatehouse::new();
    for _ in 0..times {
        assert!(black_box(house.admit(black_box(Gatehouse::KEY))).is_some());
    }
}

fn misspell(times: u32) {
    let house = Gatehouse::new();
    for _ in 0..times {
        assert!(black_box(house.admit(black_box(Gatehouse::MISSPELT))).is_none());
    }
}

fn decide(catalog: &str, times: u32) {
    let mut desk = Desk::new(catalog);
    let feature = desk.catalog.feature("calls").unwrap_or(FeatureId(u16::MAX));
    let cost = [Cost { feature, quantity: Quantity::from_units(1) }];
    let admits = catalog == ONE_LIMIT;
    for _ in 0..times {
        let verdict = desk.ask(black_box(&cost), black_box(Timestamp::EPOCH));
        assert_eq!(black_box(verdict).is_allowed(), admits);
    }
}

#[cfg(feature = "peers")]
fn peer(body: &Body, name: &str, times: u32) {
    let mut rig = Rig::new(body);
    let field = FIELD.iter().find(|(known, _)| known.name == body.name);
    let peer = field.and_then(|(_, all)| all.iter().find(|peer| peer.name == name));
    for _ in 0..times {
        assert!(peer.is_some_and(|peer| (peer.admits)(&mut rig, black_box(body.bytes))));
    }
}
