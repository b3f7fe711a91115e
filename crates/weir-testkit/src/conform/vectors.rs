//! Which cases are there? Files of vectors, told apart by what they contain.
//!
//! | file has | a case is | its area | its kind |
//! |---|---|---|---|
//! | `vectors`, each with a `system` | a request over HTTP | second component of the id | `session_token` if the request has a `$token`, else `http` |
//! | `vectors`, each with a `kind` | a request, a scenario or a question | `area` | `kind` |
//! | `cases`, each with a `family` | a peer's case | the id without its last component | `family` |

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::ConformError;
use super::request::needs_token;

/// One file of vectors.
#[derive(Debug)]
pub(super) struct File {
    /// The name without its directory.
    pub(super) name: String,
    /// What the file gives for all cases; null when it gives nothing.
    pub(super) fixtures: Value,
    /// The cases, in the file's order.
    pub(super) cases: Vec<Case>,
}

/// One case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) area: String,
    pub(super) kind: String,
    /// The system that it is about.
    pub(super) system: String,
    pub(super) form: Form,
    /// All of it.
    pub(super) members: Map<String, Value>,
}

/// How a case is run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// `request` and `expect`, over the file's fixtures.
    Exchange,
    /// A request in `input`, over the case's own `given`.
    OwnExchange,
    /// A case of a peer's own engine.
    Peer,
    /// A question without state.
    Pure,
    /// Steps on one clock.
    Scenario,
}

/// Every file of vectors in `dir`, by name.
pub(super) fn load(dir: &Path) -> Result<Vec<File>, ConformError> {
    let unreadable = |source| ConformError::Unreadable { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(ConformError::NoVectors { dir: dir.to_owned() });
    }
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<File, ConformError> {
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(ConformError::Unreadable { path, source }),
    };
    let document: Value = match serde_json::from_slice(&bytes) {
        Ok(document) => document,
        Err(source) => return Err(ConformError::NotJson { path, source }),
    };
    parse(&path, &document).map_err(|what| ConformError::NotVectors { path, what })
}

fn parse(path: &Path, document: &Value) -> Result<File, String> {
    let part =
        |name: Option<&std::ffi::OsStr>| name.map(|name| name.to_string_lossy().into_owned());
    let name = part(path.file_name()).ok_or("no name")?;
    let stem = part(path.file_stem()).ok_or("no name")?;
    let listed = document.get("vectors").or_else(|| document.get("cases"));
    let listed = listed.and_then(Value::as_array).ok_or("neither `vectors` nor `cases`")?;
    if let Some(count) = document.get("count")
        && count.as_u64() != u64::try_from(listed.len()).ok()
    {
        return Err(format!("`count` is {count}, but there are {} cases", listed.len()));
    }
    let mut ids = BTreeSet::new();
    let mut cases = Vec::with_capacity(listed.len());
    for (index, case) in listed.iter().enumerate() {
        let case = case_of(case, &stem).map_err(|what| format!("case {index}: {what}"))?;
        if !ids.insert(case.id.clone()) {
            return Err(format!("two cases have the id `{}`", case.id));
        }
        cases.push(case);
    }
    let fixtures = document.get("fixtures").cloned().unwrap_or(Value::Null);
    Ok(File { name, fixtures, cases })
}

fn case_of(case: &Value, stem: &str) -> Result<Case, String> {
    let members = case.as_object().ok_or("no object")?.clone();
    let text = |key: &str| members.get(key).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").ok_or("no `id`")?;
    if let Some(system) = text("system") {
        let area = id.split('/').nth(1).ok_or("an id without an area")?.to_owned();
        let token = members.get("request").is_some_and(needs_token);
        let kind = if token { "session_token" } else { "http" }.to_owned();
        return Ok(Case { id, area, kind, system, form: Form::Exchange, members });
    }
    let system = stem.to_owned();
    if let Some(kind) = text("kind") {
        let area = text("area").ok_or("no `area`")?;
        let form = match kind.as_str() {
            "http" => Form::OwnExchange,
            "scenario" => Form::Scenario,
            _ => Form::Pure,
        };
        return Ok(Case { id, area, kind, system, form, members });
    }
    let kind = text("family").ok_or("neither `system`, `kind` nor `family`")?;
    let area = id.rsplit_once('.').map_or(id.as_str(), |(area, _)| area).to_owned();
    Ok(Case { id, area, kind, system, form: Form::Peer, members })
}
