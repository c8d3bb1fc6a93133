//! What the steps of a session's plan are of.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{Fields, rows, write};
use crate::view::PlanKey;

impl Fields for PlanKey {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            PlanKey::Memories { first, last, what } => {
                rows!(map first: first, last: last, what: what,);
            }
            PlanKey::File { path, number, .. } => rows!(map path: path, iteration: number,),
            PlanKey::Fixed(what) => rows!(map what: what,),
        }
        Ok(())
    }
}

impl Serialize for PlanKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}
