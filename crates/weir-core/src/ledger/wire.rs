//! How is it written? Numbers and texts in few bytes, and back, strictly.
//!
//! Unsigned numbers take one byte for each seven bits; wide signed ones a byte that says how many
//! bytes follow. Every value has exactly one form, so that equal states have equal bytes.

use alloc::vec::Vec;

use super::DecodeError;
use crate::amount::Quantity;
use crate::time::Timestamp;

/// Appends values to bytes.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn uint(&mut self, value: u64) {
        let mut rest = value;
        while rest >= 0x80 {
            self.byte((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.byte((rest & 0x7f) as u8);
    }

    pub(super) fn size(&mut self, len: usize) {
        self.uint(len as u64);
    }

    /// A length, then as many low bytes of the number, sign last.
    pub(super) fn wide(&mut self, value: i128) {
        let zigzag = ((value << 1) ^ (value >> 127)).cast_unsigned();
        let len = (128_u32.saturating_sub(zigzag.leading_zeros())).div_ceil(8);
        self.byte((len & 0x1f) as u8);
        let bytes = zigzag.to_le_bytes();
        self.0.extend(bytes.iter().take(usize::try_from(len).unwrap_or(16)));
    }

    pub(super) fn quantity(&mut self, quantity: Quantity) {
        self.wide(quantity.as_nanos());
    }

    pub(super) fn instant(&mut self, at: Timestamp) {
        self.wide(i128::from(at.as_millis()));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Takes values off the front of bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn uint(&mut self) -> Result<u64, DecodeError> {
        let (mut value, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            let shifted = part.checked_shl(shift).filter(|shifted| shifted >> shift == part);
            value |= shifted.ok_or(DecodeError::Malformed)?;
            if byte & 0x80 == 0 {
                // A last byte of zero would be a second form of the same number.
                return if byte == 0 && shift > 0 {
                    Err(DecodeError::Malformed)
                } else {
                    Ok(value)
                };
            }
            shift = shift.saturating_add(7);
        }
    }

    pub(super) fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.uint()?).map_err(|_| DecodeError::Malformed)
    }

    pub(super) fn wide(&mut self) -> Result<i128, DecodeError> {
        let len = usize::from(self.byte()?);
        let taken = self.take(len)?;
        let mut bytes = [0_u8; 16];
        let place = bytes.get_mut(..len).ok_or(DecodeError::Malformed)?;
        place.copy_from_slice(taken);
        if taken.last() == Some(&0) {
            return Err(DecodeError::Malformed);
        }
        let zigzag = u128::from_le_bytes(bytes);
        Ok((zigzag >> 1).cast_signed() ^ (zigzag & 1).cast_signed().wrapping_neg())
    }

    pub(super) fn quantity(&mut self) -> Result<Quantity, DecodeError> {
        self.wide().map(Quantity::from_nanos)
    }

    pub(super) fn instant(&mut self) -> Result<Timestamp, DecodeError> {
        let millis = i64::try_from(self.wide()?).map_err(|_| DecodeError::Malformed)?;
        Timestamp::from_millis(millis).map_err(|_| DecodeError::Malformed)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.narrow()?;
        self.take(len)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::Malformed)
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(DecodeError::Malformed),
        }
    }

    /// A list: its length, then its values. The length is believed only as far as bytes follow.
    pub(super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let len: usize = self.narrow()?;
        let mut values = Vec::with_capacity(len.min(self.0.len()));
        for _ in 0..len {
            values.push(read(self)?);
        }
        Ok(values)
    }

    /// Says whether everything was read.
    pub(super) const fn end(&self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Malformed) }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }
}
