//! What shapes could somebody declare? Definitions that compile, and some that do not.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::{below, maybe, one_in, one_of};
use crate::amount::{Precision, Quantity};
use crate::schema::{
    ArrayRule, Blank, BooleanRule, Definition, Field, Format, Literal, MapRule, Messages, Null,
    NumberRule, ObjectRule, Order, Rule, RuleCode, StringRule, Unknown, When,
};

impl<'b> Arbitrary<'b> for Definition {
    /// Mostly an object of a few fields; sound seven times of eight.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let mut maker = Maker { wild: one_in(u, 8)?, u };
        let root = match below(maker.u, 16)? {
            15 => maker.rule(0)?,
            _ => Rule::Object(maker.object(0)?),
        };
        let (messages, root_messages) = (maker.messages()?, maker.messages()?);
        let u = maker.u;
        let violations_max = match below(u, 4)? {
            0 => NonZeroU16::MIN.saturating_add(u16::try_from(below(u, 8)?).unwrap_or_default()),
            _ => NonZeroU16::MIN.saturating_add(63),
        };
        Ok(Self { root, messages, root_messages, order: u.arbitrary()?, violations_max })
    }
}

impl<'b> Arbitrary<'b> for Rule {
    /// Sound by itself: it may stand as a root or as a field.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Maker { u, wild: false }.rule(0)
    }
}

impl<'b> Arbitrary<'b> for StringRule {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Maker { u, wild: false }.string()
    }
}

impl<'b> Arbitrary<'b> for NumberRule {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Maker { u, wild: false }.number()
    }
}

impl<'b> Arbitrary<'b> for Messages {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Maker { u, wild: false }.messages()
    }
}

impl<'b> Arbitrary<'b> for Literal {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Ok(match below(u, 3)? {
            0 => Self::Text(text(u)?),
            1 => Self::Number(limit(u)?),
            _ => Self::Bool(u.arbitrary()?),
        })
    }
}

impl<'b> Arbitrary<'b> for Order {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Declared, Self::Sent])
    }
}

impl<'b> Arbitrary<'b> for Null {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Refused, Self::Absent, Self::Kept])
    }
}

impl<'b> Arbitrary<'b> for Blank {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Kept, Self::Missing])
    }
}

impl<'b> Arbitrary<'b> for Unknown {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Ignored, Self::Refused, Self::Kept])
    }
}

impl<'b> Arbitrary<'b> for Format {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(
            u,
            &[
                Self::Currency,
                Self::Duration,
                Self::Name,
                Self::Quantity,
                Self::Rfc3339,
                Self::Email,
                Self::Host,
                Self::Slug,
            ],
        )
    }
}

/// Makes rules; of a `wild` one only the types are right.
struct Maker<'u, 'b> {
    u: &'u mut Unstructured<'b>,
    wild: bool,
}

impl Maker<'_, '_> {
    fn rule(&mut self, depth: u32) -> Result<Rule> {
        // Only a wild one goes deeper than it may.
        let deepest = if self.wild { 20 } else { 3 };
        let kinds = if depth < deepest { 11 } else { 8 };
        let depth = depth.saturating_add(1);
        Ok(match below(self.u, kinds)? {
            0 | 1 => Rule::String(self.string()?),
            2 => Rule::Number(self.number()?),
            3 => Rule::Integer(self.integer()?),
            4 => Rule::Boolean(BooleanRule { equals: maybe(self.u, 2, bool::arbitrary)? }),
            5 => Rule::Any {},
            6 => Rule::Scalar {},
            7 => Rule::EpochMs {},
            8 => Rule::Object(self.object(depth)?),
            9 => {
                let items = self.inner(depth)?;
                let (count_min, count_max) = self.range(4)?;
                Rule::Array(ArrayRule { items, count_min, count_max })
            }
            _ => {
                let keys = if one_in(self.u, 2)? { Some(self.string()?) } else { None };
                let values = self.inner(depth)?;
                let (count_min, count_max) = self.range(4)?;
                let bytes_max = maybe(self.u, 4, |u| below(u, 64))?;
                Rule::Map(MapRule { keys, values, count_min, count_max, bytes_max })
            }
        })
    }

