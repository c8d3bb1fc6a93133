//! Objects: keys and values, in an order that is part of no promise and never changes.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value that is an object in JSON, so that another object can take in its keys.
pub(super) trait Fields {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl<T: Fields> Fields for &T {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        (**self).fields(map)
    }
}

/// Writes an object.
pub(super) fn write<S: Serializer>(value: &impl Fields, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    value.fields(&mut map)?;
    map.end()
}

/// An array of what a closure goes through.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((self.0)())
    }
}

/// The shape of a type: `key: value,` for each key, `key?: option,` for one that is left out if
/// there is none, and `..value,` for all the keys of another object.
macro_rules! object {
    ($(where [$($generics:tt)*])? $type:ty, $this:ident => { $($rows:tt)* }) => {
        impl $(<$($generics)*>)? $crate::shape::fields::Fields for $type {
            fn fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                let $this = self;
                $crate::shape::fields::rows!(map $($rows)*);
                Ok(())
            }
        }

        impl $(<$($generics)*>)? serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::shape::fields::write(self, to)
            }
        }
    };
}

macro_rules! rows {
    ($map:ident) => {()};
    ($map:ident $key:ident: $value:expr, $($rest:tt)*) => {{
        $map.serialize_entry(stringify!($key), &$value)?;
        $crate::shape::fields::rows!($map $($rest)*)
    }};
    ($map:ident $key:ident?: $value:expr, $($rest:tt)*) => {{
        if let Some(value) = &$value {
            $map.serialize_entry(stringify!($key), value)?;
        }
        $crate::shape::fields::rows!($map $($rest)*)
    }};
    ($map:ident ..$value:expr, $($rest:tt)*) => {{
        $crate::shape::fields::Fields::fields(&$value, $map)?;
        $crate::shape::fields::rows!($map $($rest)*)
    }};
}

/// The shape of types that are a word or a line: `Type, value => text;`.
macro_rules! texts {
    ($($type:ty, $this:ident => $text:expr;)*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let $this = self;
                to.collect_str(&$text)
            }
        }
    )*};
}

pub(super) use {object, rows, texts};
