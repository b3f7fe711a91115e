//! Where does each field stand? The document read once, each value noted in the cell of its field.
//!
//! Containers inside objects are read along with their rules as far as the schema knows them
//! beforehand. Where it does not (a rule under a condition), the part is passed over here and read
//! again when its rule is known.

use alloc::vec::Vec;

use super::along::{self, Along};
use super::rules::Node;
use super::rules::object::{ObjectNode, Unknown};
use super::scratch::{Cell, Entry};
use crate::json::{Ahead, Found, Glance, Key, Kind, Lexer, Member, Members, Quoted, SyntaxError};

/// Reads the whole document; answers what its root is, and whether that surely breaks no rule.
pub(super) fn document(
    root: &Node,
    mut lexer: Lexer<'_, '_>,
    cells: &mut Vec<Cell>,
    entries: &mut Vec<Entry>,
) -> Result<(Option<Found>, bool), SyntaxError> {
    cells.resize(root.cells(), Cell::default());
    let container = lexer.container();
    let (found, holds) = if let (Node::Object(node), Some(Kind::Object)) = (root, container) {
        // Its rules are gone through by its cells.
        (Some(object(&mut lexer, node, cells, entries)?), false)
    } else if let Some(along) = root.along(container) {
        let (found, holds) = along::container(&mut lexer, (along, cells), entries)?;
        (Some(found), holds)
    } else {
        (lexer.found()?, false)
    };
    lexer.finish()?;
    Ok((found, holds))
}

/// Reads the object that comes next into `cells`, which are its own.
pub(super) fn object(
    lexer: &mut Lexer<'_, '_>,
    node: &ObjectNode,
    cells: &mut [Cell],
    entries: &mut Vec<Entry>,
) -> Result<Found, SyntaxError> {
    let mut members = Members::open(lexer)?;
    fields(&mut members, node, cells, entries)?;
    Ok(members.done())
}

/// Reads the object that is open, to its end.
fn fields(
    members: &mut Members<'_, '_, '_>,
    node: &ObjectNode,
    cells: &mut [Cell],
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    cells.iter_mut().take(node.fields.len()).for_each(Cell::clear);
    let mut order = Order { last: None, likely: 0 };
    loop {
        let stop = members.glance().map(|glance| everyday(glance, (node, cells), &mut order));
        let at = match stop {
            Some(Stop::End) => return members.close(),
            Some(Stop::Object(at)) => {
                nested(members, (node, at, cells), entries)?;
                at
            }
            Some(Stop::Container(at)) => {
                value(members, (node, at, cells), entries)?;
                at
            }
            Some(Stop::Other) | None => {
                match member(members, (node, cells), (order.likely, entries))? {
                    Read::End => return Ok(()),
                    Read::Field(at) => at,
                    Read::Other => continue,
                }
            }
        };
        order.came(at, cells);
        if members.glance().is_some_and(Glance::end) {
            return members.close();
        }
    }
}

/// Reads the next member, whatever it is, or the end of the object.
#[inline(never)] // Everyday ones are read elsewhere.
fn member(
    members: &mut Members<'_, '_, '_>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    (likely, entries): (usize, &mut Vec<Entry>),
) -> Result<Read, SyntaxError> {
    let (key, field) = match members.next(node.likely(likely))? {
        Member::End => return Ok(Read::End),
        Member::Likely(key) => (key, Some(likely)),
        Member::Other(key) => (key, node.find(members.text(key), likely)),
    };
    let Some((at, cell)) = field.and_then(|at| Some((at, cells.get_mut(at)?))) else {
        other(members, (node, key), entries)?;
        others(members, (node, likely), entries);
        return Ok(Read::Other);
    };
    if cell.found.is_some() {
        members.repeated(key);
    }
    value(members, (node, at, cells), entries)?;
    Ok(Read::Field(at))
}

