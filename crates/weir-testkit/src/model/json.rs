//! A JSON document as a tree, and the many texts that say it.

use std::fmt::Write as _;

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

/// The escapes that have a letter of their own, save those of the quote and the backslash.
const SHORT: [(char, char); 6] =
    [('\u{8}', 'b'), ('\u{c}', 'f'), ('\n', 'n'), ('\r', 'r'), ('\t', 't'), ('/', '/')];
