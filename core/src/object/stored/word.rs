//! Enums of words: each variant has a name that people read, and a number in canonical bytes.

/// Makes enums of words. A variant's number is its place, so new ones go to the end.
macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $what:literal pub enum $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Returns the name that listings show.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// Returns the one of a name.
            ///
            /// # Errors
            /// `Invalid` for another name; the message lists those that there are.
            pub fn from_name(name: &str) -> $crate::error::Result<Self> {
                let found = Self::ALL.iter().find(|known| known.name() == name);
                found.copied().ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|known| known.name()).collect();
                    $crate::error::Error::invalid(format!(
                        "{} is no {}: there are {}",
                        $crate::error::quoted(name), $what, names.join(", ")
                    ))
                })
            }

            pub(crate) fn tag(self) -> u64 {
                self as u64
            }

            pub(crate) fn from_tag(
                body: &mut $crate::codec::Reader<'_>,
            ) -> $crate::error::Result<Self> {
                Ok(Self::ALL[body.count(Self::ALL.len() - 1, $what)?])
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}

pub(super) use words;
