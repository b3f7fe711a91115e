//! Where does each field stand? The document read once, each value noted in the cell of its field.
//!
//! Objects inside objects are read with them as far as the schema knows them beforehand. Where it
//! does not (an item of an array, a rule under a condition), the part is passed over here and read
//! again when its rule is known.

use alloc::vec::Vec;

use super::rules::Node;
use super::rules::field::FieldNode;
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
        if let Some(glance) = members.glance() {
            members.go_on(everyday(glance, (node, cells), &mut order));
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
        match node.inner(at) {
            Some((inner, from)) if members.at_object() => {
                let own = cells.get_mut(from..from.saturating_add(inner.cells));
                let own = own.unwrap_or_default();
                if again {
                    own.fill(Cell::default());
                }
                let found = members.inner(|lexer| object(lexer, inner, own, entries))?;
                if let Some(cell) = cells.get_mut(at) {
                    cell.found = Some(found);
                }
            }
            _ => {
                cell.found = Some(members.value()?);
                (cell.number, cell.holds) = (None, false);
                if let (Some(glance), Some(field)) = (members.glance(), node.fields.get(at)) {
                    note(cell, field, glance);
                }
            }
        }
        order.came(at, cells);
    }
}

/// In which order fields come: the one that came last, and the one that is likely to be next.
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
fn everyday<'a>(
    glance: Glance<'a>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    order: &mut Order,
) -> Glance<'a> {
    let mut glance = glance;
    loop {
        glance = in_order(glance, (node, cells), order);
        let mut further = glance;
        let Some((key, found)) = further.any() else { return glance };
        let Some(at) = node.find(further.key(key), order.likely) else { return glance };
        let (Some(field), Some(cell)) = (node.fields.get(at), cells.get_mut(at)) else {
            return glance;
        };
        if cell.found.is_some() {
            return glance;
        }
        cell.found = Some(found);
        note(cell, field, further);
        order.came(at, cells);
        glance = further;
    }
}

/// Reads fields as long as they come in the order that is likely.
#[inline(never)]
fn in_order<'a>(
    mut glance: Glance<'a>,
    (node, cells): (&ObjectNode, &mut [Cell]),
    order: &mut Order,
) -> Glance<'a> {
    let Order { mut last, mut likely } = *order;
    while let (Some(field), Some(cell)) = (node.fields.get(likely), cells.get_mut(likely)) {
        if cell.found.is_some() {
            break;
        }
        let Some(found) = glance.member(&field.name.quoted) else { break };
        cell.found = Some(found);
        note(cell, field, glance);
        (last, likely) = (Some(likely), cell.likely_after(likely));
    }
    *order = Order { last, likely };
    glance
}

/// Notes whether what was found of a field surely holds.
#[inline(always)]
fn note(cell: &mut Cell, field: &FieldNode, glance: Glance<'_>) {
    let Some(found) = cell.found else { return };
    cell.holds = field.surely_holds(found, glance, &mut cell.number);
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
