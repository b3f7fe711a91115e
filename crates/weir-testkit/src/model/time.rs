//! Which texts have the form of an instant or a span, whatever the calendar says?
//!
//! The forms are regular expressions, copied from RFC 3339 and from the doc of `Span`.

use std::sync::LazyLock;

use regex::Regex;

/// Whether a text has the form of RFC 3339, with `T` or a blank and an offset.
#[must_use]
pub fn is_instant(text: &str) -> bool {
    INSTANT.is_match(text)
}

/// Whether a text is weeks, days, hours, minutes and seconds, at least one of them, in order.
#[must_use]
pub fn is_span(text: &str) -> bool {
    SPAN.is_match(text) && !text.ends_with(['P', 'T'])
}

static INSTANT: LazyLock<Regex> = LazyLock::new(|| {
    form(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    )
});
static SPAN: LazyLock<Regex> =
    LazyLock::new(|| form(r"P([0-9]+W)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?"));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the laws use each of them")]
fn form(pattern: &str) -> Regex {
    Regex::new(&format!(r"\A(?:{pattern})\z")).expect("a constant pattern")
}
