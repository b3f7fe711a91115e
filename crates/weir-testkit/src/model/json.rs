//! A JSON document as a tree, the many texts that say it, and how large a text is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use weir_core::json::{Bounds, Lexer, Profile, Scratch, SyntaxError, Token};

/// A document. Members keep their order, and a key may stand twice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Doc {
    /// A list.
    Array(Vec<Doc>),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
    /// A number, spelled out.
    Number(String),
    /// An object.
    Object(Vec<(String, Doc)>),
    /// Text.
    Text(String),
}

/// Where a key stands in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// The offset of its opening quote.
    pub at: usize,
    /// Which object it belongs to, counted as they open.
    pub object: usize,
    /// Its number among the members of that object.
    pub member: usize,
}

/// Writes documents, with blanks and escapes as a list of choices has them.
#[derive(Debug, Default)]
pub struct Speller<'c> {
    choices: &'c [u8],
    made: usize,
    objects: usize,
    /// The text.
    pub out: String,
    /// Every key of the text.
    pub keys: Vec<Key>,
}

impl<'c> Speller<'c> {
    /// A speller that goes through `choices` again and again; none means the plainest text.
    #[must_use]
    pub fn new(choices: &'c [u8]) -> Self {
        Self { choices, ..Self::default() }
    }

    /// Writes a document.
    pub fn write(&mut self, doc: &Doc) {
        self.blank();
        match doc {
            Doc::Null => self.out.push_str("null"),
            Doc::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Doc::Number(digits) => self.out.push_str(digits),
            Doc::Text(text) => self.string(text),
            Doc::Array(items) => {
                self.out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.separate(i);
                    self.write(item);
                }
                self.blank();
                self.out.push(']');
            }
            Doc::Object(members) => {
                let object = self.objects;
                self.objects += 1;
                self.out.push('{');
                for (member, (key, value)) in members.iter().enumerate() {
                    self.separate(member);
                    self.blank();
                    self.keys.push(Key { at: self.out.len(), object, member });
                    self.string(key);
                    self.blank();
                    self.out.push(':');
                    self.write(value);
                }
                self.blank();
                self.out.push('}');
            }
        }
        self.blank();
    }

    fn separate(&mut self, place: usize) {
        if place > 0 {
            self.out.push(',');
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for char in text.chars() {
            let short = SHORT.iter().find(|(said, _)| *said == char);
            match (self.choose(), char) {
                (1 | 4, _) if short.is_some() => {
                    self.out.extend(short.into_iter().flat_map(|(_, letter)| ['\\', *letter]));
                }
                (0, _) | (_, '\0'..='\u{1f}') => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.out, "\\u{unit:04x}");
                    }
                }
                (_, '"' | '\\') => self.out.extend(['\\', char]),
                _ => self.out.push(char),
            }
        }
        self.out.push('"');
    }

    fn blank(&mut self) {
        match self.choose() {
            2 => self.out.push(' '),
            3 => self.out.push_str("\r\n\t"),
            _ => {}
        }
    }

    /// The next choice, of eight; 7 when there are none.
    fn choose(&mut self) -> u8 {
        let next = self.choices.get(self.made % self.choices.len().max(1));
        self.made += 1;
        next.map_or(7, |choice| choice % 8)
    }
}

impl Doc {
    /// The members of the object that `nth` others open before.
    pub fn object(&mut self, nth: usize) -> Option<&mut Vec<(String, Self)>> {
        self.find(&mut { nth })
    }

    fn find(&mut self, left: &mut usize) -> Option<&mut Vec<(String, Self)>> {
        match self {
            Self::Array(items) => items.iter_mut().find_map(|item| item.find(left)),
            Self::Object(members) => {
                if *left == 0 {
                    return Some(members);
                }
                *left -= 1;
                members.iter_mut().find_map(|(_, value)| value.find(left))
            }
            _ => None,
        }
    }
}

