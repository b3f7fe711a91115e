//! Check digits: CRC-32 as six base62 digits.
//!
//! Bit by bit and without a table, so that no address depends on a key. Every change inside 32
//! neighbouring bits changes the sum; a digit swapped with the last byte of the body is a change
//! on both sides, which the tests rule out for every pair of bytes.
//!
//! # Source
//!
//! CRC-32/ISO-HDLC of the catalogue of parametrised CRC algorithms (the one of IEEE 802.3, zip and
//! PNG). The six digits, `0-9A-Za-z` with the highest first, are ours: 62⁶ is more than 2³².

/// The check digits of a prefix and a body.
pub(super) fn digits(prefix: &[u8], body: &[u8]) -> [u8; 6] {
    let mut rest = !prefix.iter().chain(body).fold(u32::MAX, |sum, byte| step(sum, *byte));
    let mut text = [0_u8; 6];
    for digit in text.iter_mut().rev() {
        *digit = base62(rest.rem_euclid(62));
        rest = rest.div_euclid(62);
    }
    text
}

fn step(sum: u32, byte: u8) -> u32 {
    (0..8).fold(sum ^ u32::from(byte), |sum, _| {
        let mask = (sum & 1).wrapping_neg(); // All ones, or none.
        (sum >> 1) ^ (POLYNOMIAL & mask)
    })
}

/// `0-9A-Za-z` by sums instead of branches. `value` is below 62, so nothing saturates.
fn base62(value: u32) -> u8 {
    let upper = u8::from(value >= 10).saturating_mul(b'A' - b'9' - 1);
    let lower = u8::from(value >= 36).saturating_mul(b'a' - b'Z' - 1);
    let value = u8::try_from(value).unwrap_or(u8::MAX);
    b'0'.saturating_add(value).saturating_add(upper).saturating_add(lower)
}

const POLYNOMIAL: u32 = 0xEDB8_8320;
