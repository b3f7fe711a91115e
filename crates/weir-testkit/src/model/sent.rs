//! What was sent, and where does it stand? A document as a tree of spans, read by `serde_json`.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{Doc, Speller};

/// A value and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sent {
    /// The offset of its first byte.
    pub at: usize,
    /// The offset after its last byte.
    pub end: usize,
    /// The value.
    pub is: Is,
}

/// A value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Is {
    /// A list.
    Array(Vec<Sent>),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
    /// A number, spelled out.
    Number(String),
    /// An object; members keep their order, and a key may stand twice.
    Object(Vec<Member>),
    /// Text. Half of a surrogate pair reads as U+FFFD.
    Text(String),
}

/// A key and its value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// The key.
    pub key: String,
    /// The offset of its opening quote.
    pub quote: usize,
    /// The value.
    pub value: Sent,
}

impl Sent {
    /// Reads a text; `None` when `serde_json` says that it is no JSON.
    ///
    /// It goes as deep into the stack as the text is deep.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        part(text, serde_json::from_str(text).ok()?)
    }

    /// A document in its plainest spelling.
    #[must_use]
    pub fn plain(doc: &Doc) -> Option<Self> {
        let mut speller = Speller::new(&[]);
        speller.write(doc);
        Self::read(&speller.out)
    }
}

fn part(text: &str, raw: &RawValue) -> Option<Sent> {
    let at = offset(text, raw);
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let is = match raw.get().as_bytes().first()? {
        b'n' => Is::Null,
        b't' | b'f' => Is::Bool(raw.get() == "true"),
        b'"' => Is::Text(string(raw.get())?),
        b'[' => {
            let items = reader.deserialize_seq(Items).ok()?;
            Is::Array(items.into_iter().map(|item| part(text, item)).collect::<Option<_>>()?)
        }
        b'{' => {
            let member = |(key, value): (&RawValue, &RawValue)| {
                let quote = offset(text, key);
                Some(Member { key: string(key.get())?, quote, value: part(text, value)? })
            };
            let members = reader.deserialize_map(Members).ok()?;
            Is::Object(members.into_iter().map(member).collect::<Option<_>>()?)
        }
        _ => Is::Number(raw.get().to_owned()),
    };
    Some(Sent { at, end: at + raw.get().len(), is })
}

/// Where a part of `text` stands in it.
fn offset(text: &str, part: &RawValue) -> usize {
    part.get().as_ptr().addr() - text.as_ptr().addr()
}

/// Reads a string, quotes included, by the units of UTF-16 that its escapes are.
fn string(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(inner.to_owned());
    }
    let (mut units, mut chars) = (Vec::new(), inner.chars());
    while let Some(char) = chars.next() {
        let said = match char {
            '\\' => match chars.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(said.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(all)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(all)
    }
}

#[test]
fn a_tree_knows_where_its_parts_stand() {
    let text = r#" {"a\n": [1.50, "\ud83d\ude00\ud83d"], "\u0061\n":null}"#;
    let Some(Sent { at: 1, end: 55, is: Is::Object(members) }) = Sent::read(text) else {
        panic!("{:?}", Sent::read(text));
    };
    let [first, second] = &members[..] else { panic!("{members:?}") };
    assert_eq!((first.key.as_str(), first.quote), ("a\n", 2));
    assert_eq!((second.key.as_str(), second.quote, &second.value.is), ("a\n", 39, &Is::Null));
    let Is::Array(items) = &first.value.is else { panic!("{first:?}") };
    let number = Sent { at: 10, end: 14, is: Is::Number("1.50".into()) };
    let said = Sent { at: 16, end: 36, is: Is::Text("\u{1f600}\u{fffd}".into()) };
    assert_eq!(items[..], [number, said]);
    assert_eq!(Sent::read("[1"), None);
}
