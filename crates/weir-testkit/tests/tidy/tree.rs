//! What is in the repository? Its text files, with their code told apart from comments and texts.

use std::path::Path;
use std::process::Command;

/// The text files of the repository, or of a small one made up for a test.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Tree {
    /// The files that git tracks, or would track if they were added.
    pub(crate) fn of_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .expect("git lists the files");
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
        let mut paths: Vec<&str> = names.split_terminator('\0').collect();
        paths.sort_unstable();
        let read = |path: &str| {
            let text = std::fs::read_to_string(root.join(path)).ok()?; // Deleted, or not a text.
            Some(File { path: path.to_owned(), text })
        };
        let files: Vec<File> = paths.into_iter().filter_map(read).collect();
        assert!(files.len() > 20, "a tree of {} files is not the repository", files.len());
        Self { files }
    }

    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Self { files: files.iter().map(file).collect() }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files whose path starts with `under` and ends with `end`.
    pub(crate) fn select<'t>(
        &'t self,
        under: &'t str,
        end: &'t str,
    ) -> impl Iterator<Item = &'t File> {
        self.files.iter().filter(move |f| f.path.starts_with(under) && f.path.ends_with(end))
    }
}

impl File {
    /// The tokens of Rust code: words, `::`, and single signs; comments and literals left out.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let code = code(&self.text);
        let mut tokens: Vec<String> = Vec::new();
        let mut in_word = false;
        for c in code.chars() {
            let word = c.is_alphanumeric() || c == '_';
            match tokens.last_mut() {
                Some(last) if word && in_word => last.push(c),
                Some(last) if c == ':' && last == ":" => last.push(c),
                _ if c.is_whitespace() => tokens.push(String::new()),
                _ => tokens.push(c.to_string()),
            }
            in_word = word;
        }
        tokens.retain(|token| !token.is_empty());
        tokens
    }
}

/// Rust code with its comments, texts and characters blanked out, line by line.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, out.chars().next_back()));
        let len = skipped.unwrap_or(first.len_utf8());
        let (piece, tail) = rest.split_at(len);
        match skipped {
            Some(_) => out.extend(piece.chars().map(|c| if c == '\n' { c } else { ' ' })),
            None => out.push_str(piece),
        }
        rest = tail;
    }
    out
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        let step = if tail.starts_with("/*") {
            depth += 1;
            2
        } else if tail.starts_with("*/") {
            depth -= 1;
            2
        } else {
            tail.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            return Some(at);
        }
    }
    Some(rest.len())
}

fn literal(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let body = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - body.len();
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inside = raw.get(hashes..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let len = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        return Some(prefix + 1 + hashes + 1 + len);
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = body.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            _ if c == quote => return Some(prefix + at + 1),
            // A quote without its partner is a lifetime.
            _ if quote == '\'' && at > 1 && !body.starts_with("'\\") => return None,
            _ => {}
        }
    }
    (quote == '"').then_some(rest.len())
}

#[test]
fn comments_and_texts_are_no_code() {
    let text = "a /* b /* c */ d */ e // f\n\"g \\\" h\" i r#\"j \" k\"# 'l' '\\'' m<'n> b\"o\" p";
    let file = File { path: String::new(), text: text.into() };
    assert_eq!(file.tokens(), ["a", "e", "i", "m", "<", "'", "n", ">", "p"]);
}

#[test]
fn paths_are_told_from_colons() {
    let file = File { path: String::new(), text: "x: crate::y_1".into() };
    assert_eq!(file.tokens(), ["x", ":", "crate", "::", "y_1"]);
}
