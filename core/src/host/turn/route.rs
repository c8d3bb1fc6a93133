//! Which model serves which role.

use crate::object::{Complexity, Policy, Route};

/// Who says which model serves a call. It is asked before each one.
pub trait Router {
    /// Chooses a model.
    fn route(&mut self, asked: &RouteRequest<'_>) -> Routed;
}

/// What a router may go by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteRequest<'a> {
    /// The role that the model will have.
    pub role: &'a str,
    /// How hard the task is: as a person said, or as it was measured.
    pub complexity: Complexity,
    /// What it was measured by.
    pub measures: Measures,
    /// The turn's policy.
    pub policy: &'a Policy,
}

/// What the complexity of a task is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measures {
    /// Bytes of what the model is shown.
    pub prompt_bytes: u64,
    /// Files that the turn's proposal changes.
    pub files: u64,
    /// How often a change came back, and how many answers in a row were none.
    pub failures: u64,
    /// What the turn has spent, in millionths of the host's currency.
    pub spent: u64,
    /// Calls of models that the turn has made.
    pub calls: u64,
}

/// What a router chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The model; empty where the host decides by itself.
    pub model: String,
    /// Why, in a line: which rule, and what others were left out for.
    pub why: String,
}

/// Bytes of a prompt from which a task is held to be of medium complexity, and from which of high.
const BYTES: [u64; 2] = [60_000, 400_000];
/// The same of files that it changes.
const FILES: [u64; 2] = [4, 20];
/// The same of failures.
const FAILURES: [u64; 2] = [1, 2];

impl Measures {
    /// Returns how hard a task is by these: the highest that any of them says. From 60,000 bytes of
    /// prompt, 4 files or 1 failure on it is medium; from 400,000 bytes, 20 files or 2 failures on high.
    ///
    /// ```
    /// use partita::host::turn::{Complexity, Measures};
    /// assert_eq!(Measures::default().complexity(), Complexity::Low);
    /// ```
    pub fn complexity(&self) -> Complexity {
        let pairs = [(self.prompt_bytes, BYTES), (self.files, FILES), (self.failures, FAILURES)];
        let of = |(number, [medium, high]): (u64, [u64; 2])| match number {
            number if number >= high => Complexity::High,
            number if number >= medium => Complexity::Medium,
            _ => Complexity::Low,
        };
        pairs.into_iter().map(of).max().expect("there are three")
    }
}

/// The router that goes by a policy's routes.
#[derive(Clone, Copy, Debug, Default)]
pub struct PolicyRouter;

impl Router for PolicyRouter {
    /// Of the routes for the role, or for any, whose complexity is reached and whose sum is not spent,
    /// the one for the hardest tasks; of these one for the very role; of these the first.
    fn route(&mut self, asked: &RouteRequest<'_>) -> Routed {
        let (mut best, mut excluded): (Option<&Route>, Vec<String>) = (None, Vec::new());
        for route in &asked.policy.routes {
            if !route.role.is_empty() && route.role != asked.role {
                continue;
            }
            if route.from > asked.complexity {
                excluded.push(format!("{} is for {} tasks", route.model, route.from));
                continue;
            }
            if route.spent_max > 0 && asked.measures.spent >= route.spent_max {
                excluded.push(format!("{} is for less than is spent", route.model));
                continue;
            }
            let rank = |route: &Route| (route.from, !route.role.is_empty());
            if best.is_none_or(|best| rank(route) > rank(best)) {
                best = Some(route);
            }
        }
        let mut why = match best {
            Some(best) if best.role.is_empty() => format!("for {} tasks", asked.complexity),
            Some(best) => format!("for {} at {} tasks", best.role, asked.complexity),
            None => "no route of the policy".to_owned(),
        };
        for reason in excluded {
            why.push_str("; ");
            why.push_str(&reason);
        }
        Routed { model: best.map(|best| best.model.clone()).unwrap_or_default(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(policy: &Policy, role: &str, complexity: Complexity, spent: u64) -> String {
        let measures = Measures { spent, ..Measures::default() };
        PolicyRouter.route(&RouteRequest { role, complexity, measures, policy }).model
    }

    #[test]
    fn the_hardest_route_that_is_reached_and_paid_for_serves_and_the_own_role_before_any() {
        let mut policy = Policy::new();
        policy.route("", "small").route("plan", "planner");
        let row = |role: &str, model: &str, from, spent_max| Route {
            role: role.into(),
            model: model.into(),
            from,
            spent_max,
        };
        policy.routes.push(row("", "large", Complexity::High, 1_000));
        policy.routes.push(row("", "middle", Complexity::Medium, 0));
        assert_eq!(routed(&policy, "implement", Complexity::Low, 0), "small");
        assert_eq!(routed(&policy, "plan", Complexity::Low, 0), "planner");
        assert_eq!(routed(&policy, "plan", Complexity::Medium, 0), "middle");
        assert_eq!(routed(&policy, "implement", Complexity::High, 999), "large");
        assert_eq!(routed(&policy, "implement", Complexity::High, 1_000), "middle");
        assert_eq!(routed(&Policy::new(), "implement", Complexity::High, 0), "");
    }

    #[test]
    fn each_measure_makes_a_task_harder_at_its_numbers() {
        let of = |prompt_bytes, files, failures| {
            Measures { prompt_bytes, files, failures, ..Measures::default() }.complexity()
        };
        assert_eq!(of(59_999, 3, 0), Complexity::Low);
        for medium in [of(60_000, 0, 0), of(0, 4, 0), of(0, 0, 1)] {
            assert_eq!(medium, Complexity::Medium);
        }
        for high in [of(400_000, 0, 0), of(0, 20, 0), of(0, 0, 2)] {
            assert_eq!(high, Complexity::High);
        }
    }
}
