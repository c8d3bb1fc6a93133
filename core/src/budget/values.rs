//! What a token is worth: the one place where planning guesses what matters.

use crate::budget::PlanAction;

/// What kind of thing a token is part of.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Material {
    /// What the user asked, and validated.
    Asked,
    /// What the assistant said.
    Said,
    /// What it called tools with.
    Called,
    /// What it thought before.
    Thought,
    /// What tools returned.
    Returned,
    /// A summary of what was said earlier.
    Summary,
    /// The newest iteration of a file.
    File,
    /// An iteration of a file to which there is a newer one in view.
    OldFile,
}

impl Material {
    /// Every material, in the order of declaration.
    pub const ALL: [Material; 8] = [
        Material::Asked,
        Material::Said,
        Material::Called,
        Material::Thought,
        Material::Returned,
        Material::Summary,
        Material::File,
        Material::OldFile,
    ];

    /// Returns the name that listings and other languages know it by.
    pub fn name(self) -> &'static str {
        match self {
            Material::Asked => "asked",
            Material::Said => "said",
            Material::Called => "called",
            Material::Thought => "thought",
            Material::Returned => "returned",
            Material::Summary => "summary",
            Material::File => "file",
            Material::OldFile => "old-file",
        }
    }
}

/// A model of what tokens are worth, in thousandths of a token that matters fully.
///
/// Hosts know more than any default: a closure of material and age will do.
///
/// ```
/// use partita::budget::{Makeup, Material, PlanAction, Values};
/// // Tool output is worth nothing after five exchanges, everything else always everything.
/// let values = |material: Material, age: u64| match material {
///     Material::Returned if age > 5 => 0,
///     _ => 1_000,
/// };
/// let makeup = Makeup::new().with(Material::Asked, 20).with(Material::Returned, 900);
/// assert_eq!(values.loss(&makeup, 6, PlanAction::Forget), 20_000);
/// assert_eq!(values.loss(&makeup, 6, PlanAction::Trim), 0);
/// assert_eq!(values.loss(&makeup, 2, PlanAction::Trim), 900_000);
/// ```
pub trait Values {
    /// Returns what a token of this material is worth when `age` newer exchanges stand behind it,
    /// in thousandths.
    fn worth(&self, material: Material, age: u64) -> u64;

    /// Returns how much of that an action takes away, in thousandths.
    ///
    /// Forgetting and hiding take all; trimming all of what tools returned and nothing else;
    /// refreshing all of what is outdated and nothing else; a summary keeps seven parts in ten.
    fn taken(&self, material: Material, action: PlanAction) -> u64 {
        match action {
            PlanAction::Forget | PlanAction::Hide => 1_000,
            PlanAction::Trim if material == Material::Returned => 1_000,
            PlanAction::Refresh if material == Material::OldFile => 1_000,
            PlanAction::Trim | PlanAction::Refresh => 0,
            PlanAction::Compact => 300,
        }
    }

    /// Returns what is lost when an action is done to something: the loss of a
    /// [`PlanMode`](crate::budget::PlanMode). Asks of materials with tokens alone. Saturates.
    fn loss(&self, makeup: &Makeup, age: u64, action: PlanAction) -> u64 {
        let mut loss = 0u128;
        for (material, tokens) in makeup.parts().filter(|(_, tokens)| *tokens > 0) {
            let worth =
                u128::from(self.worth(material, age)) * u128::from(self.taken(material, action));
            loss = loss.saturating_add((worth / 1_000).saturating_mul(u128::from(tokens)));
        }
        u64::try_from(loss).unwrap_or(u64::MAX)
    }
}

impl<F: Fn(Material, u64) -> u64> Values for F {
    fn worth(&self, material: Material, age: u64) -> u64 {
        self(material, age)
    }
}

/// Of how many tokens of which material something consists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Makeup {
    tokens: [u64; Material::ALL.len()],
}

impl Makeup {
    /// Makes something of no tokens.
    pub fn new() -> Self {
        Makeup::default()
    }

    /// Adds tokens of a material. Saturates.
    #[must_use]
    pub fn with(mut self, material: Material, tokens: u64) -> Self {
        let sum = &mut self.tokens[material as usize];
        *sum = sum.saturating_add(tokens);
        self
    }

