//! Of what class is a key, and may it come from there? Read from the documentation alone, slowly.
//!
//! Keys are read by lists of characters and a table of sums, where the core has neither; origins by
//! the `url` crate, where the core cuts texts.

use std::collections::BTreeMap;

use url::Url;
use weir_core::id::Name;
use weir_core::token::class::{Alphabet, Check};
use weir_core::token::{ClassDefinition, Malformed};

/// The class of a key, by name, or the first thing wrong with it.
///
/// # Errors
///
/// As the core's.
pub fn classify<'d>(
    definitions: &'d BTreeMap<Name, ClassDefinition>,
    text: &[u8],
) -> Result<&'d Name, Malformed> {
    if text.is_empty() {
        return Err(Malformed::Empty);
    }
    let mut starts: Vec<(&Name, &ClassDefinition)> =
        definitions.iter().filter(|(_, class)| text.starts_with(class.prefix.as_bytes())).collect();
    starts.sort_by_key(|(_, class)| class.prefix.len());
    let (name, class) = starts.pop().ok_or(Malformed::UnknownPrefix)?;
    let (prefix, rest) = text.split_at(class.prefix.len());
    if rest.len() < class.length.min.into() || rest.len() > class.length.max.into() {
        return Err(Malformed::BadLength { len: text.len() });
    }
    let digits = if class.check == Check::Crc32 { 6 } else { 0 };
    let (body, check) = rest.split_at(rest.len().saturating_sub(digits));
    let known = characters(class.alphabet);
    if let Some(at) = body.iter().position(|byte| !known.contains(&char::from(*byte))) {
        return Err(Malformed::BadByte { at: prefix.len() + at });
    }
    if digits > 0 && check != check_digits(&[prefix, body].concat()).as_bytes() {
        return Err(Malformed::BadCheck);
    }
    Ok(name)
}

/// The characters that an alphabet has.
#[must_use]
pub fn characters(alphabet: Alphabet) -> Vec<char> {
    let base62 = ('0'..='9').chain('A'..='Z').chain('a'..='z');
    match alphabet {
        Alphabet::Base58 => base62.filter(|c| !"0OIl".contains(*c)).collect(),
        Alphabet::Base62 => base62.collect(),
        Alphabet::Hex => ('0'..='9').chain('a'..='f').collect(),
        Alphabet::Token => base62.chain(['_', '-']).collect(),
    }
}

/// The CRC-32 of a text as six digits of base 62.
#[must_use]
pub fn check_digits(text: &[u8]) -> String {
    let mut sum = u64::from(crc32(text));
    let base62 = characters(Alphabet::Base62);
    let mut digits: Vec<char> = Vec::new();
    while digits.len() < 6 {
        digits.extend(base62.iter().cycle().nth(usize::try_from(sum % 62).unwrap_or(0)));
        sum /= 62;
    }
    digits.iter().rev().collect()
}

/// CRC-32/ISO-HDLC by a table, as the catalogue of CRC algorithms describes it.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let entry = |byte: u32| {
        (0..8).fold(byte, |sum, _| if sum % 2 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    };
    let table: Vec<u32> = (0..256).map(entry).collect();
    !bytes.iter().fold(!0, |sum, byte| {
        let place = (sum ^ u32::from(*byte)) & 0xFF;
        let entry = usize::try_from(place).ok().and_then(|place| table.get(place));
        entry.copied().unwrap_or(0) ^ sum >> 8
    })
}

/// Whether a list of hosts allows an origin, as a browser would read it. An empty list allows all.
#[must_use]
pub fn allows(patterns: &[String], origin: Option<&str>) -> bool {
    let Some(host) = origin.and_then(host) else { return patterns.is_empty() };
    let labels: Vec<&str> = host.split('.').collect();
    let matches = |pattern: &String| {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.strip_prefix("*.") {
            Some(domain) => {
                let domain: Vec<&str> = domain.split('.').collect();
                labels.len() > domain.len() && labels.ends_with(&domain)
            }
            None => pattern.split('.').eq(labels.iter().copied()),
        }
    };
    patterns.is_empty() || patterns.iter().any(matches)
}

/// Whether a text is a pattern: a plain host that is not `null`, or `*.` and one.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    let domain = text.strip_prefix("*.").unwrap_or(text);
    is_plain(domain) && !domain.eq_ignore_ascii_case("null")
}

/// Why we read an origin otherwise than a browser. Each is asserted by `only_these_are_read_otherwise`
/// in the tests of the room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Difference {
    /// A host that is a number in one of its older spellings, `0x7f.1`: a browser writes it
    /// `127.0.0.1`, or refuses it. To us it is a text.
    Number,
    /// A label `xn--..`: a browser refuses one that decodes to nothing. To us it is a text.
    Encoded,
    /// Something that a browser repairs or takes: user information, percent signs, backslashes,
    /// blanks, brackets, letters beyond ASCII, slashes too few or too many, an empty port, a dot at
    /// the end, an empty or long label. We refuse it.
    Repaired,
}

/// The difference that decides how an origin is read, if one does.
#[must_use]
pub fn difference(origin: &str) -> Option<Difference> {
    let rest = after_scheme(origin)?;
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if is_plain(host) {
        let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let hex =
            last.strip_prefix("0x").is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
        if hex || last.chars().all(|c| c.is_ascii_digit()) {
            return Some(Difference::Number);
        }
        if host.to_ascii_lowercase().split('.').any(|label| label.starts_with("xn--")) {
            return Some(Difference::Encoded);
        }
    }
    let url = Url::parse(&format!("http://{rest}")).ok()?;
    let read = url.host_str().unwrap_or_default();
    let (start, end) = rest.split_at_checked(read.len()).unwrap_or((rest, ""));
    let verbatim = start.eq_ignore_ascii_case(read);
    let port = end.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.chars().all(|c| c.is_ascii_digit());
    let port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (!verbatim || !port || !is_plain(read)).then_some(Difference::Repaired)
}

fn host(origin: &str) -> Option<String> {
    let rest = after_scheme(origin)?;
    match difference(origin) {
        Some(Difference::Repaired) => None,
        Some(Difference::Encoded | Difference::Number) => {
            // The port at least is read as a browser reads it.
            let (host, after) =
                rest.split_at(rest.find(['/', '?', '#', ':']).unwrap_or(rest.len()));
            let port = after.split(['/', '?', '#']).next().unwrap_or_default();
            let stand_in = Url::parse(&format!("http://stand-in{port}")).ok()?;
            (port != ":" && stand_in.host_str() == Some("stand-in") && port.len() <= 6)
                .then(|| host.to_ascii_lowercase())
        }
        None => Some(Url::parse(&format!("http://{rest}")).ok()?.host_str()?.to_owned()),
    }
}

fn after_scheme(origin: &str) -> Option<&str> {
    let Some((scheme, rest)) = origin.split_once("://") else { return Some(origin) };
    let known = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (!scheme.is_empty() && scheme.chars().all(known)).then_some(rest)
}

fn is_plain(host: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(known);
    host.len() <= 253 && host.split('.').all(label)
}
