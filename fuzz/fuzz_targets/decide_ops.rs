//! Does the ledger decide as the slow model does, whatever is done to it in whatever order?
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use weir_core::ledger::{HostKeys, Ledger, Record};
use weir_testkit::story::{Author, Flavour, Stage};

fuzz_target!(|bytes: &[u8]| {
    let mut source = Unstructured::new(bytes);
    let Ok(mut author) = Author::new(Flavour::Everything, &mut source) else { return };
    let mut stage = Stage::default();
    while !source.is_empty() {
        let Ok(beat) = author.beat(&mut source) else { return };
        let got = stage.play(&beat.act, beat.now, &mut ());
        assert_eq!(got, beat.expected, "{:?} at {}", beat.act, beat.now);
    }
    let mut fresh = Ledger::new(&HostKeys::fixed());
    for bytes in &stage.journal.0 {
        let record = Record::decode(bytes).expect("just written");
        fresh.replay(&record).expect("the next record");
    }
    assert!(fresh.snapshot() == stage.ledger.snapshot(), "replay is state");
});
