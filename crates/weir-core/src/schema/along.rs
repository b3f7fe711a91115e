//! Does it hold as it is read? Containers read with their rule in hand, once.
//!
//! What surely holds then needs no other look, and that is nearly all that is ever sent. Where there
//! is doubt, the checker reads the container anew and goes through its rules one by one.

use alloc::vec::Vec;

use super::read;
use super::rules::Node;
use super::rules::array::ArrayNode;
use super::rules::map::MapNode;
use super::rules::object::ObjectNode;
use super::scratch::{Cell, Entry};
use crate::json::{Found, Items, Kind, Lexer, Member, Members, SyntaxError};

/// What was read, and whether it surely breaks no rule.
pub(super) type Seen = (Found, bool);

/// The rule of a container that is read along, one that it is for and has something to say of.
#[derive(Clone, Copy)]
pub(super) enum Along<'n> {
    Array(&'n ArrayNode),
    Map(&'n MapNode),
    Object(&'n ObjectNode),
}

impl Node {
    /// Whether it is the rule of a container that is read along.
    pub(super) fn is_along(&self) -> bool {
        match self {
            Self::Array(array) => !array.is_free(),
            Self::Map(map) => !map.is_free(),
            Self::Object(object) => !object.is_free(),
            _ => false,
        }
    }

    /// Its rule for the container that comes, if one comes and there is one to read it along with.
    #[inline(always)]
    pub(super) fn along(&self, container: Option<Kind>) -> Option<Along<'_>> {
        match (self, container?) {
            (Self::Array(array), Kind::Array) if !array.is_free() => Some(Along::Array(array)),
            (Self::Map(map), Kind::Object) if !map.is_free() => Some(Along::Map(map)),
            (Self::Object(object), Kind::Object) if !object.is_free() => {
                Some(Along::Object(object))
            }
            _ => None,
        }
    }
}

/// Reads the container that comes next; `cells` are for the objects in it.
#[inline(always)]
pub(super) fn container(
    lexer: &mut Lexer<'_, '_>,
    (along, cells): (Along<'_>, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<Seen, SyntaxError> {
    match along {
        Along::Array(array) => items(lexer, (array, cells), entries),
        Along::Map(map) => members(lexer, (map, cells), entries),
        Along::Object(object) => fields(lexer, (object, cells), entries),
    }
}

/// A rule for many values that are no containers but empty ones; what it says of short numbers is at
/// hand.
#[derive(Clone, Copy)]
struct Scalar<'n> {
    node: &'n Node,
    digits: u16,
}

impl<'n> Scalar<'n> {
    const fn of(node: &'n Node) -> Self {
        let digits = match node {
            Node::Number(number) => number.digits,
            _ => 0,
        };
        Self { node, digits }
    }

    /// Whether a value surely breaks no rule.
    #[inline(always)]
    fn admits(self, found: Found, text: &str) -> bool {
        let short = found.digit(text).is_some_and(|digit| self.digits >> digit & 1 == 1);
        short
            || match found.kind {
                Kind::Array | Kind::Object => self.node.surely_admits_empty(found),
                _ => self.node.surely_holds(found, text),
            }
    }
}

#[inline(always)]
fn fields(
    lexer: &mut Lexer<'_, '_>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<Seen, SyntaxError> {
    let from = entries.len();
    let found = read::object(lexer, node, cells, entries)?;
    let holds = node.surely_holds(cells, entries.len() > from);
    entries.truncate(from);
    Ok((found, holds))
}

#[inline(never)]
fn items(
    lexer: &mut Lexer<'_, '_>,
    (node, cells): (&ArrayNode, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<Seen, SyntaxError> {
    let text = lexer.text();
    let mut items = Items::open(lexer)?;
    let (mut count, mut holds) = (0_u32, true);
    let rule = Scalar::of(&node.items);
    loop {
        items.everyday(|item| {
            count = count.wrapping_add(1); // Each takes a byte of a text of 2³² at most.
            holds = holds && rule.admits(item, text);
        });
        if !items.next()? {
            break;
        }
        count = count.wrapping_add(1);
        let held = match node.items.along(items.container()) {
            Some(along) => items.inner(|lexer| container(lexer, (along, cells), entries))?.1,
            None => node.items.surely_holds(items.value()?, text),
        };
        holds = holds && held;
    }
    Ok((items.whole(), holds && node.fits(count)))
}

#[inline(never)]
fn members(
    lexer: &mut Lexer<'_, '_>,
    (node, cells): (&MapNode, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<Seen, SyntaxError> {
    let text = lexer.text();
    let mut members = Members::open(lexer)?;
    let (mut holds, rule) = (true, Scalar::of(&node.values));
    loop {
        members.everyday(|key, value| {
            holds = holds && node.surely_admits_key(key) && rule.admits(value, text);
        });
        let key = match members.next(&[])? {
            Member::End => break,
            Member::Likely(key) | Member::Other(key) => key,
        };
        members.remember(key);
        let held = match node.values.along(members.container()) {
            Some(along) => members.inner(|lexer| container(lexer, (along, cells), entries))?.1,
            None => node.values.surely_holds(members.value()?, text),
        };
        holds = holds && held && node.surely_admits_key(key);
    }
    let (count, count_min) = (members.count(), members.count_min());
    let found = members.done();
    Ok((found, holds && node.fits(count, found) && node.fits(count_min, found)))
}
