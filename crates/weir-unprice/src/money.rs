//! How is money written? Ledger units, and what a screen shows.

use weir_core::amount::{Quantity, Rounding};

/// An amount of money.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Money {
    /// How much, in the currency's unit.
    pub amount: Quantity,
    /// Three letters, such as `USD`.
    pub currency: String,
}

impl Money {
    /// Fraction digits that the contract's ledger keeps.
    pub const LEDGER_SCALE: u32 = 8;

    /// In ledger units of 10⁻⁸, rounded up; `None` when it does not fit.
    #[must_use]
    pub fn ledger_units(&self) -> Option<i64> {
        ledger_units(self.amount)
    }

    /// In hundredths, as a screen or an invoice shows it: halves away from zero. `None` when it does
    /// not fit.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_core::amount::Quantity;
    /// use weir_unprice::money::Money;
    ///
    /// let cents = |nanos| {
    ///     Money { amount: Quantity::from_nanos(nanos), currency: "USD".to_owned() }.cents()
    /// };
    /// assert_eq!(cents(4_999_999), Some(0));
    /// assert_eq!(cents(5_000_000), Some(1));
    /// assert_eq!(cents(-5_000_000), Some(-1));
    /// ```
    #[must_use]
    pub fn cents(&self) -> Option<i64> {
        i64::try_from(self.shown(CENT)).ok()
    }

    /// In units of so many nano-units, halves away from zero.
    fn shown(&self, unit: i128) -> i128 {
        let nanos = self.amount.as_nanos();
        let magnitude = i128::try_from(nanos.unsigned_abs()).unwrap_or(i128::MAX);
        let units = magnitude.saturating_add(unit / 2).div_euclid(unit);
        if nanos < 0 { -units } else { units }
    }

    /// As a screen shows it: at most three fraction digits, dollars as in the United States, every
    /// other currency as in Spain.
    ///
    /// # Example
    ///
    /// ```
    /// use weir_unprice::money::Money;
    ///
    /// let show = |amount: &str, currency: &str| {
    ///     Money { amount: amount.parse().expect("a number"), currency: currency.to_owned() }.display()
    /// };
    /// assert_eq!(show("1234.5678", "USD"), "$1,234.568");
    /// assert_eq!(show("1234.5", "EUR"), "1234,5\u{a0}€"); // four digits stand together
    /// assert_eq!(show("12345.5", "EUR"), "12.345,5\u{a0}€");
    /// ```
    #[must_use]
    pub fn display(&self) -> String {
        let mills = self.shown(MILL);
        let (sign, mills) = (if mills < 0 { "-" } else { "" }, mills.abs());
        let (whole, fraction) = (mills.div_euclid(1_000), mills.rem_euclid(1_000));
        let fraction = format!("{fraction:03}");
        let fraction = fraction.trim_end_matches('0');
        let written = |group: char, point: char, grouped_from: usize| {
            let mut text = grouped(whole, group, grouped_from);
            if !fraction.is_empty() {
                text.push(point);
                text.push_str(fraction);
            }
            text
        };
        match self.currency.as_str() {
            "USD" => format!("{sign}${}", written(',', '.', 4)),
            "EUR" => format!("{sign}{}\u{a0}€", written('.', ',', 5)),
            other => format!("{sign}{}\u{a0}{other}", written('.', ',', 5)),
        }
    }
}

/// Money in ledger units of 10⁻⁸, rounded up; `None` when it does not fit.
#[must_use]
pub fn ledger_units(amount: Quantity) -> Option<i64> {
    minor_units(amount, Money::LEDGER_SCALE, Rounding::Up)
}

/// Money in units of its last kept digit; `None` when it does not fit, or more than 9 are kept.
///
/// # Example
///
/// ```
/// use weir_core::amount::{Quantity, Rounding};
/// use weir_unprice::money::minor_units;
///
/// let amount = Quantity::from_nanos(1_234_000_001);
/// assert_eq!(minor_units(amount, 2, Rounding::Up), Some(124));
/// assert_eq!(minor_units(amount, 10, Rounding::Up), None);
/// ```
#[must_use]
pub fn minor_units(amount: Quantity, digits: u32, rounding: Rounding) -> Option<i64> {
    let unit = 10_i128.checked_pow(Quantity::DIGITS.checked_sub(digits)?)?;
    i64::try_from(rounding.divide(amount.as_nanos(), unit)?).ok()
}

/// Whether a text is a price: at most eight digits before a point, and as many behind it.
///
/// # Example
///
/// ```
/// use weir_unprice::money::is_price;
///
/// assert!(is_price("12345678.00000001"));
/// assert!(!is_price("123456789") && !is_price("1.") && !is_price("-1"));
/// ```
#[must_use]
pub fn is_price(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    digits(whole) && digits(fraction)
}

/// Digits in groups of three, from so many digits on.
fn grouped(whole: i128, separator: char, from: usize) -> String {
    let digits = whole.to_string();
    let len = digits.len();
    let mut text = String::with_capacity(len.saturating_mul(2));
    for (at, digit) in digits.chars().enumerate() {
        let left = len.saturating_sub(at);
        if at > 0 && len >= from && left.is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

const CENT: i128 = 10_000_000;
const MILL: i128 = 1_000_000;
