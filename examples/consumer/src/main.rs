//! A program outside the workspace that uses weir as anyone would.

use std::error::Error;

use weir_core::amount::{NumberError, Quantity};
use weir_core::time::{Span, Timestamp};

fn main() -> Result<(), Box<dyn Error>> {
    let paid: Quantity = "20".parse()?;
    let used: Quantity = "19.999999999".parse()?;
    let left = paid.checked_sub(used).ok_or("more was used than a quantity can say")?;
    assert_eq!(left, Quantity::NANO);
    assert_eq!("1e1000000".parse::<Quantity>(), Err(NumberError::Syntax));

    let start: Timestamp = "2026-02-28T12:00:00Z".parse()?;
    let end = start.checked_add("P1D".parse::<Span>()?).ok_or("past year 9999")?;
    assert_eq!(end.to_string(), "2026-03-01T12:00:00.000Z");
    println!("{left} left until {end}");
    Ok(())
}
