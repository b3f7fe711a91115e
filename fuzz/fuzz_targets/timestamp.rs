//! Is what is read as an instant or a span of the right form, and the same once printed?
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_core::time::civil::Date;
use weir_core::time::{Span, TimeError, Timestamp};
use weir_testkit::model::time as model;

fuzz_target!(|bytes: &[u8]| {
    if let Some(millis) = bytes.first_chunk().map(|chunk| i64::from_le_bytes(*chunk)) {
        instant(millis);
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    let read = text.parse::<Timestamp>();
    assert_eq!(read != Err(TimeError::Syntax), model::is_instant(text));
    if let Ok(instant) = read {
        assert_eq!(instant.to_string().parse(), Ok(instant));
    }
    let read = text.parse::<Span>();
    assert!(read.is_err() || model::is_span(text));
    assert!(read != Err(TimeError::Syntax) || !model::is_span(text));
    if let Ok(span) = read {
        assert_eq!(span.to_string().parse(), Ok(span));
    }
});

fn instant(millis: i64) {
    // Most numbers are far outside the range: fold them into it.
    let span = Span::MAX.as_millis() + 1;
    let millis = millis.rem_euclid(span) + Timestamp::MIN.as_millis();
    let Ok(instant) = Timestamp::from_millis(millis) else { panic!("{millis} is in range") };
    assert_eq!(instant.to_string().parse(), Ok(instant));
    let date = Date::of(instant);
    assert_eq!(Date::from_days(date.to_days()), date);
    assert_eq!(instant.to_string().get(..10), Some(shown(date).as_str()));
    assert!(date.midnight().is_ok_and(|midnight| midnight <= instant));
}

fn shown(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}
