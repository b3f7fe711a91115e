//! Does every zone of the world have the days, weeks and months that Python's zoneinfo gives it?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use sha2::{Digest, Sha256};
use weir_core::time::Timestamp;
use weir_core::window::zone::{ZoneId, ZoneName, Zones};
use weir_core::window::{Period, Unit, Weekday, Window};

/// At every change of the clocks of every zone from 1970 to 2037, a millisecond before it and one
/// after it.
#[test]
fn same_as_python_at_every_change() {
    let known: Vec<[&str; 3]> = include_str!("../data/zones.tsv").lines().map(fields).collect();
    let names: Vec<ZoneName> =
        known.iter().map(|[name, ..]| ZoneName::parse(name).unwrap()).collect();
    let zones = weir::zones::tables(&names);
    let (mut met, mut differ) = (0, Vec::new());
    for (name, [_, count, digest]) in names.iter().zip(&known) {
        let Some(zone) = zones.find(name) else {
            differ.push(format!("{name}: unknown"));
            continue;
        };
        let changes = zones.get(zone).unwrap().changes();
        let millis = changes.map(|(at, _)| at.as_millis());
        let inside: Vec<i64> = millis.filter(|at| (1..=LAST_MS).contains(at)).collect();
        let mut text = String::new();
        for change in &inside {
            for at in [change - 1, *change, change + 1] {
                describe(&mut text, (&zones, zone), Timestamp::from_millis(at).unwrap());
            }
        }
        let found = Sha256::digest(&text)
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        if inside.len().to_string() != *count || found != *digest {
            differ.push(format!("{name}: {} changes, {count} known", inside.len()));
        }
        met += inside.len();
    }
    assert!(differ.is_empty(), "{} of {}: {differ:#?}", differ.len(), known.len());
    assert!(known.len() >= 595 && met > 30_000, "{} zones, {met} changes", known.len());
}

fn describe(text: &mut String, (zones, zone): (&Zones, ZoneId), at: Timestamp) {
    for (unit, name) in [(Unit::Day, "day"), (Unit::Week, "week"), (Unit::Month, "month")] {
        let week_starts = Weekday::Monday;
        let window = Window::Calendar { unit, count: 1, week_starts, zone: Some(zone) };
        let Period { start, end } = window.period(at, Timestamp::EPOCH, zones).unwrap();
        let millis = [at, start, end].map(Timestamp::as_millis);
        writeln!(text, "{} {name} {} {}", millis[0], millis[1], millis[2]).unwrap();
    }
}

fn fields(line: &'static str) -> [&'static str; 3] {
    let mut fields = line.split('\t');
    [(); 3].map(|()| fields.next().unwrap())
}

const LAST_MS: i64 = 2_145_916_800_000; // 2038-01-01T00:00:00Z