    /// Returns the tokens of each material.
    pub fn parts(&self) -> impl Iterator<Item = (Material, u64)> {
        Material::ALL.into_iter().zip(self.tokens)
    }
}

/// The default model: what was asked counts most, what can be had again least, and what is newer
/// counts more than what is older.
///
/// A guess, not a measurement; its reasons:
///
/// * What the **user** said cannot be had again. It ages slowest.
/// * A **summary** stands for much that is gone already. It keeps its value.
/// * What the **assistant** said and called is the record of what was done, worth half.
/// * What **tools returned** is the largest part of agents' prompts, is mostly read once and can
///   be had again by another call: Anthropic's context editing clears tool results first and keeps
///   the newest three.
/// * Earlier **thinking** may be dropped by the rules of the APIs themselves.
/// * A **file** can be shown again, and so can a text as long as one that a user pasted. An
///   outdated iteration misleads rather than helps.
///
/// What ages is worth half after eight newer exchanges, a third after sixteen, and so on without a
/// step: of two alike the older one goes. What was asked takes sixteen exchanges to half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultValues;

/// Exchanges after which what ages is worth half.
const HALF: u64 = 8;

impl Values for DefaultValues {
    fn worth(&self, material: Material, age: u64) -> u64 {
        let (fresh, half) = match material {
            Material::Asked => (1_000, 2 * HALF),
            Material::Summary => return 1_000,
            Material::Said | Material::Called => (500, HALF),
            Material::File => (400, HALF),
            Material::Returned => (300, HALF),
            Material::Thought => (100, HALF),
            Material::OldFile => return 20,
        };
        (fresh * half / half.saturating_add(age)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_materials_are_their_numbers() {
        for (at, material) in Material::ALL.into_iter().enumerate() {
            assert_eq!(material as usize, at);
        }
    }

    #[test]
    fn worth_never_grows_with_age_and_a_summary_keeps_its_own() {
        for material in Material::ALL {
            let worth: Vec<_> =
                (0..100).chain([u64::MAX]).map(|age| DefaultValues.worth(material, age)).collect();
            assert!(worth.is_sorted_by(|one, two| one >= two), "{material:?}");
            assert!(worth.iter().all(|&worth| (1..=1_000).contains(&worth)), "{material:?}");
        }
        let worth = |material, age| DefaultValues.worth(material, age);
        assert_eq!(worth(Material::Summary, 0), worth(Material::Summary, u64::MAX));
        assert_eq!((worth(Material::Returned, 0), worth(Material::Returned, 8)), (300, 150));
        assert_eq!((worth(Material::Asked, 0), worth(Material::Asked, 16)), (1_000, 500));
        for age in 0..20 {
            assert!(worth(Material::Said, age) > worth(Material::Said, age + 1), "no steps: {age}");
        }
    }

    #[test]
    fn a_milder_action_loses_less() {
        let makeup = Material::ALL
            .into_iter()
            .fold(Makeup::new(), |makeup, material| makeup.with(material, 1_000));
        let loss = |action| DefaultValues.loss(&makeup, 9, action);
        assert!(
            0 < loss(PlanAction::Refresh) && loss(PlanAction::Refresh) < loss(PlanAction::Hide)
        );
        assert!(0 < loss(PlanAction::Trim) && loss(PlanAction::Trim) < loss(PlanAction::Compact));
        assert!(loss(PlanAction::Compact) < loss(PlanAction::Forget));
    }

    #[test]
    fn only_materials_with_tokens_are_asked_of() {
        let asked = std::cell::RefCell::new(Vec::new());
        let values = |material: Material, age: u64| {
            asked.borrow_mut().push((material, age));
            1_000
        };
        let makeup = Makeup::new().with(Material::Called, 2).with(Material::File, 0);
        assert_eq!(values.loss(&makeup, 4, PlanAction::Forget), 2_000);
        assert_eq!(*asked.borrow(), [(Material::Called, 4)]);
    }

    #[test]
    fn hostile_numbers_saturate() {
        let makeup = Makeup::new().with(Material::File, u64::MAX).with(Material::File, u64::MAX);
        let values = |_: Material, _: u64| u64::MAX;
        assert_eq!(values.loss(&makeup, u64::MAX, PlanAction::Forget), u64::MAX);
        assert_eq!(DefaultValues.loss(&makeup, u64::MAX, PlanAction::Forget), u64::MAX);
    }
}
