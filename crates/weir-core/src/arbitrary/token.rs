//! What classes of credentials could somebody declare?

use alloc::borrow::ToOwned;
use alloc::string::String;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::{below, one_in, one_of};
use crate::id::Name;
use crate::token::class::{Alphabet, Check, ClassDefinition, Length};
use crate::token::{ClassTerms, Environment};

impl<'b> Arbitrary<'b> for ClassDefinition {
    /// Sound seven times of eight; a prefix may be another class's.
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        let wild = one_in(u, 8)?;
        let (alphabet, check, environment) = (u.arbitrary()?, u.arbitrary()?, u.arbitrary()?);
        let least = if check == Check::Crc32 { 7 } else { 1 };
        let length = match wild {
            true => Length { max: u.arbitrary()?, min: u.arbitrary()? },
            false => {
                let min = u.int_in_range(least..=40_u16)?;
                Length { max: u.int_in_range(min..=64)?, min }
            }
        };
        let prefix = if wild { String::arbitrary(u)? } else { one_of(u, &PREFIXES)?.to_owned() };
        let mut may = alloc::vec::Vec::new();
        for _ in 0..below(u, 3)? {
            may.push(Name::arbitrary(u)?);
        }
        let terms = ClassTerms::default();
        Ok(Self { alphabet, check, environment, length, may, prefix, terms })
    }
}

impl<'b> Arbitrary<'b> for Alphabet {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Token, Self::Hex, Self::Base58, Self::Base62])
    }
}

impl<'b> Arbitrary<'b> for Check {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::None, Self::Crc32])
    }
}

impl<'b> Arbitrary<'b> for Environment {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        one_of(u, &[Self::Live, Self::Test])
    }
}

/// Some start others, as prefixes of one catalog may.
const PREFIXES: [&str; 8] =
    ["pub_", "sec_", "gvk_live_", "gvk_test_", "unprice_live_", "p", "pub", "pub_live_"];