    fn inner(&mut self, depth: u32) -> Result<Option<Box<Rule>>> {
        if one_in(self.u, 4)? { Ok(None) } else { self.rule(depth).map(Box::new).map(Some) }
    }

    fn string(&mut self) -> Result<StringRule> {
        let (len_min, len_max) = self.range(8)?;
        let (equals, one_of) = self.choice(text)?;
        let format = maybe(self.u, 3, Format::arbitrary)?;
        Ok(StringRule { len_min, len_max, equals, one_of, format })
    }

    fn integer(&mut self) -> Result<NumberRule> {
        let rule = self.number()?;
        let precision = if self.wild { rule.precision } else { Precision::Exact };
        Ok(NumberRule { precision, ..rule })
    }

    fn number(&mut self) -> Result<NumberRule> {
        let (equals, one_of) = self.choice(limit)?;
        let low = maybe(self.u, 2, limit)?;
        let high = maybe(self.u, 2, limit)?;
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) if low >= high && !self.wild => {
                (Some(high), low.checked_add(Quantity::NANO))
            }
            both => both,
        };
        let [least, most] = [one_in(self.u, 2)?, one_in(self.u, 2)?];
        Ok(NumberRule {
            min: low.filter(|_| least),
            above: low.filter(|_| !least),
            max: high.filter(|_| most),
            below: high.filter(|_| !most),
            equals,
            one_of,
            step: self.step()?,
            precision: self.u.arbitrary()?,
        })
    }

    fn step(&mut self) -> Result<Option<Quantity>> {
        let step = maybe(self.u, 4, limit)?;
        Ok(step.filter(|step| self.wild || *step > Quantity::ZERO))
    }

    /// None, one in `equals`, or several different ones.
    fn choice<T: PartialEq>(
        &mut self,
        make: impl Fn(&mut Unstructured<'_>) -> Result<T>,
    ) -> Result<(Option<T>, Vec<T>)> {
        let (mut equals, mut options) = (None, Vec::new());
        let which = below(self.u, 8)?;
        if which == 6 || (self.wild && which == 5) {
            equals = Some(make(self.u)?);
        }
        if which == 7 || (self.wild && which == 5) {
            for _ in 0..=below(self.u, 4)? {
                let option = make(self.u)?;
                if self.wild || !options.contains(&option) {
                    options.push(option);
                }
            }
        }
        Ok((equals, options))
    }

    fn range(&mut self, end: u32) -> Result<(Option<u32>, Option<u32>)> {
        let min = maybe(self.u, 4, |u| below(u, end))?;
        let more = maybe(self.u, 3, |u| below(u, end))?;
        let least = if self.wild { 0 } else { min.unwrap_or_default() };
        Ok((min, more.map(|more| least.saturating_add(more))))
    }

    fn object(&mut self, depth: u32) -> Result<ObjectRule> {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..below(self.u, 6)? {
            let name = name(self.u)?;
            if self.wild || !names.contains(&name) {
                names.push(name);
            }
        }
        let mut fields = Vec::new();
        for name in &names {
            fields.push(self.field(name, &names, depth)?);
        }
        let groups = [self.group(&names)?, self.group(&names)?];
        let [at_least_one_of, exactly_one_of] = groups;
        let unknown = self.u.arbitrary()?;
        Ok(ObjectRule { fields, unknown, at_least_one_of, exactly_one_of })
    }

    fn group(&mut self, names: &[String]) -> Result<Vec<Vec<String>>> {
        if !one_in(self.u, 6)? {
            return Ok(Vec::new());
        }
        if self.wild {
            return Ok([[name(self.u)?, name(self.u)?].into()].into());
        }
        let all = usize::try_from(below(self.u, 3)?.saturating_add(2)).unwrap_or_default();
        let group: Vec<String> = names.iter().take(all).cloned().collect();
        Ok(if group.len() < 2 { Vec::new() } else { [group].into() })
    }

    fn field(&mut self, name: &str, names: &[String], depth: u32) -> Result<Field> {
        let is = self.rule(depth)?;
        let required = one_in(self.u, 3)?;
        let default = match one_in(self.u, 3)? && (self.wild || (depth == 0 && !required)) {
            true => self.default(&is)?,
            false => None,
        };
        let mut when = Vec::new();
        if one_in(self.u, 4)? {
            for _ in 0..=below(self.u, 2)? {
                when.extend(self.when(name, names, depth)?);
            }
        }
        let messages = if one_in(self.u, 8)? { self.messages()? } else { Messages::default() };
        let (null, blank) = (self.u.arbitrary()?, self.u.arbitrary()?);
        Ok(Field { name: name.to_owned(), is, required, null, blank, default, when, messages })
    }

    fn when(&mut self, name: &str, names: &[String], depth: u32) -> Result<Option<When>> {
        let others: Vec<&String> = names.iter().filter(|n| self.wild || *n != name).collect();
        if others.is_empty() {
            return Ok(None);
        }
        let field = (*self.u.choose(&others)?).clone();
        let mut one_of = Vec::new();
        for _ in u32::from(self.wild)..=below(self.u, 2)? {
            one_of.push(text(self.u)?);
        }
        Ok(Some(When { field, one_of, is: self.rule(depth)? }))
    }

    fn default(&mut self, is: &Rule) -> Result<Option<Literal>> {
        if self.wild {
            return Literal::arbitrary(self.u).map(Some);
        }
        Ok(match is {
            Rule::Any {} | Rule::Scalar {} => Some(self.u.arbitrary()?),
            Rule::Boolean(_) => Some(Literal::Bool(self.u.arbitrary()?)),
            Rule::EpochMs {} | Rule::Integer(_) | Rule::Number(_) => {
                Some(Literal::Number(limit(self.u)?))
            }
            Rule::String(_) => Some(Literal::Text(text(self.u)?)),
            Rule::Array(_) | Rule::Map(_) | Rule::Object(_) => None,
        })
    }

    fn messages(&mut self) -> Result<Messages> {
        let mut messages = Messages::default();
        if one_in(self.u, 8)? {
            messages.any = Some(self.template()?);
        }
        if one_in(self.u, 4)? {
            for _ in 0..=below(self.u, 2)? {
                let code = one_of(self.u, &CODES)?;
                messages.by_code.insert(code, self.template()?);
            }
        }
        Ok(messages)
    }

    fn template(&mut self) -> Result<String> {
        if self.wild {
            return Ok([text(self.u)?.as_str(), "{"].concat());
        }
        one_of(self.u, &TEMPLATES).map(str::to_owned)
    }
}

