//! Does one named thing so and so many times, and nothing else: what `.ci/counts.sh` counts the
//! instructions of, twice, so that starting up cancels out.
//!
//! Without arguments it lists the names, one a line, those of the peers only when they are built in.
//! With `bytes` it lists body A and the worst bodies, each small and large, and how many bytes they have.
//! Each time, a case is seen to end as it should.

use std::hint::black_box;
use std::process::ExitCode;

use weir_benches::bodies::{A, B, Body, is_json};
#[cfg(feature = "peers")]
use weir_benches::peers::{self, FIELD, Rig};
use weir_benches::worst::{Kind, WORST};
use weir_benches::{Desk, GRANTED, Gatehouse, ONE_LIMIT, ROOM_FOR_ONE, THREE_LEVELS, crowded};
use weir_core::decide::{Outcome, Reason};
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
    ("decide hot, denied by a window", deny_window),
    ("decide hot, denied by four grants", deny_grants),
    ("decide, one limit of a thousand", |times| decide(&crowded(), times)),
    ("decide, a path of three, five limits, one hold", path),
    ("decide, four grants, a new period each time", periods),
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
    if name == "bytes" {
        println!("{}\tschema check A", A.bytes.len());
        for (name, kind, size) in worst() {
            println!("{}\t{name}", kind.body(size).len());
        }
        return ExitCode::SUCCESS;
    }
    let case = cases.find(|(known, _)| *known == name);
    let bad = worst().find(|(known, ..)| *known == name);
    match (case, bad, args.next().map(|times| times.parse())) {
        (Some((_, case)), _, Some(Ok(times))) => case(times),
        (None, Some((_, kind, size)), Some(Ok(times))) => suffer(&kind, size, times),
        _ => {
            eprintln!("usage: counts [bytes | CASE TIMES], CASE one of those that are listed");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The worst bodies, small and large, by name.
fn worst() -> impl Iterator<Item = (String, Kind, usize)> {
    let sizes =
        |kind: Kind| [4, 32].map(|kib| (format!("{}, {kib} KiB", kind.name), kind, kib << 10));
    WORST.into_iter().flat_map(sizes)
}

fn suffer(kind: &Kind, size: usize, times: u32) {
    let (schema, profile, mut scratch) = (kind.compile(), kind.profile(), Scratch::default());
    let body = kind.body(size);
    for _ in 0..times {
        assert!(schema.check(black_box(&body), &profile, &mut scratch).is_ok());
    }
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
    ask(&mut Desk::new(catalog), Outcome::Allowed, (1, 0), times);
}

fn path(times: u32) {
    let desk = Desk::new(THREE_LEVELS);
    let cost = desk.cost(1);
    ask(&mut desk.holding(&cost), Outcome::Allowed, (1, 0), times);
}

fn periods(times: u32) {
    ask(&mut Desk::new(GRANTED).granted(4, 1), Outcome::Allowed, (4, MINUTE), times);
}

fn deny_window(times: u32) {
    let mut desk = Desk::new(ROOM_FOR_ONE);
    ask(&mut desk, Outcome::Allowed, (1, 0), 1);
    ask(&mut desk, Outcome::Denied(Reason::LimitExceeded), (1, 0), times);
}

fn deny_grants(times: u32) {
    let mut desk = Desk::new(GRANTED).granted(4, 1);
    ask(&mut desk, Outcome::Allowed, (4, 0), 1);
    ask(&mut desk, Outcome::Denied(Reason::LimitExceeded), (1, 0), times);
}

/// Asks for so many units, each time so many milliseconds later.
fn ask(desk: &mut Desk, outcome: Outcome, (units, step): (u32, i64), times: u32) {
    let (cost, mut now) = (desk.cost(units), 0);
    for _ in 0..times {
        let at = Timestamp::from_millis(black_box(now)).unwrap_or(Timestamp::EPOCH);
        let verdict = desk.ask(black_box(&cost), at);
        assert_eq!(black_box(verdict).outcome, outcome);
        now += step;
    }
}

const MINUTE: i64 = 60_000;

#[cfg(feature = "peers")]
fn peer(body: &Body, name: &str, times: u32) {
    let mut rig = Rig::new(body);
    let field = FIELD.iter().find(|(known, _)| known.name == body.name);
    let peer = field.and_then(|(_, all)| all.iter().find(|peer| peer.name == name));
    for _ in 0..times {
        assert!(peer.is_some_and(|peer| (peer.admits)(&mut rig, black_box(body.bytes))));
    }
}
