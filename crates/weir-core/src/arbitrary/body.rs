//! What would somebody send who has read the schema? Bodies that nearly fit.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt::Write;

use ::arbitrary::{Result, Unstructured};

use super::schema::{TEXTS, name, text};
use super::{below, one_in, one_of};
use crate::amount::Quantity;
use crate::schema::{Definition, MapRule, NumberRule, ObjectRule, Rule, StringRule};

/// Writes a body for a definition: JSON, except for a stray byte now and then, that keeps most of
/// the rules and lands on their limits.
///
/// # Errors
///
/// None: bytes that run out are read as zeros.
///
/// # Example
///
/// ```
/// use arbitrary::Unstructured;
/// use weir_core::arbitrary::body;
///
/// let definition = serde_json::from_str(
///     r#"{"root": {"type": "object", "fields": [
///         {"name": "id", "required": true, "is": {"type": "string", "len_min": 3}}
///     ]}}"#,
/// )?;
/// // The bytes choose; without any, it is the plainest body.
/// assert_eq!(body(&definition, &mut Unstructured::new(&[]))?, r#"{"id":"aaa"}"#);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn body(definition: &Definition, u: &mut Unstructured<'_>) -> Result<String> {
    let mut writer = Writer { out: String::new(), depth: 0, u };
    writer.rule(&definition.root)?;
    let Writer { mut out, u, .. } = writer;
    if one_in(u, 16)? {
        out.push(one_of(u, &['}', ',', '"', ' ', '0', '\u{feff}'])?);
    }
    Ok(out)
}

struct Writer<'u, 'b> {
    out: String,
    depth: u32,
    u: &'u mut Unstructured<'b>,
}

impl Writer<'_, '_> {
    fn rule(&mut self, rule: &Rule) -> Result<()> {
        self.blank()?;
        // A definition can ask for more than any body may hold.
        if self.depth > DEPTH_MAX || self.out.len() > LEN_MAX {
            self.out.push_str("null");
            return Ok(());
        }
        if one_in(self.u, 12)? {
            return self.anything();
        }
        self.depth = self.depth.saturating_add(1);
        match rule {
            Rule::Any {} | Rule::Scalar {} => self.anything()?,
            Rule::Array(rule) => {
                let count = self.count((rule.count_min, rule.count_max))?;
                self.out.push('[');
                for place in 0..count {
                    self.separate(place);
                    match &rule.items {
                        Some(items) => self.rule(items)?,
                        None => self.anything()?,
                    }
                }
                self.out.push(']');
            }
            Rule::Boolean(rule) => {
                let other = one_in(self.u, 2)?;
                let said = rule.equals.unwrap_or(other) ^ one_in(self.u, 8)?;
                self.out.push_str(if said { "true" } else { "false" });
            }
            Rule::EpochMs {} => self.out.push_str(one_of(self.u, &INSTANTS)?),
            Rule::Integer(rule) | Rule::Number(rule) => self.number(rule)?,
            Rule::Map(rule) => self.map(rule)?,
            Rule::Object(rule) => self.object(rule)?,
            Rule::String(rule) => {
                let text = self.text(rule)?;
                self.string(&text)?;
            }
        }
        self.depth = self.depth.saturating_sub(1);
        self.blank()
    }

    /// A value of any type.
    fn anything(&mut self) -> Result<()> {
        match below(self.u, 12)? {
            7 => {
                let text = text(self.u)?;
                self.string(&text)?;
            }
            8 => self.number(&NumberRule::default())?,
            9 => self.out.push_str("\"\\ud83d\""),
            at => self.out.push_str(one_of(self.u, PLAIN.get(..=usize_of(at)).unwrap_or(&PLAIN))?),
        }
        Ok(())
    }

    fn count(&mut self, (min, max): (Option<u32>, Option<u32>)) -> Result<u32> {
        let (most, more) = (max.unwrap_or(u32::MAX), below(self.u, 3)?);
        let count = min.unwrap_or_default().saturating_add(more);
        Ok(if one_in(self.u, 8)? { most.saturating_add(1) } else { count.min(most) }.min(COUNT_MAX))
    }

