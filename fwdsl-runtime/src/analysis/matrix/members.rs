//! The addresses of a class, for people.

use super::Class;
use crate::analysis::region::Span;
use crate::family::Family;
use crate::lower::networks;
use crate::model::{Address, SaveForm, from_bits};

/// Numbers as addresses: a network if they are one.
pub(super) fn range(family: Family, span: Span) -> Address {
    let range = Address::Range { first: from_bits(family, span.first), last: from_bits(family, span.last) };
    match networks(&range).as_slice() {
        [net] => Address::Net(*net),
        _ => range,
    }
}

/// How a class is called. No other class begins with the same addresses; the largest is what is left of all, unless it
/// is in one piece.
pub(super) fn class_name(members: &[Address], is_largest: bool) -> String {
    match members {
        [] => String::new(),
        [only] => member_text(only),
        _ if is_largest => "others".into(),
        [first, more @ ..] => format!("{} +{}", member_text(first), more.len()),
    }
}

/// `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1-10.0.0.9`.
fn member_text(member: &Address) -> String {
    match member {
        Address::Range { first, last } => format!("{}-{}", SaveForm(*first), SaveForm(*last)),
        other => other.to_string(),
    }
}

impl Class {
    /// Its addresses as words: so many ranges, and then how many more there are.
    pub fn member_words(&self, most: usize) -> Vec<String> {
        let mut words: Vec<String> = self.members.iter().take(most).map(member_text).collect();
        if self.members.len() > most {
            words.push(format!("… {} more", self.members.len() - most));
        }
        words
    }

    /// How many addresses there are, as people say it.
    pub fn size_text(&self) -> String {
        let spans = self.members.iter().map(Address::bounds);
        let less_one = spans.fold(None, |size: Option<u128>, (first, last)| match size {
            None => Some(last - first),
            Some(size) => Some(size.saturating_add(last - first).saturating_add(1)),
        });
        match less_one.unwrap_or_default() {
            0 => "1 address".into(),
            size @ 1..=0xffff_ffff => format!("{} addresses", grouped(size + 1)),
            size => format!("about 2^{} addresses", size.ilog2() + u32::from(size & size >> 1 != 0)),
        }
    }
}

/// `16,777,216`
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
