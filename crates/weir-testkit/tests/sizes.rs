//! Are the central types as small as their docs say?

use core::mem::{align_of, size_of};

use weir_core::account::Account;
use weir_core::decide::{Effect, Verdict};
use weir_core::limit::Balance;
use weir_core::token::Principal;

#[test]
fn a_balance_is_one_cache_line_and_an_account_two() {
    assert_eq!(size_of::<Balance>(), 64);
    assert_eq!(size_of::<Account>(), 128);
    assert_eq!(align_of::<Account>(), 64);
}

#[test]
fn what_leaves_a_decision_is_small() {
    assert!(size_of::<Verdict>() <= 144, "{}", size_of::<Verdict>());
    assert!(size_of::<Effect>() <= 112, "{}", size_of::<Effect>());
    assert_eq!(size_of::<Principal>(), 12);
}
