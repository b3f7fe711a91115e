//! How does a regular expression say a grammar of ours? In the part of ECMA-262 that all engines
//! share: no class by a letter, nothing that looks ahead.

use weir_core::schema::Format;

/// The texts of a grammar, and some that only arithmetic could refuse.
pub(super) const fn of(format: Format) -> &'static str {
    match format {
        Format::Currency => "^[A-Z]{3}$",
        Format::Duration => DURATION,
        Format::Email => EMAIL,
        Format::Host => "^[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*$",
        Format::Name => "^[a-z][a-z0-9._-]{0,63}$",
        Format::Quantity => "^-?0*[0-9]{1,30}(\\.[0-9]{1,9}0*)?$",
        Format::Rfc3339 => RFC3339,
        Format::Slug => "^[a-z0-9]([a-z0-9_-]{0,126}[a-z0-9])?$",
    }
}

/// Nothing but white space, or nothing at all.
pub(super) const BLANK: &str =
    "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$";
/// Something besides white space.
pub(super) const NOT_BLANK: &str =
    "[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

/// A host name of two labels or more; before it, up to 64 characters that are neither `@` nor blank
/// nor a control character.
const EMAIL: &str = "^[^@\\u0000- \\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]{1,64}\
     @[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})+$";
/// Weeks and days, hours, minutes and seconds: at least one of them, in this order.
const DURATION: &str = "^P(([0-9]{1,15}W([0-9]{1,15}D)?|[0-9]{1,15}D)\
     (T([0-9]{1,15}H([0-9]{1,15}M)?([0-9]{1,15}(\\.[0-9]+)?S)?\
     |[0-9]{1,15}M([0-9]{1,15}(\\.[0-9]+)?S)?|[0-9]{1,15}(\\.[0-9]+)?S))?\
     |T([0-9]{1,15}H([0-9]{1,15}M)?([0-9]{1,15}(\\.[0-9]+)?S)?\
     |[0-9]{1,15}M([0-9]{1,15}(\\.[0-9]+)?S)?|[0-9]{1,15}(\\.[0-9]+)?S))$";
const RFC3339: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]\
     ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?\
     ([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
