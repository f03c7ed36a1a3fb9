//! What can be said of a constant while it is compiled.
//!
//! The macro cannot know whether it stands in a constant. But a name in capitals is a constant or static, so for
//! each of them it emits `const _: () = Address::of(&NAME).value().assert_sound(…);`, and a bad one fails the build. All
//! else is found by the same checks as everything, before anything is emitted.

use super::{Content, Many, RustValue};
use crate::model::is_net;

/// A loop over items, for a `const fn` has none over iterators.
macro_rules! each {
    ($many:expr, |$item:ident| $check:expr) => {{
        let items = items($many);
        let mut index = 0;
        while index < items.len() {
            let $item = &items[index];
            $check;
            index += 1;
        }
    }};
}

impl RustValue {
    /// Panics, which fails the build, if no rule could hold the value.
    ///
    /// `address` tells that a string is read as an address; `max` is the greatest length of a text in bytes, or the
    /// greatest number.
    #[doc(hidden)]
    #[track_caller]
    pub const fn assert_sound(self, address: bool, max: u64) {
        match &self.0 {
            Content::U8(many) => each!(many, |item| assert!(*item as u64 <= max, "the number is too great")),
            Content::U16(many) => each!(many, |item| assert!(*item as u64 <= max, "the number is too great")),
            Content::U32(many) => each!(many, |item| assert!(*item as u64 <= max, "the number is too great")),
            Content::U64(many) => each!(many, |item| assert!(*item <= max, "the number is too great")),
            Content::Ports(many) => each!(many, |item| {
                assert!(*item.start() <= *item.end(), "the range of ports is the wrong way round");
            }),
            Content::V4Range(many) => each!(many, |item| {
                assert!(
                    item.start().to_bits() <= item.end().to_bits(),
                    "the range of addresses is the wrong way round"
                );
            }),
            Content::V6Range(many) => each!(many, |item| {
                assert!(
                    item.start().to_bits() <= item.end().to_bits(),
                    "the range of addresses is the wrong way round"
                );
            }),
            Content::Str(many) => each!(many, |item| {
                assert!(!address || is_net(item.as_bytes()), "the string is not an address or a network");
                assert!(item.len() as u64 <= max, "the string is too long for its place");
            }),
            Content::Net(many) => each!(many, |item| {
                assert!(item.is_sound(), "the network has bits set beyond its prefix");
            }),
            Content::Absent
            | Content::V4(_)
            | Content::V6(_)
            | Content::Ip(_)
            | Content::IpRange(_)
            | Content::String(_) => {}
        }
        assert!(self.length() > 0, "an empty list matches nothing");
        // No constant can drop a value that might hold an owned list.
        std::mem::forget(self);
    }

    const fn length(&self) -> usize {
        match &self.0 {
            Content::Absent => 0,
            Content::U8(many) => items(many).len(),
            Content::U16(many) => items(many).len(),
            Content::U32(many) => items(many).len(),
            Content::U64(many) => items(many).len(),
            Content::Ports(many) => items(many).len(),
            Content::V4(many) => items(many).len(),
            Content::V6(many) => items(many).len(),
            Content::Ip(many) => items(many).len(),
            Content::V4Range(many) => items(many).len(),
            Content::V6Range(many) => items(many).len(),
            Content::IpRange(many) => items(many).len(),
            Content::Net(many) => items(many).len(),
            Content::Str(many) => items(many).len(),
            Content::String(many) => items(many).len(),
        }
    }
}

const fn items<T>(many: &Many<T>) -> &[T] {
    match many {
        Many::One(item) => std::slice::from_ref(item),
        Many::Slice(items) => items,
        // No constant holds an owned list.
        Many::Owned(_) => &[],
    }
}
