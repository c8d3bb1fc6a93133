//! JSON values, in which nothing of a provider's block or a schema is lost: keys keep their order
//! and numbers their digits. Read and written here, without a crate whose features a host shares.

mod number;
mod read;
mod value;
mod write;

pub use value::Json;

#[cfg(test)]
mod tests;
