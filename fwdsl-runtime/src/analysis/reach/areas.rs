//! What a rule asks, as areas.

use std::rc::Rc;

use super::super::program::Test;
use super::super::region::{Axis, Choice, Condition, LATER, Set, WHOLE, complement, intersection};
use super::super::sets::PORT_SET_PROTOCOLS;
use super::area::Area;
use super::cuts::Cuts;
use crate::analysis::program::{Classes, domain, numbers};
use crate::family::Family;

/// The areas of a rule: a packet matches if it is in one of them, for sure or perhaps.
pub(super) fn areas(rule: u32, test: &Test, family: Family, classes: &Classes, cuts: &Rc<Cuts>) -> Vec<Area> {
    let certain = !test.opaque || test.is_steady;
    let mut areas = vec![Area {
        rule,
        spans: Vec::new(),
        bits: Vec::new(),
        atoms: test.atoms.clone(),
        certain,
        is_headless: false,
        cuts: Rc::clone(cuts),
    }];
    for condition in &test.always {
        add(&mut areas, condition);
    }
    if test.reads_transport {
        let mut later = Vec::new();
        for area in &areas {
            let mut copy = area.copy();
            (copy.certain, copy.is_headless) = (false, true);
            later.push(copy);
        }
        and_choice(&mut later, Choice::Fragment, LATER);
        and_choice(&mut areas, Choice::Fragment, WHOLE);
        for condition in &test.transport {
            add(&mut areas, condition);
        }
        areas.append(&mut later);
    }
    for condition in &test.not_in {
        let Condition::Within(axis, set) = condition else { continue };
        add_outside(&mut areas, *axis, set, family, classes);
    }
    areas.retain(Area::is_possible);
    areas
}

/// Adds a condition to each of the areas.
fn add(areas: &mut Vec<Area>, condition: &Condition) {
    match condition {
        Condition::Within(axis, set) => and_set(areas, *axis, set),
        Condition::OneOf(choice, bits) => and_choice(areas, *choice, *bits),
        Condition::EitherPort(set) => {
            let mut second: Vec<Area> = areas.iter().map(Area::copy).collect();
            and_set(areas, Axis::SourcePort, set);
            and_set(&mut second, Axis::DestinationPort, set);
            areas.append(&mut second);
        }
        Condition::EitherChoice([(first, of_first), (second, of_second)]) => {
            let mut others: Vec<Area> = areas.iter().map(Area::copy).collect();
            and_choice(areas, *first, *of_first);
            and_choice(&mut others, *second, *of_second);
            areas.append(&mut others);
        }
    }
}

/// A packet is in no set of ports if it has none, or if its port is not in the set; a later fragment may be in it.
fn add_outside(areas: &mut Vec<Area>, axis: Axis, set: &Set, family: Family, classes: &Classes) {
    let with_ports = numbers(PORT_SET_PROTOCOLS);
    let mut portless: Vec<Area> = areas.iter().map(Area::copy).collect();
    and_set(&mut portless, Axis::Protocol, &complement(&with_ports, domain(Axis::Protocol, family, classes)));
    let mut later: Vec<Area> = areas.iter().map(Area::copy).collect();
    and_set(&mut later, Axis::Protocol, &with_ports);
    and_choice(&mut later, Choice::Fragment, LATER);
    for area in &mut later {
        (area.certain, area.is_headless) = (false, true);
    }
    and_choice(areas, Choice::Fragment, WHOLE);
    and_set(areas, axis, &complement(set, domain(axis, family, classes)));
    areas.append(&mut portless);
    areas.append(&mut later);
}

fn and_set(areas: &mut [Area], axis: Axis, set: &Set) {
    for area in areas {
        let known = area.spans.iter().position(|(other, _)| *other == axis as usize);
        match known {
            Some(at) => {
                let both = intersection(&area.spans[at].1, set);
                area.spans[at].1 = both;
            }
            None => area.spans.push((axis as usize, Set::clone(set))),
        }
    }
}

fn and_choice(areas: &mut [Area], choice: Choice, bits: u64) {
    for area in areas {
        let known = area.bits.iter().position(|(other, _)| *other == choice as usize);
        match known {
            Some(at) => area.bits[at].1 &= bits,
            None => area.bits.push((choice as usize, bits)),
        }
    }
}

impl Area {
    fn copy(&self) -> Area {
        Area {
            rule: self.rule,
            spans: self.spans.clone(),
            bits: self.bits.clone(),
            atoms: self.atoms.clone(),
            certain: self.certain,
            is_headless: self.is_headless,
            cuts: Rc::clone(&self.cuts),
        }
    }

    fn is_possible(&self) -> bool {
        self.bits.iter().all(|(_, bits)| *bits != 0) && self.spans.iter().all(|(_, set)| !set.is_empty())
    }
}