    fn map(&mut self, rule: &MapRule) -> Result<()> {
        let count = self.count((rule.count_min, rule.count_max))?;
        self.out.push('{');
        for place in 0..count {
            self.separate(place);
            let mut key = match &rule.keys {
                Some(keys) if !one_in(self.u, 4)? => self.text(keys)?,
                _ => name(self.u)?,
            };
            // Two keys made alike are told apart at times.
            if one_in(self.u, 2)? {
                key.push_str(&place.to_string());
            }
            self.key(&key)?;
            match &rule.values {
                Some(values) => self.rule(values)?,
                None => self.anything()?,
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn object(&mut self, rule: &ObjectRule) -> Result<()> {
        self.out.push('{');
        let mut place = 0_u32;
        let first = usize_of(below(self.u, 4)?);
        let fields = rule.fields.iter().skip(first).chain(rule.fields.iter().take(first));
        for field in fields {
            let sent = below(self.u, 16)?;
            if sent == 15 || (sent > 10 && !field.required) {
                continue;
            }
            self.separate(place);
            place = place.saturating_add(1);
            self.key(&field.name)?;
            let met = field.when.get(usize_of(below(self.u, 3)?)).map(|when| &when.is);
            match sent {
                9 => self.out.push_str("null"),
                10 => self.out.push_str("\" \""),
                _ => self.rule(met.unwrap_or(&field.is))?,
            }
        }
        if one_in(self.u, 4)? {
            self.separate(place);
            let key = name(self.u)?;
            self.key(&key)?;
            self.anything()?;
        }
        self.out.push('}');
        Ok(())
    }

    /// A number at one of the rule's limits, or next to it.
    fn number(&mut self, rule: &NumberRule) -> Result<()> {
        let NumberRule { min, max, above, below: under, equals, .. } = rule;
        let limits = [*min, *max, *above, *under, *equals, rule.one_of.first().copied()];
        let inside = equals.or(rule.one_of.last().copied()).or(*min).or(*max);
        let inside = inside.or(above.and_then(|above| above.checked_add(UNIT)));
        let inside = inside.or(under.and_then(|under| under.checked_sub(UNIT)));
        let limit = match below(self.u, 4)? {
            0 | 1 => inside.unwrap_or_default(),
            2 => one_of(self.u, &limits)?.unwrap_or(UNIT),
            _ => return self.digits(),
        };
        let by = one_of(self.u, &[Quantity::ZERO, UNIT, Quantity::NANO])?;
        let by = if one_in(self.u, 4)? { rule.step.unwrap_or(by) } else { by };
        let number = match one_in(self.u, 2)? {
            true => limit.checked_sub(by),
            false => limit.checked_add(by),
        };
        // Writing to a string does not fail.
        let _ = write!(self.out, "{}", number.unwrap_or(limit));
        self.out.push_str(one_of(self.u, &["", "", "", "e0", "E+0", "0e-1"])?);
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        self.out.push_str(one_of(self.u, &NUMBERS)?);
        Ok(())
    }

    /// A text that the rule admits, if it is easy to tell one.
    fn text(&mut self, rule: &StringRule) -> Result<String> {
        if one_in(self.u, 8)? {
            return text(self.u);
        }
        let from = usize_of(below(self.u, 16)?);
        let only = rule.equals.as_ref().or_else(|| rule.one_of.iter().cycle().nth(from));
        if let Some(only) = only {
            return Ok(only.clone());
        }
        if let Some(format) = rule.format {
            let known = TEXTS.iter().cycle().skip(from).take(TEXTS.len());
            let known = known.copied().find(|text| format.admits(text));
            return Ok(known.unwrap_or_default().to_owned());
        }
        let more = below(self.u, 3)?;
        let most = rule.len_max.unwrap_or(u32::MAX);
        let len = rule.len_min.unwrap_or(1).saturating_add(more).min(most);
        let len = if one_in(self.u, 8)? { most.saturating_add(1) } else { len };
        let char = one_of(self.u, &["a", "b", "\u{e9}", "\u{1f600}", "\""])?;
        Ok(char.repeat(usize_of(len.min(TEXT_MAX))))
    }

    fn key(&mut self, name: &str) -> Result<()> {
        self.blank()?;
        self.string(name)?;
        self.blank()?;
        self.out.push(':');
        Ok(())
    }

    /// Writes a string; now and then with escapes that need not be.
    fn string(&mut self, text: &str) -> Result<()> {
        let escaped = one_in(self.u, 6)?;
        self.out.push('"');
        for char in text.chars() {
            match char {
                '"' | '\\' if !escaped => self.out.extend(['\\', char]),
                '\n' if !escaped => self.out.push_str("\\n"),
                '\0'..='\u{1f}' => self.escape(char),
                _ if escaped => self.escape(char),
                _ => self.out.push(char),
            }
        }
        self.out.push('"');
        Ok(())
    }

    fn escape(&mut self, char: char) {
        for unit in char.encode_utf16(&mut [0; 2]) {
            let _ = write!(self.out, "\\u{unit:04x}");
        }
    }

    fn separate(&mut self, place: u32) {
        if place > 0 {
            self.out.push(',');
        }
    }

    fn blank(&mut self) -> Result<()> {
        if one_in(self.u, 24)? {
            self.out.push_str(one_of(self.u, &[" ", "\n", "\t\r\n"])?);
        }
        Ok(())
    }
}

fn usize_of(small: u32) -> usize {
    usize::try_from(small).unwrap_or_default()
}

const UNIT: Quantity = Quantity::from_units(1);
/// Bodies stay small, whatever the definition asks for.
const COUNT_MAX: u32 = 20;
const TEXT_MAX: u32 = 40;
const DEPTH_MAX: u32 = 24;
const LEN_MAX: usize = 2_048;

const PLAIN: [&str; 8] =
    ["true", "null", "\"a\"", "1", "[]", "{}", "[1,{\"a\":null}]", "{\"a\":[{}],\"b\":\"USD\"}"];

const INSTANTS: [&str; 8] = [
    "1760000000000",
    "253402300799999",
    "253402300799999.0000000004",
    "253402300799999.5",
    "-62135596800000",
    "-62135596800000.000000001",
    "1.76e12",
    "1e40",
];

const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "1",
    "2.0",
    "1e3",
    "0.5",
    "-1.5",
    "0.0000000015",
    "0.00000000005",
    "1e40",
    "170141183460469231731687303715.884105727",
    "-170141183460469231731687303715.884105728",
];
