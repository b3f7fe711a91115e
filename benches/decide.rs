//! What does one hot decision cost, beside governor's direct check with a fake clock?
//!
//! One scope, one limit, the same instant or one in the same window: no map, no clock, no journal on
//! either side. governor keeps one number and says yes or no; weir compares, counts and says what is
//! left. Both sides are seen to decide the same before anything is timed.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use weir_benches::{Desk, ONE_LIMIT, ROOM_FOR_ONE};
use weir_core::time::Timestamp;

fn hot(c: &mut Criterion) {
    agree();
    let mut group = c.benchmark_group("decide/hot");
    group.throughput(Throughput::Elements(1));
    let mut spent = Desk::new(ROOM_FOR_ONE);
    let cost = spent.cost(1);
    assert!(spent.ask(&cost, Timestamp::EPOCH).is_allowed());
    for (name, mut desk, admits) in
        [("weir admit", Desk::new(ONE_LIMIT), true), ("weir deny", spent, false)]
    {
        let decided = desk.ask(&cost, Timestamp::EPOCH).is_allowed();
        assert_eq!(decided, admits, "{name}: the other path");
        group.bench_function(name, |b| {
            b.iter(|| {
                black_box(desk.ask(black_box(&cost), black_box(Timestamp::EPOCH))).is_allowed()
            });
        });
    }
    group.bench_function("governor admit", |b| {
        let clock = FakeRelativeClock::default();
        let limiter =
            RateLimiter::direct_with_clock(Quota::per_second(NonZeroU32::MAX), clock.clone());
        b.iter(|| {
            clock.advance(Duration::from_nanos(1)); // a unit comes back, so that all are admitted
            black_box(&limiter).check().is_ok()
        });
    });
    group.finish();
}

/// A thousand units and ten thousand asks: both admit the first thousand and no more.
fn agree() {
    let catalog = ONE_LIMIT.replace("1000000000000", "1000");
    let mut desk = Desk::new(&catalog);
    let cost = desk.cost(1);
    let burst = NonZeroU32::new(1_000).unwrap_or(NonZeroU32::MIN);
    let limiter =
        RateLimiter::direct_with_clock(Quota::per_hour(burst), FakeRelativeClock::default());
    for step in 0..10_000 {
        let ours = desk.ask(&cost, Timestamp::EPOCH).is_allowed();
        assert_eq!(ours, limiter.check().is_ok(), "at step {step}");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50).measurement_time(Duration::from_secs(3));
    targets = hot
}
criterion_main!(benches);
