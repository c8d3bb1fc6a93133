//! The roots of a checkpoint that this version knows.

use std::collections::BTreeMap;

use crate::id::{ContentId, MapId, ObjectId};
use crate::map::Map;
use crate::object::Checkpoint;
use crate::session::line::marks::ViewMaps;
use crate::session::line::point::Point;

/// A root that this version edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Root {
    Files,
    Memories,
    State,
    View,
    Recent,
    Instructions,
    Tools,
    Sandbox,
    LeftOut,
    Runs,
    Evidence,
    Claims,
    Conflicts,
    Merged,
    Branches,
    Steps,
    Proposals,
    Findings,
    Gates,
    Roles,
}

impl Root {
    pub(crate) const ALL: [Root; 20] = [
        Root::Files,
        Root::Memories,
        Root::State,
        Root::View,
        Root::Recent,
        Root::Instructions,
        Root::Tools,
        Root::Sandbox,
        Root::LeftOut,
        Root::Runs,
        Root::Evidence,
        Root::Claims,
        Root::Conflicts,
        Root::Merged,
        Root::Branches,
        Root::Steps,
        Root::Proposals,
        Root::Findings,
        Root::Gates,
        Root::Roles,
    ];

    /// Tells whether it comes back with the dialog of an earlier state. Files come back by
    /// themselves, and merge conflicts with them. Four stay, whatever state is brought back: what ran
    /// has run and showed what it showed, steps were done, and what was left out is of the directory.
    /// What was merged
    /// comes back with a whole state alone.
    pub(crate) fn is_of_dialog(self) -> bool {
        use Root::{Conflicts, Evidence, Files, LeftOut, Merged, Runs, Steps};
        !matches!(self, Files | LeftOut | Runs | Evidence | Conflicts | Merged | Steps)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Root::Files => Checkpoint::FILES,
            Root::Memories => Checkpoint::MEMORIES,
            Root::State => Checkpoint::STATE,
            Root::View => Checkpoint::VIEW,
            Root::Recent => Checkpoint::RECENT,
            Root::Instructions => Checkpoint::INSTRUCTIONS,
            Root::Tools => Checkpoint::TOOLS,
            Root::Sandbox => Checkpoint::SANDBOX,
            Root::LeftOut => Checkpoint::LEFT_OUT,
            Root::Runs => Checkpoint::RUNS,
            Root::Evidence => Checkpoint::EVIDENCE,
            Root::Claims => Checkpoint::CLAIMS,
            Root::Conflicts => Checkpoint::CONFLICTS,
            Root::Merged => Checkpoint::MERGED,
            Root::Branches => Checkpoint::BRANCHES,
            Root::Steps => Checkpoint::STEPS,
            Root::Proposals => Checkpoint::PROPOSALS,
            Root::Findings => Checkpoint::FINDINGS,
            Root::Gates => Checkpoint::GATES,
            Root::Roles => Checkpoint::ROLES,
        }
    }
}

/// The roots of one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roots([Option<ObjectId>; Root::ALL.len()]);

impl Roots {
    pub(crate) fn of(point: Option<&Point>) -> Self {
        let Some(point) = point else { return Roots::default() };
        Roots(Root::ALL.map(|root| point.value.roots.get(root.name()).copied()))
    }

    pub(crate) fn get(&self, root: Root) -> Option<ObjectId> {
        self.0[root as usize]
    }

    pub(crate) fn set(&mut self, root: Root, id: Option<ObjectId>) {
        self.0[root as usize] = id;
    }

    pub(crate) fn map(&self, root: Root) -> Map {
        Map::new(self.get(root).map(MapId::new))
    }

    pub(crate) fn set_map(&mut self, root: Root, map: Map) {
        self.set(root, map.root().map(|id| id.id()));
    }

    pub(crate) fn files(&self) -> Map {
        self.map(Root::Files)
    }

    pub(crate) fn memories(&self) -> Map {
        self.map(Root::Memories)
    }

    pub(crate) fn view(&self) -> ViewMaps {
        ViewMaps { all: self.map(Root::View), recent: self.map(Root::Recent) }
    }

    pub(crate) fn set_view(&mut self, view: ViewMaps) {
        self.set_map(Root::View, view.all);
        self.set_map(Root::Recent, view.recent);
    }

    /// The content of a root that is one.
    pub(crate) fn text(&self, root: Root) -> Option<ContentId> {
        self.get(root).map(ContentId::new)
    }

    pub(crate) fn write(&self, checkpoint: &mut Checkpoint) {
        for root in Root::ALL {
            match self.get(root) {
                Some(id) => drop(checkpoint.roots.insert(root.name().to_owned(), id)),
                None => drop(checkpoint.roots.remove(root.name())),
            }
        }
    }
}

/// The roots of a state that this version does not know.
pub(crate) fn others(point: Option<&Point>) -> BTreeMap<&str, ObjectId> {
    let roots = point.iter().flat_map(|point| &point.value.roots);
    let known = |name: &str| Root::ALL.iter().any(|root| root.name() == name);
    roots.filter(|(name, _)| !known(name)).map(|(name, id)| (&name[..], *id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_has_its_own_place_and_name() {
        for (at, root) in Root::ALL.into_iter().enumerate() {
            assert_eq!(root as usize, at);
            assert!(Root::ALL.iter().all(|other| *other == root || other.name() != root.name()));
        }
    }
}
