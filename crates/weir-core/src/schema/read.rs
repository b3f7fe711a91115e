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
            make_room(cells, node);
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
    let mut next = 0_usize;
    loop {
        if let Some(glance) = members.glance() {
            let cells = cells.get_mut(next..).unwrap_or_default();
            let (count, glance) = everyday(glance, (node.ahead(next), cells));
            members.go_on(glance);
            next = next.saturating_add(count);
        }
        let (key, field) = match members.next(node.likely(next))? {
            Member::End => return Ok(members.whole()),
            Member::Likely(key) => (key, Some(next)),
            Member::Other(key) => (key, node.find(members.text(key))),
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
                let (found, mut number) = (members.value()?, None);
                let holds = members.glance().is_some_and(|glance| {
                    node.ahead(at)
                        .first()
                        .is_some_and(|f| f.surely_holds(found, glance, &mut number))
                });
                *cell = Cell { found: Some(found), number, holds };
            }
        }
        next = at.saturating_add(1);
    }
}

/// Reads fields as long as they come as they are declared and need no second look; answers how many.
#[inline(never)]
fn everyday<'a>(
    mut glance: Glance<'a>,
    (fields, cells): (&[FieldNode], &mut [Cell]),
) -> (usize, Glance<'a>) {
    let mut count = 0_usize;
    for (field, cell) in fields.iter().zip(cells) {
        if cell.found.is_some() {
            break;
        }
        let Some(found) = glance.member(&field.quoted) else { break };
        cell.found = Some(found);
        cell.holds = field.surely_holds(found, glance, &mut cell.number);
        count = count.wrapping_add(1); // No more than there are fields.
    }
    (count, glance)
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
