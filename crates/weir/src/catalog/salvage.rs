//! What is wrong with a document of some shape? All of it, where serde tells one thing at a time.
//!
//! What is wrong is taken out and the rest is read again, until nothing more is wrong.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use weir_core::fault::Fault;

use super::escaped;

/// What can be read of a document.
pub(super) struct Salvaged<T> {
    pub(super) read: T,
    /// Why the rest cannot.
    pub(super) faults: Vec<Fault>,
    /// The rest.
    pub(super) removed: Removed,
}

/// Takes out of a document what is wrong, and reads what is left.
pub(super) fn salvage<T: Default + DeserializeOwned>(mut document: Value) -> Salvaged<T> {
    let (mut faults, mut removed) = (Vec::new(), Removed::default());
    while faults.len() < FAULTS_MAX {
        // The same order of faults, whether or not another crate has maps keep theirs.
        document.sort_all_objects();
        let error = match serde_path_to_error::deserialize::<_, T>(&document) {
            Ok(read) => return Salvaged { read, faults, removed },
            Err(error) => error,
        };
        let mut wrong = pointer(error.path(), &document);
        let told = error.into_inner().to_string();
        while let Some(deeper) = culprit::<T>(&document, &wrong, &told) {
            wrong = deeper;
        }
        if !removed.explains(&wrong, &told) {
            faults.push(Fault::new(removed.original(&wrong), SHAPE, told));
        }
        if removed.remove(&mut document, &wrong).is_none() {
            break;
        }
    }
    Salvaged { read: T::default(), faults, removed }
}

/// What has been taken out of a document.
#[derive(Default)]
pub(super) struct Removed {
    /// The object or array, and the key in it, as pointers were before each removal.
    steps: Vec<(String, Key)>,
}

enum Key {
    Name(String),
    Index(usize),
}

impl Removed {
    /// Takes out what stands at a pointer; `None` for the whole document.
    fn remove(&mut self, document: &mut Value, pointer: &str) -> Option<()> {
        let (parent, token) = pointer.rsplit_once('/')?;
        let key = match document.pointer_mut(parent)? {
            Value::Object(members) => {
                let name = token.replace("~1", "/").replace("~0", "~");
                members.remove(&name)?;
                Key::Name(name)
            }
            Value::Array(items) => {
                let index = token.parse().ok().filter(|index| *index < items.len())?;
                items.remove(index);
                Key::Index(index)
            }
            _ => return None,
        };
        self.steps.push((parent.to_owned(), key));
        Some(())
    }

    /// Whether an error is only that something is missing now where it was taken out.
    fn explains(&self, pointer: &str, told: &str) -> bool {
        let missing = told.strip_prefix(MISSING).and_then(|rest| rest.strip_suffix('`'));
        self.steps.iter().any(|(parent, key)| {
            let below = parent.strip_prefix(pointer);
            match (key, missing) {
                (Key::Index(_), _) => false,
                (Key::Name(_), None) => below == Some(""),
                // serde may tell it of what encloses the place.
                (Key::Name(name), Some(field)) => {
                    name == field
                        && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }
            }
        })
    }

    /// Whether the member at a pointer was taken out.
    pub(super) fn took(&self, pointer: &str) -> bool {
        let of = |parent: &str, name: &str| format!("{parent}/{}", escaped(name)) == pointer;
        self.steps.iter().any(|(parent, key)| matches!(key, Key::Name(name) if of(parent, name)))
    }

    /// Where something stood before anything was taken out.
    pub(super) fn original(&self, pointer: &str) -> String {
        self.steps.iter().rev().fold(pointer.to_owned(), |pointer, (parent, key)| {
            let Key::Index(gone) = key else { return pointer };
            let Some(below) = pointer.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'))
            else {
                return pointer;
            };
            let (index, rest) =
                below.split_once('/').map_or((below, ""), |(index, rest)| (index, rest));
            match index.parse::<usize>() {
                Ok(index) if index >= *gone && rest.is_empty() => format!("{parent}/{}", index + 1),
                Ok(index) if index >= *gone => format!("{parent}/{}/{rest}", index + 1),
                _ => pointer,
            }
        })
    }
}

/// The child of the object or array at `at` that makes the error, as a pointer.
///
/// serde tells the object when a key is unknown or is no name, and what encloses a choice when one
/// of its alternatives is wrong. Which child it was shows by trial: alone it is refused for more
/// than the want of others, or without it the rest is not refused so.
fn culprit<T: DeserializeOwned>(document: &Value, at: &str, told: &str) -> Option<String> {
    let refused = |children: Value| {
        let mut trial = document.clone();
        *trial.pointer_mut(at)? = children;
        T::deserialize(&trial).err().map(|error| error.to_string())
    };
    let cured = |without: Value| {
        refused(without).is_none_or(|other| other != told && !other.starts_with(MISSING))
    };
    match document.pointer(at)? {
        Value::Object(members) => {
            let empty = refused(Value::Object(Map::new()));
            let wrong = |key: &str, value: &Value| {
                let alone = refused(Value::Object(Map::from_iter([(key.into(), value.clone())])));
                let mut without = members.clone();
                without.remove(key);
                let by_itself = alone.as_deref() == Some(told) && alone != empty;
                (by_itself && !told.starts_with(MISSING)) || cured(without.into())
            };
            let (key, _) = members.iter().find(|(key, value)| wrong(key, value))?;
            Some(format!("{at}/{}", escaped(key)))
        }
        Value::Array(items) => {
            let wrong = |index: &usize| {
                let mut without = items.clone();
                without.remove(*index);
                cured(without.into())
            };
            let index = (0..items.len()).find(wrong)?;
            Some(format!("{at}/{index}"))
        }
        _ => None,
    }
}

/// A path of serde's as an RFC 6901 pointer, as far as the document goes along.
fn pointer(path: &Path, document: &Value) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { variant } => escaped(variant),
            Segment::Unknown => break,
        };
        let longer = format!("{pointer}/{token}");
        if document.pointer(&longer).is_none() {
            break;
        }
        pointer = longer;
    }
    pointer
}

/// Enough to work with; a file with more of them is no catalog.
const FAULTS_MAX: usize = 100;
/// How serde begins to say that a field is not there.
const MISSING: &str = "missing field `";
pub(super) const SHAPE: &str = "catalog.shape";