/// Reads the value that comes next, of the field at a place.
fn value(
    members: &mut Members<'_, '_, '_>,
    (node, at, cells): (&ObjectNode, usize, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    let mut number = None;
    let (found, holds) = match node.inner(at, members.container()) {
        Some((Along::Object(_), _)) => return nested(members, (node, at, cells), entries),
        Some((along, from)) => {
            let own = cells.get_mut(from..).unwrap_or_default();
            members.inner(|lexer| along::container(lexer, (along, own), entries))?
        }
        None => {
            let found = members.value()?;
            let sure = members.glance().zip(node.fields.get(at));
            let holds =
                sure.is_some_and(|(glance, field)| field.surely_holds(found, *glance, &mut number));
            (found, holds)
        }
    };
    if let Some(cell) = cells.get_mut(at) {
        (cell.found, cell.number, cell.holds) = (Some(found), number, holds);
    }
    Ok(())
}

/// Reads the object that stands here, of the field at a place.
#[inline(always)]
fn nested(
    members: &mut Members<'_, '_, '_>,
    (node, at, cells): (&ObjectNode, usize, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    let Some((inner, from)) = node.object(at) else { return Ok(()) };
    let own = cells.get_mut(from..).unwrap_or_default();
    let (kept, outer) = (entries.len(), members.enter()?);
    fields(members, inner, own, entries)?;
    let holds = inner.surely_holds(own, entries.len() > kept);
    entries.truncate(kept);
    let found = members.leave(outer);
    if let Some(cell) = cells.get_mut(at) {
        (cell.found, cell.holds) = (Some(found), holds);
    }
    Ok(())
}

/// What everyday members are followed by.
enum Stop {
    /// A container that is read along, the value of the field at this place.
    Container(usize),
    /// The end of the object.
    End,
    /// An object that is read along, the value of the field at this place.
    Object(usize),
    /// Something else, perhaps an error.
    Other,
}

/// What was read.
enum Read {
    /// The end of the object.
    End,
    /// The field at this place.
    Field(usize),
    /// A member that is no field.
    Other,
}

/// In which order fields come: the one that came last, and the one that is likely to be next.
#[derive(Clone, Copy)]
struct Order {
    last: Option<usize>,
    likely: usize,
}

impl Order {
    /// Takes note that the field at a place came.
    fn came(&mut self, at: usize, cells: &mut [Cell]) {
        if at != self.likely
            && let Some(last) = self.last.and_then(|last| cells.get_mut(last))
        {
            last.was_before(at);
        }
        let after = cells.get(at).map_or(0, |cell| cell.likely_after(at));
        (self.last, self.likely) = (Some(at), after);
    }
}

/// Reads fields as long as their members are everyday ones.
#[inline(always)]
fn everyday(
    glance: &mut Glance<'_>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    order: &mut Order,
) -> Stop {
    loop {
        if node.object(order.likely).is_some() && object_ahead(glance, (node, cells), *order) {
            return Stop::Object(order.likely);
        }
        let (at, ahead) = match in_order(glance, node, cells, order) {
            Some(ahead) => (order.likely, ahead),
            None if glance.end() => return Stop::End,
            None => {
                let Some((key, ahead)) = glance.ahead() else { return Stop::Other };
                match node.find(glance.key(key), order.likely) {
                    Some(at) => (at, ahead),
                    None => return Stop::Other,
                }
            }
        };
        match (node.fields.get(at), cells.get_mut(at)) {
            (Some(field), Some(cell)) if cell.found.is_none() => {
                if let Some(along) = field.along(glance.container(ahead)) {
                    let stop = match along {
                        Along::Object(_) => Stop::Object(at),
                        Along::Array(_) | Along::Map(_) => Stop::Container(at),
                    };
                    return glance.at_value(ahead).map_or(Stop::Other, |()| stop);
                }
                if !field.take((ahead, glance), cell) {
                    return Stop::Other;
                }
            }
            _ => return Stop::Other,
        }
        order.came(at, cells);
    }
}

/// Goes on to the value of the likely field, if that comes next and is an object.
#[inline(always)]
fn object_ahead(
    glance: &mut Glance<'_>,
    (node, cells): (&ObjectNode, &[Cell]),
    Order { likely, .. }: Order,
) -> bool {
    if cells.get(likely).is_none_or(|cell| cell.found.is_some()) {
        return false;
    }
    let ahead = glance.likely(node.likely(likely));
    let ahead = ahead.filter(|ahead| glance.container(*ahead) == Some(Kind::Object));
    ahead.and_then(|ahead| glance.at_value(ahead)).is_some()
}

/// Reads fields as long as they come in the order that is likely; answers what value comes next, where
/// the key is the likely one and the value no everyday one.
#[inline(never)]
fn in_order(
    from: &mut Glance<'_>,
    node: &ObjectNode,
    cells: &mut [Cell],
    order: &mut Order,
) -> Option<Ahead> {
    let (Order { mut last, mut likely }, mut glance) = (*order, *from);
    let ahead = loop {
        let (Some(field), Some(cell)) = (node.fields.get(likely), cells.get_mut(likely)) else {
            break None;
        };
        if cell.found.is_some() {
            break None;
        }
        let Some(ahead) = glance.likely(&field.name.quoted) else { break None };
        let Some(found) = glance.scalar(ahead) else { break Some(ahead) };
        cell.found = Some(found);
        cell.holds = field.surely_holds(found, glance, &mut cell.number);
        (last, likely) = (Some(likely), cell.likely_after(likely));
    };
    (*order, *from) = (Order { last, likely }, glance);
    ahead
}

/// Reads the value of a key that is no field's.
#[inline(always)]
fn other(
    members: &mut Members<'_, '_, '_>,
    (node, key): (&ObjectNode, Quoted),
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    let value = members.value()?;
    unknown(members, (node, key, value), entries);
    Ok(())
}

/// Reads members that are no fields, as long as their values are everyday ones and no containers.
fn others(
    members: &mut Members<'_, '_, '_>,
    (node, likely): (&ObjectNode, usize),
    entries: &mut Vec<Entry>,
) {
    while let Some(glance) = members.glance()
        && let Some((key, ahead)) = glance.ahead()
        && node.find(glance.key(key), likely).is_none()
        && let Some(found) = glance.scalar(ahead)
    {
        unknown(members, (node, key, found), entries);
    }
}

/// Takes note of a member that is no field.
#[inline(always)]
fn unknown(
    members: &mut Members<'_, '_, '_>,
    (node, key, value): (&ObjectNode, Quoted, Found),
    entries: &mut Vec<Entry>,
) {
    members.remember(key);
    if node.unknown != Unknown::Ignored {
        entries.push(Entry { key: Some(Key::new(key)), value, replaced: false });
    }
}

/// Makes room for the fields of an object; answers where they start.
pub(super) fn make_room(cells: &mut Vec<Cell>, node: &ObjectNode) -> usize {
    let base = cells.len();
    cells.resize(base.saturating_add(node.cells), Cell::default());
    base
}
