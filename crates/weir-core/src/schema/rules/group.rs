//! Which fields stand for each other? Of a group, one at least must be there, or exactly one.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::check::{Checker, Flow};
use super::super::code::RuleCode;
use super::super::compile::{Compiler, Place};
use super::super::scratch::{Detail, Presence};
use super::field::{self, Field};
use super::object::{ObjectRule, Open};

#[derive(Debug)]
pub(super) struct GroupNode {
    code: RuleCode,
    places: Box<[usize]>,
    options: u32,
}

impl Compiler {
    pub(super) fn groups(&mut self, place: &Place, rule: &ObjectRule) -> Box<[GroupNode]> {
        let mut groups = Vec::new();
        for (code, key, wanted) in [
            (RuleCode::AtLeastOneOf, "at_least_one_of", &rule.at_least_one_of),
            (RuleCode::ExactlyOneOf, "exactly_one_of", &rule.exactly_one_of),
        ] {
            for (i, names) in wanted.iter().enumerate() {
                let places = self.group(&format!("{place}/{key}/{i}"), names, &rule.fields);
                let options = self.options(names.iter().cloned());
                groups.push(GroupNode { code, places, options });
            }
        }
        groups.into()
    }

    fn group(&mut self, at: &str, names: &[String], fields: &[Field]) -> Box<[usize]> {
        if names.len() < 2 {
            let hint = "a group has two fields or more; a single one is `required`";
            self.fault(at.to_owned(), "schema.small_group", hint);
        }
        let places = names.iter().enumerate().filter_map(|(i, name)| {
            let place = field::find(fields, name);
            if place.is_none() || names.iter().take(i).any(|before| before == name) {
                let hint = format!("`{name}` is no field of this object, or stands here twice");
                self.fault(format!("{at}/{i}"), "schema.no_such_field", &hint);
            }
            place
        });
        places.collect()
    }
}

impl<'a> Checker<'a, '_> {
    pub(super) fn group(&mut self, group: &GroupNode, open: Open<'a>) -> Flow {
        let there = group.places.iter().filter(|place| {
            let field = open.node.fields.get(**place);
            let presence = field.map(|field| self.presence(open, **place, field));
            matches!(presence, Some(Presence::Sent(_)))
        });
        let broken = match (there.count(), group.code) {
            (0, _) => true,
            (count, RuleCode::ExactlyOneOf) => count > 1,
            _ => false,
        };
        if broken {
            return self.report(group.code, open.found, Detail::Options(group.options));
        }
        Flow::Continue(())
    }
}
