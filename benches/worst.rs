//! Can a sender choose a body that costs more than its size? Bytes a second, for the worst bodies
//! that we could think of, at four sizes each.
//!
//! A kind whose throughput falls with the size is worse than linear. Each body is seen to be valid
//! before it is timed. For the bar, run `--bin ratios`, where they alternate with body A.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use weir_benches::worst::WORST;
use weir_core::schema::Scratch;

fn worst(c: &mut Criterion) {
    for kind in WORST {
        let mut group = c.benchmark_group(format!("worst/{}", kind.name));
        let (schema, profile, mut scratch) = (kind.compile(), kind.profile(), Scratch::default());
        for size in SIZES {
            let body = kind.body(size);
            assert!(schema.check(&body, &profile, &mut scratch).is_ok(), "{}: refused", kind.name);
            group.throughput(Throughput::Bytes(body.len() as u64));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.iter(|| schema.is_valid(black_box(&body), &profile, &mut scratch));
            });
        }
        group.finish();
    }
}

/// In bytes.
const SIZES: [usize; 4] = [4_096, 8_192, 16_384, 32_768];

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    targets = worst
}
criterion_main!(benches);
