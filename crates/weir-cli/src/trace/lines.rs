//! Which bytes are the next line? A file is read line by line in bounded memory.

use std::io::{self, BufRead, Read};

/// The lines of a reader.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

/// One line without its line feed.
pub(crate) struct Line<'a> {
    /// Its number in the file, from 1.
    pub(crate) number: u64,
    /// What stands in it, or nothing when it is longer than [`LEN_MAX`].
    pub(crate) text: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`, from where it stands.
    pub(crate) const fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), number: 0, bytes: 0 }
    }

    /// How many bytes have been read.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.buffer.clear();
            let bound = LEN_MAX.saturating_add(1);
            let read = (&mut self.reader).take(bound).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.number = self.number.saturating_add(1);
            self.count(read);
            let whole = self.buffer.pop_if(|last| *last == b'\n').is_some();
            if !whole && u64::try_from(read).is_ok_and(|read| read == bound) {
                let rest = self.reader.skip_until(b'\n')?;
                self.count(rest);
                return Ok(Some(Line { number: self.number, text: None }));
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(Line { number: self.number, text: Some(&self.buffer) }))
    }

    fn count(&mut self, read: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}

/// The longest line, in bytes. Ours: hundreds of times a request's line.
pub(crate) const LEN_MAX: u64 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_longer_than_the_bound_is_skipped_and_the_next_one_read() {
        let bound = usize::try_from(LEN_MAX).unwrap();
        let text =
            ["x".repeat(bound), "y".repeat(bound + 1), " \r".into(), "end".into()].join("\n");
        let mut lines = Lines::new(text.as_bytes());
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, line.text.map(<[u8]>::len)));
        }
        assert_eq!(seen, [(1, Some(bound)), (2, None), (4, Some(3))]);
        assert_eq!(lines.bytes(), u64::try_from(text.len()).unwrap());
    }
}
