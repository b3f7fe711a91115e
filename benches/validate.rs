//! What does it cost to read a body and find it valid, beside typed serde with the rules by hand,
//! and beside JSON Schema?
//!
//! From bytes to the verdict: weir compiles its rules at run time, collects all violations, keeps
//! numbers exact and refuses keys that stand twice, which the others do not. Everyone is seen to
//! decide the same on thousands of other bodies before anything is timed. For ratios, run
//! `--bin ratios`, where the contenders alternate.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir_benches::bodies::is_json;
use weir_benches::mutate::agree;
use weir_benches::peers::{self, FIELD, Rig, WEIR, WEIR_IS_VALID};

fn valid(c: &mut Criterion) {
    for (name, version) in peers::versions() {
        println!("{name} {version}");
    }
    for (body, contenders) in FIELD {
        println!("body {}: {:?}", body.name, agree(&body, contenders));
        let mut group = c.benchmark_group(format!("validate/{}", body.name));
        group.throughput(Throughput::Bytes(body.bytes.len() as u64));
        let mut rig = Rig::new(&body);
        for contender in contenders {
            assert!((contender.admits)(&mut rig, body.bytes), "{} refuses", contender.name);
            group.bench_function(contender.name, |b| {
                b.iter(|| (contender.admits)(&mut rig, black_box(body.bytes)));
            });
        }
        group.finish();
    }
}

/// How much of it is reading, and what one broken rule costs.
fn parts(c: &mut Criterion) {
    for (body, _) in FIELD {
        let mut group = c.benchmark_group(format!("parts/{}", body.name));
        let (mut rig, mut scratch) = (Rig::new(&body), weir_core::json::Scratch::default());
        assert!(is_json(body.broken, &mut scratch));
        group.bench_function("weir json::check", |b| {
            b.iter(|| is_json(black_box(body.bytes), &mut scratch));
        });
        for contender in [WEIR, WEIR_IS_VALID] {
            assert!(!(contender.admits)(&mut rig, body.broken), "{} admits", contender.name);
            group.bench_function(format!("{}, one violation", contender.name), |b| {
                b.iter(|| (contender.admits)(&mut rig, black_box(body.broken)));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = valid, parts
}
criterion_main!(benches);