/// A number near to those that bodies hold.
fn limit(u: &mut Unstructured<'_>) -> Result<Quantity> {
    Ok(match below(u, 4)? {
        0 => u.arbitrary()?,
        1 => Quantity::from_nanos(i128::from(below(u, 4)?).saturating_mul(500_000_000)),
        _ => Quantity::from_units(i64::from(below(u, 16)?).saturating_sub(4)),
    })
}

/// Text that other rules know too, or any.
pub(super) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    if one_in(u, 8)? {
        let most = usize::try_from(below(u, 12)?).unwrap_or_default();
        let bytes = u.bytes(most.min(u.len()))?;
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    one_of(u, &TEXTS).map(str::to_owned)
}

/// The name of a field.
pub(super) fn name(u: &mut Unstructured<'_>) -> Result<String> {
    if one_in(u, 12)? { text(u) } else { one_of(u, &NAMES).map(str::to_owned) }
}

const NAMES: [&str; 8] = ["a", "b", "c", "d~/", "e", "id", "amount", "é"];

/// At least one of each format, and texts that break rules.
pub(super) const TEXTS: [&str; 16] = [
    "a",
    "b",
    "USD",
    "12.5",
    "PT5M",
    "2026-01-01T00:00:00Z",
    "me@example.com",
    "www.example.com",
    "",
    " ",
    "a-slug",
    "usd",
    "\u{e9}\u{1f600}",
    "\"\\/\n\u{7f}",
    "more than a few",
    "\u{a0}\u{3000}",
];

const TEMPLATES: [&str; 6] = [
    "no",
    "The data.{field} field is required.",
    "{path} {pointer} {place}",
    "{expected}, not {received}",
    "{an_expected}",
    "",
];

const CODES: [RuleCode; 8] = [
    RuleCode::Required,
    RuleCode::Type,
    RuleCode::Format,
    RuleCode::OneOf,
    RuleCode::TooLong,
    RuleCode::Unknown,
    RuleCode::AtLeastOneOf,
    RuleCode::Min,
];
