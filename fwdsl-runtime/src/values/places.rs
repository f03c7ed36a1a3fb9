//! Which Rust types may stand at which place of a policy.
//!
//! Each place is a type with a constructor whose bound is the place's trait: a wrong type is an error at the
//! user's expression, in the words of `on_unimplemented`. Each accepted type has a method `value` of its own, which is
//! `const` but for owned lists, so that a policy of constants is a constant.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::{Content, Many, RustValue};
use crate::model::Net;

/// What a value of a type that no place takes would become: nothing, for rustc has refused it at
/// the bound of the place already and says no more.
pub trait Unfit: Sized {
    /// Never called.
    fn value(self) -> RustValue {
        RustValue(Content::Absent)
    }
}

// The places are written out, not made by a macro, since rustc shows their bounds under an error.

/// The place of a port.
#[derive(Debug)]
pub struct Port<T>(T);

impl<T: IsPort> Port<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Port<T> {
        Port(value)
    }
}

impl<T> Unfit for Port<T> {}

/// What can stand for ports.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand for a port",
    label = "expected a port",
    note = "it may be a `u16`, a `RangeInclusive<u16>` (`22..=25`), the name of a service as a string, \
            or a slice, array or `Vec` of these"
)]
pub trait IsPort {}

/// The place of an address.
#[derive(Debug)]
pub struct Address<T>(T);

impl<T: IsAddress> Address<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Address<T> {
        Address(value)
    }
}

impl<T> Unfit for Address<T> {}

/// What can stand for addresses.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand for an address",
    label = "expected an address",
    note = "it may be an `IpAddr`, `Ipv4Addr` or `Ipv6Addr`, a `RangeInclusive` of one, a `fwdsl::model::Net`, \
            a string, or a slice, array or `Vec` of these"
)]
pub trait IsAddress {}

/// The place of a number.
#[derive(Debug)]
pub struct Number<T>(T);

impl<T: IsNumber> Number<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Number<T> {
        Number(value)
    }
}

impl<T> Unfit for Number<T> {}

/// What can stand for a number.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand for a number",
    label = "expected a number",
    note = "it may be a `u8`, `u16`, `u32` or `u64`"
)]
pub trait IsNumber {}

/// The place of an interface, a protocol, a rate or a word.
#[derive(Debug)]
pub struct Word<T>(T);

impl<T: IsWord> Word<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Word<T> {
        Word(value)
    }
}

impl<T> Unfit for Word<T> {}

/// What can stand for a word.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand here",
    label = "expected a string",
    note = "it may be a `&'static str`, a `String`, a protocol's number as `u8`, or a slice, array or `Vec` of these"
)]
pub trait IsWord {}

/// The place of a text.
#[derive(Debug)]
pub struct Text<T>(T);

impl<T: IsText> Text<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Text<T> {
        Text(value)
    }
}

impl<T> Unfit for Text<T> {}

/// What can stand for a text.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand for a text",
    label = "expected a string",
    note = "it may be a `&'static str` or a `String`"
)]
pub trait IsText {}

/// The place of a sysctl's value.
#[derive(Debug)]
pub struct Setting<T>(T);

impl<T: IsSetting> Setting<T> {
    /// Takes a value of the right type.
    pub const fn of(value: T) -> Setting<T> {
        Setting(value)
    }
}

impl<T> Unfit for Setting<T> {}

/// What can stand for the value of a sysctl.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand for the value of a sysctl",
    label = "expected a number or a string",
    note = "it may be a `u8`, `u16`, `u32`, `u64`, a `&'static str` or a `String`"
)]
pub trait IsSetting {}

/// Lets types stand at a place, alone and in lists.
macro_rules! stands {
    ($place:ident: $trait:ident { $($item:ty => $content:ident,)* }) => {
        $(
            stands!(@alone $place $trait $content $item);
            stands!(@const $place $trait $content &'static [$item] => |slice| slice);
            stands!(@const $place $trait $content &'static &'static [$item] => |slice| *slice);
            #[diagnostic::do_not_recommend]
            impl<const N: usize> $trait for &'static [$item; N] {}
            impl<const N: usize> $place<&'static [$item; N]> {
                /// The value.
                pub const fn value(self) -> RustValue {
                    RustValue(Content::$content(Many::Slice(self.0)))
                }
            }
            #[diagnostic::do_not_recommend]
            impl<const N: usize> $trait for &'static &'static [$item; N] {}
            impl<const N: usize> $place<&'static &'static [$item; N]> {
                /// The value.
                pub const fn value(self) -> RustValue {
                    RustValue(Content::$content(Many::Slice(*self.0)))
                }
            }
            #[diagnostic::do_not_recommend]
            impl<const N: usize> $trait for [$item; N] {}
            impl<const N: usize> $place<[$item; N]> {
                /// The value.
                pub fn value(self) -> RustValue {
                    RustValue(Content::$content(Many::Owned(self.0.into())))
                }
            }
            stands!(@owned $place $trait $content $item);
        )*
    };
    (@alone $place:ident $trait:ident $content:ident $item:ty) => {
        #[diagnostic::do_not_recommend]
        impl $trait for $item {}
        impl $place<$item> {
            /// The value.
            pub const fn value(self) -> RustValue {
                let $place(item) = self;
                RustValue(Content::$content(Many::One(item)))
            }
        }
        stands!(@const $place $trait $content &'static $item => |item| std::slice::from_ref(item));
    };
    (@const $place:ident $trait:ident $content:ident $type:ty => |$value:ident| $slice:expr) => {
        #[diagnostic::do_not_recommend]
        impl $trait for $type {}
        impl $place<$type> {
            /// The value.
            pub const fn value(self) -> RustValue {
                let $value = self.0;
                RustValue(Content::$content(Many::Slice($slice)))
            }
        }
    };
    (@owned $place:ident $trait:ident $content:ident $item:ty) => {
        #[diagnostic::do_not_recommend]
        impl $trait for Vec<$item> {}
        impl $place<Vec<$item>> {
            /// The value.
            pub fn value(self) -> RustValue {
                RustValue(Content::$content(Many::Owned(self.0)))
            }
        }
    };
    (@string $($place:ident: $trait:ident),*) => {
        $(
            stands!(@owned $place $trait String String);
            #[diagnostic::do_not_recommend]
            impl $trait for String {}
            impl $place<String> {
                /// The value.
                pub fn value(self) -> RustValue {
                    RustValue(Content::String(Many::One(self.0)))
                }
            }
        )*
    };
}

stands!(Port: IsPort {
    u16 => U16,
    RangeInclusive<u16> => Ports,
    &'static str => Str,
});

stands!(Address: IsAddress {
    Ipv4Addr => V4,
    Ipv6Addr => V6,
    IpAddr => Ip,
    RangeInclusive<Ipv4Addr> => V4Range,
    RangeInclusive<Ipv6Addr> => V6Range,
    RangeInclusive<IpAddr> => IpRange,
    Net => Net,
    &'static str => Str,
});

stands!(Number: IsNumber {
    u8 => U8,
    u16 => U16,
    u32 => U32,
    u64 => U64,
});

stands!(Word: IsWord {
    u8 => U8,
    &'static str => Str,
});

stands!(Text: IsText {
    &'static str => Str,
});

stands!(Setting: IsSetting {
    u8 => U8,
    u16 => U16,
    u32 => U32,
    u64 => U64,
    &'static str => Str,
});

stands!(@string Port: IsPort, Address: IsAddress, Word: IsWord, Text: IsText, Setting: IsSetting);
