//! Which bytes does the vector send? Requests, built from their description.

use base64::Engine;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::{Map, Value};

use super::checks::show;

/// A request, and how many of it are sent at once.
#[derive(Debug)]
pub(super) struct Sending {
    /// The request.
    pub(super) request: Request<Vec<u8>>,
    /// 1, or the vector's `parallel`.
    pub(super) times: usize,
    /// Whether the vector says `parallel`.
    pub(super) parallel: bool,
}

/// Builds the request that `description` stands for; `$token`s come from `tokens`.
///
/// # Errors
///
/// What is wrong with the description, in words. A key that is not known is wrong.
pub(super) fn build(description: &Value, tokens: &Value) -> Result<Sending, String> {
    let resolved = resolve(description, tokens)?;
    let parts = resolved.as_object().ok_or("the request is no object")?;
    if let Some(key) = parts.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!("a key of the request that the runner does not know: {key}"));
    }
    let mut request = Request::new(body(parts)?);
    let word = |key: &str| parts.get(key).and_then(Value::as_str).ok_or(format!("no {key}"));
    *request.method_mut() =
        Method::from_bytes(word("method")?.as_bytes()).map_err(|error| error.to_string())?;
    *request.uri_mut() = word("path")?.parse::<Uri>().map_err(|error| error.to_string())?;
    let none = Map::new();
    for (name, value) in parts.get("headers").and_then(Value::as_object).unwrap_or(&none) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            let text = value.as_str().ok_or_else(|| format!("header {name} is no string"))?;
            let value =
                HeaderValue::from_bytes(text.as_bytes()).map_err(|error| error.to_string())?;
            request.headers_mut().append(name.clone(), value);
        }
    }
    let times = match parts.get("parallel").map(Value::as_u64) {
        None => 1,
        Some(Some(times @ 1..=PARALLEL_MAX)) => usize::try_from(times).unwrap_or(1),
        Some(_) => return Err(format!("parallel is not 1 to {PARALLEL_MAX}")),
    };
    Ok(Sending { request, times, parallel: parts.contains_key("parallel") })
}

/// Whether a description needs a token of the fixtures.
pub(super) fn needs_token(description: &Value) -> bool {
    match description {
        Value::Object(map) if map.len() == 1 && map.contains_key("$token") => true,
        Value::Object(map) => map.values().any(needs_token),
        Value::Array(items) => items.iter().any(needs_token),
        _ => false,
    }
}

/// The description with every `$token` and `$concat` replaced by its text.
fn resolve(value: &Value, tokens: &Value) -> Result<Value, String> {
    match value {
        Value::Object(map) if map.len() == 1 => {
            if let Some(name) = map.get("$token") {
                let token = name.as_str().and_then(|name| tokens.get(name));
                let compact = token.and_then(|token| token.get("compact"));
                return compact.cloned().ok_or_else(|| format!("no token {}", show(name)));
            }
            match map.get("$concat") {
                Some(parts) => concatenate(parts, tokens).map(Value::String),
                None => resolve_members(map, tokens),
            }
        }
        Value::Object(map) => resolve_members(map, tokens),
        Value::Array(items) => {
            items.iter().map(|item| resolve(item, tokens)).collect::<Result<_, _>>()
        }
        _ => Ok(value.clone()),
    }
}

fn resolve_members(map: &Map<String, Value>, tokens: &Value) -> Result<Value, String> {
    let members = map.iter().map(|(key, value)| Ok((key.clone(), resolve(value, tokens)?)));
    members.collect::<Result<Map<_, _>, String>>().map(Value::Object)
}

fn concatenate(parts: &Value, tokens: &Value) -> Result<String, String> {
    let parts = parts.as_array().ok_or("$concat is no array")?;
    let texts = parts.iter().map(|part| match resolve(part, tokens)? {
        Value::String(text) => Ok(text),
        other => Err(format!("a part of $concat is no string: {}", show(&other))),
    });
    texts.collect()
}

/// The body's bytes; none when the description has no body.
fn body(parts: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let mut bodies = BODIES.iter().filter_map(|key| Some((*key, parts.get(*key)?)));
    let (key, value) = match (bodies.next(), bodies.next()) {
        (None, _) => return Ok(Vec::new()),
        (Some(only), None) => only,
        (Some((first, _)), Some((second, _))) => {
            return Err(format!("both {first} and {second}"));
        }
    };
    match (key, value) {
        ("body", value) => Ok(value.to_string().into_bytes()),
        ("body_raw", Value::String(text)) => Ok(text.clone().into_bytes()),
        ("body_base64", Value::String(text)) => {
            base64::engine::general_purpose::STANDARD.decode(text).map_err(|e| e.to_string())
        }
        ("body_raw_repeat", Value::Object(plan)) => repeat(plan),
        (key, value) => Err(format!("{key} cannot be {}", show(value))),
    }
}

/// prefix + unit x times [+ unit2 x times2] + suffix.
fn repeat(plan: &Map<String, Value>) -> Result<Vec<u8>, String> {
    const PARTS: [&str; 6] = ["prefix", "unit", "times", "unit2", "times2", "suffix"];
    if let Some(key) = plan.keys().find(|key| !PARTS.contains(&key.as_str())) {
        return Err(format!("a key of body_raw_repeat that the runner does not know: {key}"));
    }
    let text = |key: &str| plan.get(key).and_then(Value::as_str).unwrap_or("");
    let run = |unit: &str, times: &str| -> Result<String, String> {
        let times = plan.get(times).map_or(Ok(0), |times| {
            times.as_u64().and_then(|times| usize::try_from(times).ok()).ok_or("no count")
        })?;
        let len = text(unit).len().checked_mul(times).filter(|len| *len <= BODY_MAX);
        len.map(|_| text(unit).repeat(times)).ok_or(format!("a body over {BODY_MAX} bytes"))
    };
    let middle = [run("unit", "times")?, run("unit2", "times2")?].concat();
    Ok([text("prefix"), &middle, text("suffix")].concat().into_bytes())
}

const BODIES: [&str; 4] = ["body", "body_raw", "body_base64", "body_raw_repeat"];
/// Far over every bound that a contract has; a vector over it is a slip of the pen.
const BODY_MAX: usize = 256 * 1024 * 1024;
const KNOWN: [&str; 8] =
    ["method", "path", "headers", "parallel", "body", "body_raw", "body_base64", "body_raw_repeat"];
/// One thread each.
const PARALLEL_MAX: u64 = 1_024;
