//! How is a request of a trace written? As one line of JSON, the same from every source.

use std::fmt;

use weir_core::time::Timestamp;

/// One request, as `weir generate` and the CSV reader write it.
pub(crate) struct Row<'a> {
    /// Its place in the trace, from 1.
    pub(crate) number: u64,
    /// When it was made.
    pub(crate) at: Timestamp,
    /// The rank of the customer that made it, from 1.
    pub(crate) customer: usize,
    /// The model that it asked.
    pub(crate) model: &'a str,
    /// What it used.
    pub(crate) tokens: Tokens,
}

/// The two token counts of a request.
pub(crate) struct Tokens {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, at, customer, model, tokens: Tokens { prompt, completion } } = self;
        write!(f, r#"{{"id":"req-{number:06}","at":"{at}","customer":"c-{customer:04}","#)?;
        write!(f, r#""model":"{model}","prompt_tokens":{prompt},"#)?;
        write!(f, r#""completion_tokens":{completion}}}"#)
    }
}
