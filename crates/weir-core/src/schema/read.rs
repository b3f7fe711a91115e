//! Where does each field stand? The document read once, each value noted in the cell of its field.
//!
//! Objects inside objects are read with them as far as the schema knows them beforehand. Where it
//! does not (an item of an array, a rule under a condition), the part is passed over here and read
//! again when its rule is known.

use alloc::vec::Vec;

use super::rules::Node;
use super::rules::object::{ObjectNode, Unknown};
use super::scratch::{Cell, Entry};
use crate::json::{Found, Glance, Lexer, Member, Members, Quoted, SyntaxError};

/// Reads the whole document; answers what its root is.
pub(super) fn document(
    root: &Node,
    mut lexer: Lexer<'_, '_>,
    cells: &mut Vec<Cell>,
    entries: &mut Vec<Entry>,
) -> Result<Option<Found>, SyntaxError> {
    let found = match root {
        Node::Object(node) if lexer.at_object() => {
            cells.resize(node.cells, Cell::default());
            Some(object(&mut lexer, node, cells, entries)?)
        }
        _ => lexer.found()?,
    };
    lexer.finish()?;
    Ok(found)
}

/// Reads the object that comes next into `cells`, which are its own.
pub(super) fn object(
    lexer: &mut Lexer<'_, '_>,
    node: &ObjectNode,
    cells: &mut [Cell],
    entries: &mut Vec<Entry>,
) -> Result<Found, SyntaxError> {
    let mut members = Members::open(lexer)?;
    let mut order = Order { last: None, likely: 0 };
    loop {
        if let Some(mut glance) = members.glance() {
            match everyday(&mut glance, (node, cells), &mut order) {
                Stop::End => return members.close(glance),
                Stop::Inner(at) => {
                    members.go_on(glance);
                    inner(&mut members, (node, at, cells), entries)?;
                    order.came(at, cells);
                    continue;
                }
                Stop::Other => members.go_on(glance),
            }
        }
        let (key, field) = match members.next(node.likely(order.likely))? {
            Member::End => return Ok(members.whole()),
            Member::Likely(key) => (key, Some(order.likely)),
            Member::Other(key) => (key, node.find(members.text(key), order.likely)),
        };
        let Some((at, cell)) = field.and_then(|at| Some((at, cells.get_mut(at)?))) else {
            other(&mut members, (node, key), entries)?;
            continue;
        };
        let again = cell.found.is_some();
        if again {
            members.repeated(key);
        }
        if node.inner(at).is_some() && members.at_object() {
            inner(&mut members, (node, at, cells), entries)?;
        } else {
            let found = members.value()?;
            (cell.found, cell.number, cell.holds) = (Some(found), None, false);
            if let (Some(glance), Some(field)) = (members.glance(), node.fields.get(at)) {
                cell.holds = field.surely_holds(found, glance, &mut cell.number);
            }
        }
        order.came(at, cells);
    }
}

/// Reads the object that comes next, the field at a place of another one.
fn inner(
    members: &mut Members<'_, '_, '_>,
    (node, at, cells): (&ObjectNode, usize, &mut [Cell]),
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    let Some((inner, from)) = node.inner(at) else { return Ok(()) };
    let again = cells.get(at).is_some_and(|cell| cell.found.is_some());
    let own = cells.get_mut(from..from.saturating_add(inner.cells)).unwrap_or_default();
    if again {
        own.fill(Cell::default());
    }
    let found = members.inner(|lexer| object(lexer, inner, own, entries))?;
    let holds = inner.surely_holds(own);
    if let Some(cell) = cells.get_mut(at) {
        (cell.found, cell.holds) = (Some(found), holds);
    }
    Ok(())
}

/// What everyday members are followed by.
enum Stop {
    /// The end of the object.
    End,
    /// An object that is read along, the value of the field at this place.
    Inner(usize),
    /// Something else, perhaps an error.
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
#[inline(never)]
fn everyday(
    glance: &mut Glance<'_>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    order: &mut Order,
) -> Stop {
    loop {
        in_order(glance, (node, cells), order);
        if glance.end() {
            return Stop::End;
        }
        let Some(ahead) = glance.ahead(node.likely(order.likely)) else { return Stop::Other };
        let at = match ahead.other {
            Some(key) => node.find(glance.key(key), order.likely),
            None => Some(order.likely),
        };
        let Some(at) = at else { return Stop::Other };
        match (node.fields.get(at), cells.get_mut(at)) {
            (Some(field), Some(cell)) if cell.found.is_none() => {
                if ahead.is_object() && field.inner.is_some() {
                    return glance.at_value(ahead).map_or(Stop::Other, |()| Stop::Inner(at));
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

/// Reads fields as long as they come in the order that is likely.
#[inline(never)]
fn in_order(from: &mut Glance<'_>, (node, cells): (&ObjectNode, &mut [Cell]), order: &mut Order) {
    let (Order { mut last, mut likely }, mut glance) = (*order, *from);
    while let (Some(field), Some(cell)) = (node.fields.get(likely), cells.get_mut(likely)) {
        if cell.found.is_some() {
            break;
        }
        let Some(found) = glance.member(&field.name.quoted) else { break };
        cell.found = Some(found);
        cell.holds = field.surely_holds(found, glance, &mut cell.number);
        (last, likely) = (Some(likely), cell.likely_after(likely));
    }
    (*order, *from) = (Order { last, likely }, glance);
}

/// Reads the value of a key that is no field's.
#[inline(always)]
fn other(
    members: &mut Members<'_, '_, '_>,
    (node, key): (&ObjectNode, Quoted),
    entries: &mut Vec<Entry>,
) -> Result<(), SyntaxError> {
    members.remember(key);
    let value = members.value()?;
    if node.unknown != Unknown::Ignored {
        entries.push(Entry { key: Some(members.key(key)), value, replaced: false });
    }
    Ok(())
}

/// Makes room for the fields of an object; answers where they start.
pub(super) fn make_room(cells: &mut Vec<Cell>, node: &ObjectNode) -> usize {
    let base = cells.len();
    cells.resize(base.saturating_add(node.cells), Cell::default());
    base
}