/// What our tokens tell of a document: its value, the last of each key, and whether a key of an
/// object stood before.
///
/// # Errors
///
/// Those of the lexer.
pub fn told(bytes: &[u8], profile: &Profile) -> Result<(Value, bool), SyntaxError> {
    let mut scratch = Scratch::default();
    let mut lexer = Lexer::new(bytes, profile, &mut scratch)?;
    let (mut open, mut repeats) = (vec![Open::default()], false);
    while let Some(token) = lexer.token()? {
        let done = match token {
            Token::ArrayStart | Token::ObjectStart => {
                open.push(Open::default());
                continue;
            }
            Token::Key(text) => {
                let key = text.decode(&mut String::new()).to_owned();
                if let Some(object) = open.last_mut() {
                    repeats |= !object.keys.insert(key.clone());
                    object.key = key;
                }
                continue;
            }
            Token::ArrayEnd => Value::Array(open.pop().unwrap_or_default().items),
            Token::ObjectEnd => Value::Object(open.pop().unwrap_or_default().members),
            Token::Bool(value) => Value::Bool(value),
            Token::Null => Value::Null,
            // Past the range of a binary float, serde_json reads no number.
            Token::Number(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
            Token::String(text) => Value::from(text.decode(&mut String::new())),
        };
        if let Some(Open { items, members, keys, key }) = open.last_mut() {
            match keys.is_empty() {
                true => items.push(done),
                false => drop(members.insert(key.clone(), done)),
            }
        }
    }
    Ok((open.pop().and_then(|mut whole| whole.items.pop()).unwrap_or_default(), repeats))
}

/// A container while it is read; what has no key yet is a list.
#[derive(Default)]
struct Open {
    items: Vec<Value>,
    members: Map<String, Value>,
    keys: BTreeSet<String>,
    key: String,
}

/// The least bounds that admit a document, which must be well formed. Counted over the bytes, which
/// outside of strings mean what they are.
#[must_use]
pub fn measure(document: &str) -> Bounds {
    let mut most = Bounds { bytes: 0, depth: 0, members: 0, string_bytes: 0, tokens: 0 };
    let (mut members, mut word) = (Vec::new(), false);
    let mut bytes = document.bytes();
    while let Some(byte) = bytes.next() {
        let goes_on = word && matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.');
        let between = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':');
        most.tokens += u32::from(!goes_on && !between);
        word = goes_on || !(between || matches!(byte, b'"' | b'[' | b']' | b'{' | b'}'));
        match byte {
            b'"' => {
                let mut len = 0;
                while let Some(byte) = bytes.next().filter(|byte| *byte != b'"') {
                    len += 1 + u32::from(byte == b'\\' && bytes.next().is_some());
                }
                most.string_bytes = most.string_bytes.max(len);
            }
            b'[' | b'{' => members.push(0),
            b']' | b'}' => drop(members.pop()),
            b':' => {
                let count = members.last_mut();
                most.members = most.members.max(count.map_or(0, |count| {
                    *count += 1;
                    *count
                }));
            }
            _ => {}
        }
        most.depth = most.depth.max(members.len().try_into().unwrap_or(u32::MAX));
    }
    most.bytes = document.len().try_into().unwrap_or(u32::MAX);
    most
}

/// The document with U+FFFD in place of each escape that is half a pair and stands alone.
#[must_use]
pub fn mended(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let first = unit(escape);
        let second = escape.get(6..).and_then(unit);
        let (said, len) = match (first, second) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (escape.get(..12), 12),
            (Some(0xD800..=0xDFFF), _) => (Some("\\ufffd"), 6),
            (Some(_), _) => (escape.get(..6), 6),
            (None, _) => {
                // The backslash and what it escapes, whatever that is.
                let len = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
                (escape.get(..len), len)
            }
        };
        out.push_str(said.unwrap_or_default());
        rest = escape.get(len..).unwrap_or_default();
    }
    out + rest
}

/// The unit of an escape `\uXXXX` that a text starts with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// The escapes that have a letter of their own, save those of the quote and the backslash.
const SHORT: [(char, char); 6] =
    [('\u{8}', 'b'), ('\u{c}', 'f'), ('\n', 'n'), ('\r', 'r'), ('\t', 't'), ('/', '/')];
