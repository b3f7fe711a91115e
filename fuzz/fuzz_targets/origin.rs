//! Is an origin read as a browser reads it, but for the listed differences?
//!
//! The input is text: patterns, one a line, and the origin on the last.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_core::token::{OriginRule, Origins, Unstated};
use weir_testkit::model::token as model;

fuzz_target!(|text: &str| {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let origin = lines.pop().filter(|origin| *origin != "-");
    let patterns: Vec<String> = lines.into_iter().take(4).map(str::to_owned).collect();
    let read = Origins::parse(patterns.iter().map(String::as_str));
    let wrong: Vec<String> = (patterns.iter().enumerate())
        .filter(|(_, pattern)| !model::is_pattern(pattern))
        .map(|(at, _)| format!("/{at}"))
        .collect();
    let origins = match read {
        Err(faults) => {
            assert_eq!(faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(), wrong);
            return;
        }
        Ok(origins) => origins,
    };
    assert!(wrong.is_empty(), "{patterns:?}");
    let allowed = model::allows(&patterns, origin);
    assert_eq!(origins.allows(origin), allowed, "{origin:?} under {patterns:?}");
    // What states no host is decided by the class, and nothing else is.
    let rule = OriginRule { missing: Unstated::Allowed, ..OriginRule::ANY };
    let missing = origin.is_none_or(str::is_empty);
    assert_eq!(rule.allows(&origins, origin), allowed || missing);
    let printed: Vec<String> = origins.patterns().map(|pattern| pattern.to_string()).collect();
    assert_eq!(Origins::parse(printed.iter().map(String::as_str)), Ok(origins), "printed");
});
