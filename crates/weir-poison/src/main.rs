//! Does anything that reads a key tell something of it? Run under valgrind, by `.ci/secrets.sh`.
//!
//! `memcheck`: the secret bytes of a key are marked as undefined, and the key goes down every public
//! path on which keys are checked. Valgrind then reports each branch and each address that depends
//! on them. `count STANDING`: one authentication of a key that stands so, for counting instructions.
//!
//! What becomes public on the way is named in `.ci/secrets.supp`, with the reason.

use std::hint::black_box;
use std::process::ExitCode;

use weir::{Gate, Timestamp};
use weir_core::token::{Classes, Offered, Order, Pepper, Registry};

mod leaky;
mod valgrind;
mod world;

use world::{NOW, Sample, Standing};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let passed = match words[..] {
        ["memcheck"] if valgrind::is_here() => memcheck(),
        ["count", room, standing] => count(room, standing),
        _ => {
            println!("weir-poison memcheck (under valgrind) | count registry|gate STANDING");
            false
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether no clean path tells anything, and every leaky one is noticed.
fn memcheck() -> bool {
    let classes = world::classes();
    let mut passed = true;
    let mut tell = |name: &str, errors: usize, wanted: bool| {
        println!("{errors:>5} errors: {name}");
        passed &= wanted;
    };
    for sample in world::samples(&classes) {
        for (name, standing) in Standing::ALL {
            let errors = core_paths(&classes, &sample, standing);
            tell(&format!("core, class {}, {name}", sample.class), errors, errors == 0);
            if standing != Standing::NoClass {
                let gate = world::gate(&sample.key, standing).expect("a gate");
                let errors = gate_path(&gate, &sample);
                tell(&format!("gate, class {}, {name}", sample.class), errors, errors == 0);
            }
        }
    }
    for (name, leak) in leaky::LEAKS {
        let key = Box::<[u8]>::from(*b"pub_0123456789abcdefghijklmnoXX");
        valgrind::poison(&key[4..]);
        let errors = during(|| {
            black_box(leak(black_box(&key)));
        });
        tell(&format!("leaky, {name}"), errors, errors > 0);
    }
    passed
}

/// Errors of a key on all paths of the core: read, digested with and without a pepper, compared,
/// authenticated, chosen from two.
fn core_paths(classes: &Classes, sample: &Sample, standing: Standing) -> usize {
    let registry = world::registry(classes, &sample.key, standing);
    let key = poisoned(sample);
    let other = key.clone();
    let mut wrong_check = key.clone();
    if let Some(last) = wrong_check.last_mut() {
        *last ^= 1; // Another digit, and another key where there are none to check.
    }
    during(|| {
        let presented = classes.classify(&key).expect("a key");
        for wrong in [&wrong_check[..], &key[1..], &key[..key.len() - 1], &key[..1]] {
            black_box(classes.classify(wrong).is_ok());
        }
        let digests = [None, Some(Pepper::new([1; 32]))].map(|p| presented.digest(p.as_ref()));
        let equal = black_box(digests[0] == digests[1]);
        valgrind::declare(&equal);
        let authenticated = registry.authenticate(classes, &presented, NOW);
        black_box(authenticated.is_ok());
        let offered = Offered { header: Some(&key), body: Some(&other) };
        black_box(offered.choose(Order::MustAgree).is_ok());
        black_box(offered.choose(Order::HeaderFirst).is_ok());
    })
}

/// Errors of a key on its way through a gate, to the caller's proof.
fn gate_path(gate: &Gate, sample: &Sample) -> usize {
    let key = poisoned(sample);
    during(|| {
        let holder = gate.authenticate(&key, Some("https://shop.com"), NOW).expect("not poisoned");
        black_box(holder.is_ok_and(|holder| holder.caller().is_ok()));
    })
}

/// A copy of a key that valgrind does not know.
fn poisoned(sample: &Sample) -> Box<[u8]> {
    let key = Box::<[u8]>::from(sample.key.as_bytes());
    valgrind::poison(&key[sample.public..]);
    key
}

fn during(work: impl FnOnce()) -> usize {
    let before = valgrind::errors();
    work();
    valgrind::errors() - before
}

/// Authenticates once, in a function that an instruction counter can find.
fn count(room: &str, standing: &str) -> bool {
    let Some((_, standing)) = Standing::ALL.into_iter().find(|(name, _)| *name == standing) else {
        return false;
    };
    let classes = world::classes();
    let Some(sample) = world::samples(&classes).into_iter().next() else { return false };
    let good = match room {
        "registry" => {
            let registry = world::registry(&classes, &sample.key, standing);
            measured_registry(&registry, &classes, sample.key.as_bytes(), NOW)
        }
        "gate" => {
            let gate = world::gate(&sample.key, standing).expect("a gate");
            measured_gate(&gate, sample.key.as_bytes(), NOW)
        }
        _ => return false,
    };
    good == (standing == Standing::Good)
}

#[inline(never)]
fn measured_registry(registry: &Registry, classes: &Classes, key: &[u8], now: Timestamp) -> bool {
    let presented = classes.classify(key).expect("a key");
    registry.authenticate(classes, &presented, now).is_ok()
}

#[inline(never)]
fn measured_gate(gate: &Gate, key: &[u8], now: Timestamp) -> bool {
    gate.authenticate(key, None, now).is_ok_and(|holder| holder.is_ok())
}
