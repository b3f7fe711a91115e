//! Would we see a failure? This one must be found: no other target's silence means much without.
//!
//! The word is in no seed and no dictionary. A fuzzer that is not led by what the code did meets it
//! once in 2⁴⁰ inputs; one that is meets it within a second or two.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut sung = 0;
    for (wanted, byte) in b"tweet".iter().zip(bytes) {
        if wanted != byte {
            return;
        }
        sung += 1;
    }
    assert!(sung < 5, "the canary sings");
});
