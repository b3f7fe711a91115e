//! Where in the text is it? Each value of a catalog by its pointer, as an operator's editor counts.

use std::collections::BTreeMap;

use weir_core::json::{Duplicates, Lexer, Position, Profile, Scratch, SyntaxError, Token};

/// Where the members and items of a JSON text stand.
///
/// # Example
///
/// ```
/// use weir::catalog::Places;
///
/// let text = b"{ \"plans\": {\n  \"free\": {}\n} }";
/// let places = Places::of(text);
/// let line_and_column = |pointer| (places.find(pointer).line, places.find(pointer).column);
/// assert_eq!(line_and_column("/plans/free"), (2, 3));
/// // What is not there stands where it would have to be.
/// assert_eq!(line_and_column("/plans/free/limits/calls"), (2, 3));
/// ```
#[derive(Debug)]
pub struct Places<'t> {
    text: &'t [u8],
    /// The offset of each member's key, of each item and of the whole.
    starts: BTreeMap<String, u32>,
    /// Pointers to the keys that stand twice, each once.
    pub(super) twice: Vec<String>,
}

impl<'t> Places<'t> {
    /// Reads a text, up to its first error if it has one.
    ///
    /// Of a key that stands twice, the last one counts.
    #[must_use]
    pub fn of(text: &'t [u8]) -> Self {
        let mut places = Self { text, starts: BTreeMap::new(), twice: Vec::new() };
        // Where the text is no JSON, the places before are all there are.
        let _ = places.read();
        places
    }

    /// Where a value stands: its key, or itself when it has none; of what is not there, the nearest
    /// thing around it.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Position {
        let mut pointer = pointer;
        loop {
            match (self.starts.get(pointer), pointer.rsplit_once('/')) {
                (Some(at), _) => return Position::of(self.text, *at),
                (None, Some((around, _))) => pointer = around,
                (None, None) => return Position::of(self.text, 0),
            }
        }
    }

    fn read(&mut self) -> Result<(), SyntaxError> {
        let mut scratch = Scratch::default();
        let mut lexer = Lexer::new(self.text, &LAST_WINS, &mut scratch)?;
        let (mut open, mut key) = (Vec::<Container>::new(), None);
        while let Some(token) = lexer.token()? {
            let at = lexer.at();
            if let Token::Key(text) = &token {
                let parent = open.last().map_or("", |container| container.pointer.as_str());
                let name: String = text.chars().collect();
                let pointer = format!("{parent}/{}", super::escaped(&name));
                self.keep(&pointer, at);
                key = Some(pointer);
                continue;
            }
            if matches!(token, Token::ArrayEnd | Token::ObjectEnd) {
                open.pop();
                continue;
            }
            let pointer = match (key.take(), open.last_mut()) {
                (Some(pointer), _) => pointer,
                (None, around) => {
                    let pointer = around.map_or_else(String::new, Container::next);
                    self.keep(&pointer, at);
                    pointer
                }
            };
            if matches!(token, Token::ArrayStart | Token::ObjectStart) {
                open.push(Container { pointer, items: 0 });
            }
        }
        Ok(())
    }

    fn keep(&mut self, pointer: &str, at: u32) {
        if self.starts.insert(pointer.to_owned(), at).is_some() {
            // What stood in the value before does not count, and its keys do not stand twice.
            let inside = format!("{pointer}/");
            self.starts.retain(|known, _| !known.starts_with(&inside));
            if !self.twice.iter().any(|known| known == pointer) {
                self.twice.push(pointer.to_owned());
            }
        }
    }
}

/// An array or object that is open.
struct Container {
    pointer: String,
    /// How many items there were, if it is an array.
    items: usize,
}

impl Container {
    /// The pointer to the next item.
    fn next(&mut self) -> String {
        let pointer = format!("{}/{}", self.pointer, self.items);
        self.items = self.items.saturating_add(1);
        pointer
    }
}

/// How a catalog is read: strictly, but on past a key that stands twice, for the faults after it.
pub(super) const LAST_WINS: Profile =
    Profile { duplicates: Duplicates::LastWins, ..Profile::STRICT };
