//! How does weir stand to its peers, and to its bars? Prints the tables of `benches/README.md`.
//!
//! Before anything is timed, all sides are seen to decide the same on thousands of other bodies.

use weir_benches::bodies::A;
use weir_benches::mutate::{COUNT, Tally, agree};
use weir_benches::peers::{self, FIELD, Rig};
use weir_benches::race::{Runner, race};
use weir_benches::worst::WORST;
use weir_core::json::Profile;
use weir_core::schema::{Schema, Scratch};

fn main() {
    for (name, version) in peers::versions() {
        println!("{name} {version}");
    }
    let missed = validation() + worst();
    println!("\nBars missed: {missed}.");
}

/// Bodies A and B, by everyone; how many bars were missed.
fn validation() -> usize {
    let mut missed = 0;
    for (body, contenders) in FIELD {
        let Tally { valid, invalid, malformed } = agree(&body, contenders);
        println!("\nBody {}, {} bytes.", body.name, body.bytes.len());
        println!(
            "Of {COUNT} others, all find {valid} valid, {invalid} invalid, {malformed} malformed."
        );
        let runners = contenders.iter().map(|contender| {
            let mut rig = Rig::new(&body);
            Runner::new(contender.name, move || (contender.admits)(&mut rig, body.bytes))
        });
        let mut runners: Vec<_> = runners.collect();
        race(&mut runners, ROUNDS);
        let [weir, ..] = &runners[..] else { continue };
        println!("\n| bytes to verdict | quickest ns | median ns | weir check takes |");
        println!("|---|---|---|---|");
        for runner in &runners {
            let (quickest, median) = (runner.quickest(), runner.median());
            println!(
                "| {} | {quickest:.0} | {median:.0} | {:.2} x |",
                runner.name,
                weir.ratio(runner)
            );
        }
        println!();
        for bar in BARS.iter().filter(|bar| bar.body == body.name) {
            let Some(peer) = runners.iter().find(|peer| peer.name == bar.peer) else { continue };
            let ratio = weir.ratio(peer);
            let name = format!("{}, of {}", bar.id, bar.peer);
            missed += usize::from(!said(&name, ratio, bar.most));
        }
    }
    missed
}

/// Worst bodies, small and large, beside body A; how many missed the bar.
fn worst() -> usize {
    println!("\n| worst bodies | ns a byte | to body A | large to small |");
    println!("|---|---|---|---|");
    let mut missed = 0;
    for kind in WORST {
        let bodies = SIZES.map(|size| kind.body(size));
        let [small_len, large_len, typical_len] =
            [bodies[0].len(), bodies[1].len(), A.bytes.len()].map(|len| len as f64);
        let (schema, profile) = (A.compile(), Profile::STRICT);
        let mut runners = [
            checking(kind.compile(), kind.profile(), &bodies[0]),
            checking(kind.compile(), kind.profile(), &bodies[1]),
            checking(schema, profile, A.bytes),
        ];
        race(&mut runners, WORST_ROUNDS);
        let [small, large, typical] = &runners;
        let times = large.ratio(typical) * typical_len / large_len;
        let growth = large.ratio(small) * small_len / large_len;
        let met = times <= WORST_MOST && growth <= GROWTH_MOST;
        missed += usize::from(!met);
        let (name, each) = (kind.name, large.quickest() / large_len);
        let said = if met { "" } else { ", MISSED" };
        println!("| {name} | {each:.2} | {times:.2} x | {growth:.2} x{said} |");
    }
    println!("\nP15: a byte, at most {WORST_MOST} x body A, and {GROWTH_MOST} x from 4 to 32 KiB.");
    missed
}

fn checking<'a>(schema: Schema, profile: Profile, body: &'a [u8]) -> Runner<'a> {
    let mut scratch = Scratch::default();
    Runner::new("check", move || schema.check(body, &profile, &mut scratch).is_ok())
}

fn said(name: &str, ratio: f64, most: f64) -> bool {
    let met = ratio <= most;
    println!("{name}: {ratio:.2}, at most {most:.2}: {}", if met { "met" } else { "MISSED" });
    met
}

/// How many times a peer's time weir's check may take at most.
struct Bar {
    id: &'static str,
    body: &'static str,
    peer: &'static str,
    most: f64,
}

const BARS: [Bar; 5] = [
    Bar { id: "P6", body: "A", peer: peers::SERDE_SLICE, most: 0.6 },
    Bar { id: "P6", body: "A", peer: peers::SONIC, most: 0.85 },
    Bar { id: "P6", body: "A", peer: peers::JSONSCHEMA, most: 0.2 },
    Bar { id: "P7", body: "B", peer: peers::SERDE_STR, most: 0.85 },
    Bar { id: "P7", body: "B", peer: peers::SERDE_SLICE, most: 0.55 },
];

const ROUNDS: usize = 101;
const WORST_ROUNDS: usize = 51;

/// Bytes of a small and of a large body.
const SIZES: [usize; 2] = [4_096, 32_768];

/// How many times as long as body A a worst body may take, a byte.
const WORST_MOST: f64 = 4.0;

/// How many times as long a byte of a large one may take. Ours: above the noise, below a square.
const GROWTH_MOST: f64 = 1.5;
