//! Do our grammars of numbers say what a model says that moves the point by hand?
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_core::amount::{NumberError, Precision, Quantity, number};
use weir_testkit::model::amount as model;

fuzz_target!(|bytes: &[u8]| {
    let precisions = [Precision::Exact, Precision::Nearest];
    let json = precisions.map(|p| Quantity::from_json(bytes, p).map(Quantity::as_nanos));
    let Ok(text) = str::from_utf8(bytes) else {
        assert_eq!(json, [Err(NumberError::Syntax); 2]);
        return;
    };
    assert_eq!(json, precisions.map(|p| model::json(text, p)), "json");
    let string = precisions.map(|p| number::ecmascript(text, p).map(Quantity::as_nanos));
    assert_eq!(string, precisions.map(|p| model::ecmascript(text, p)), "ecmascript");
    let plain = text.parse::<Quantity>();
    assert_eq!(plain.map(Quantity::as_nanos), model::plain(text), "plain");
    if let Ok(quantity) = plain {
        assert_eq!(quantity.to_string().parse(), Ok(quantity), "printed");
    }
});
