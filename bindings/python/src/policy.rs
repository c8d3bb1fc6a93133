//! Policies: the rules that a turn goes by, as keyword arguments say them.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use partita::host::turn::{
    Asks, Complexity, Effect, Policy as Core, Review, RolePolicy, Route, Rule, Severity, Stage,
    ToolPolicy, TurnLimits,
};

use crate::context::dialect_of;
use crate::convert::Whole;
use crate::error::{OrRaise as _, invalid};

/// The rules that a turn goes by, from its beginning to its end.
///
/// ``stages`` are what is asked for, one after the other: each a role and what it is asked, as a message
/// of the user's, or ``""`` where the dialog says so already. ``roles`` are the instructions of roles, or
/// ``dict(instructions=, budget=, reserve=)`` with the tokens that a request may have. ``tools`` say what
/// it means to call a tool twice: ``"read"``, ``"idempotent"``, ``"reversible"`` or ``"irreversible"``,
/// or ``dict(effect=, asks=)`` with when a person is asked: ``"by-effect"``, ``"always"``, ``"never"``. A
/// tool that is not named counts as irreversible. ``routes`` are models for roles: ``(role, model)``, or
/// ``dict(model=, role=, complexity=, spent_max=)``; the role ``""`` is any.
///
/// ``limits`` say when it ends: ``calls``, ``tokens``, ``cost``, ``time`` in milliseconds, ``rounds``,
/// ``repeats``, ``failures``, ``parallel``; 0 is no limit. ``review`` says who looks at a change before
/// it is applied: ``tests=True`` for the gates, ``model=`` for a role, ``person=True``. ``gates`` name
/// those that run after a change, all unless some are named; ``files`` are globs of what the task is
/// about. ``rules`` change those of oversight: a severity by a rule's name, ``dict(severity=,
/// parameters=)``, or ``None`` to leave it out. ``complexity`` is ``"low"``, ``"medium"`` or ``"high"``
/// where a person says so.
///
/// Raises ``Invalid`` for a name that it does not know, and beyond a limit.
///
/// >>> from partita import Policy
/// >>> policy = Policy(stages=[("plan", "Make a plan."), ("implement", "Do it.")],
/// ...                 tools={"read_file": "read", "deploy": "irreversible"},
/// ...                 limits={"calls": 40}, review={"person": True})
/// >>> policy.to_dict()["limits"]["calls"], policy.to_dict()["rules"]["secret"]
/// (40, 'error')
#[pyclass(module = "partita", frozen, eq)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy(pub(crate) Core);

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, stages: "collections.abc.Iterable[tuple[str, str]] | None" = None,
        roles: "collections.abc.Mapping[str, str | partita.literals.RoleOptions] | None" = None,
        tools: "collections.abc.Mapping[str, partita.literals.Effect | partita.literals.ToolOptions] | None" = None,
        routes: "collections.abc.Iterable[tuple[str, str] | partita.literals.RouteOptions] | None" = None,
        limits: "partita.literals.LimitOptions | None" = None, review: "partita.literals.ReviewOptions | None" = None,
        gates: "collections.abc.Iterable[str] | None" = None, files: "collections.abc.Iterable[str] | None" = None,
        rules: "collections.abc.Mapping[str, partita.literals.Severity | partita.literals.RuleOptions | None] | None" = None,
        complexity: "partita.literals.Complexity | None" = None, dialect = "openai-chat"))]
    fn new(
        stages: Option<&Bound<'_, PyAny>>,
        roles: Option<&Bound<'_, PyAny>>,
        tools: Option<&Bound<'_, PyAny>>,
        routes: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyAny>>,
        review: Option<&Bound<'_, PyAny>>,
        gates: Option<&Bound<'_, PyAny>>,
        files: Option<&Bound<'_, PyAny>>,
        rules: Option<&Bound<'_, PyAny>>,
        complexity: Option<&str>,
        dialect: &str,
    ) -> PyResult<Self> {
        let mut policy = Core::new();
        if let Some(stages) = stages {
            policy.stages = all(stages, |stage| {
                let (role, prompt) = stage.extract()?;
                Ok(Stage { role, prompt })
            })?;
        }
        for (name, given) in pairs(roles)? {
            policy.roles.insert(name, role_of(&given)?);
        }
        for (name, given) in pairs(tools)? {
            policy.tools.insert(name, tool_of(&given)?);
        }
        if let Some(routes) = routes {
            policy.routes = all(routes, route_of)?;
        }
        if let Some(limits) = limits {
            policy.limits = limits_of(limits)?;
        }
        if let Some(review) = review {
            let given = Options::of(review, "review", &["tests", "model", "person"])?;
            policy.review = Review {
                tests: given.get("tests")?.unwrap_or_default(),
                model: given.get("model")?,
                person: given.get("person")?.unwrap_or_default(),
            };
        }
        if let Some(gates) = gates {
            policy.gates = all(gates, |gate| gate.extract())?;
        }
        if let Some(files) = files {
            policy.files = all(files, |glob| glob.extract())?;
        }
        for (name, given) in pairs(rules)? {
            let rule = (!given.is_none()).then(|| rule_of(&name, &given)).transpose()?;
            let at = policy.rules.iter().position(|known| known.name == name);
            match (rule, at) {
                (Some(rule), Some(at)) => policy.rules[at] = rule,
                (Some(rule), None) => policy.rules.push(rule),
                (None, Some(at)) => drop(policy.rules.remove(at)),
                (None, None) => {}
            }
        }
        policy.complexity = complexity.map(Complexity::from_name).transpose().or_raise()?;
        policy.dialect = dialect_of(dialect)?.name().to_owned();
        policy.validate().or_raise()?;
        Ok(Policy(policy))
    }

    /// Returns it as the keyword arguments that make it, each in full.
    #[pyo3(signature = () -> "dict[str, typing.Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let policy = &self.0;
        let dict = PyDict::new(py);
        let stages = policy.stages.iter().map(|stage| (&*stage.role, &*stage.prompt));
        dict.set_item("stages", stages.collect::<Vec<_>>())?;
        let roles = PyDict::new(py);
        for (name, role) in &policy.roles {
            let fields = PyDict::new(py);
            fields.set_item("instructions", &role.instructions)?;
            fields.set_item("budget", role.budget)?;
            fields.set_item("reserve", role.reserve)?;
            roles.set_item(name, fields)?;
        }
        dict.set_item("roles", roles)?;
        let tools = PyDict::new(py);
        for (name, tool) in &policy.tools {
            let fields = PyDict::new(py);
            fields.set_item("effect", tool.effect.name())?;
            fields.set_item("asks", tool.asks.name())?;
            tools.set_item(name, fields)?;
        }
        dict.set_item("tools", tools)?;
        let routes = policy.routes.iter().map(|route| {
            let fields = PyDict::new(py);
            fields.set_item("role", &route.role)?;
            fields.set_item("model", &route.model)?;
            fields.set_item("complexity", route.from.name())?;
            fields.set_item("spent_max", route.spent_max)?;
            Ok(fields)
        });
        dict.set_item("routes", routes.collect::<PyResult<Vec<_>>>()?)?;
        let limits = PyDict::new(py);
        for (name, limit) in LIMITS.iter().zip(numbers(&policy.limits)) {
            limits.set_item(name, limit)?;
        }
        dict.set_item("limits", limits)?;
        let review = PyDict::new(py);
        review.set_item("tests", policy.review.tests)?;
        review.set_item("model", &policy.review.model)?;
        review.set_item("person", policy.review.person)?;
        dict.set_item("review", review)?;
        dict.set_item("gates", &policy.gates)?;
        dict.set_item("files", &policy.files)?;
        dict.set_item("rules", rules_of(py, policy)?)?;
        dict.set_item("complexity", policy.complexity.map(Complexity::name))?;
        dict.set_item("dialect", &policy.dialect)?;
        Ok(dict)
    }

    #[pyo3(signature = () -> "tuple[tuple[()], dict[str, object]]")]
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::empty(py), self.to_dict(py)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        crate::value::shown("Policy", &self.to_dict(py)?)
    }
}

/// The rules: all that there are, and none for those that a new policy has and this one has not.
fn rules_of<'py>(py: Python<'py>, policy: &Core) -> PyResult<Bound<'py, PyDict>> {
    let rules = PyDict::new(py);
    for rule in &Core::new().rules {
        rules.set_item(&rule.name, py.None())?;
    }
    for rule in &policy.rules {
        if rule.parameters.is_empty() {
            rules.set_item(&rule.name, rule.severity.name())?;
            continue;
        }
        let fields = PyDict::new(py);
        fields.set_item("severity", rule.severity.name())?;
        fields.set_item("parameters", &rule.parameters)?;
        rules.set_item(&rule.name, fields)?;
    }
    Ok(rules)
}

const LIMITS: [&str; 8] =
    ["calls", "tokens", "cost", "time", "rounds", "repeats", "failures", "parallel"];

fn numbers(limits: &TurnLimits) -> [u64; 8] {
    let TurnLimits { calls, tokens, cost, time, rounds, repeats, failures, parallel } = *limits;
    [calls, tokens, cost, time, rounds, repeats, failures, parallel]
}

fn limits_of(given: &Bound<'_, PyAny>) -> PyResult<TurnLimits> {
    let given = Options::of(given, "limits", &LIMITS)?;
    let mut found = numbers(&TurnLimits::default());
    for (name, limit) in LIMITS.iter().zip(&mut found) {
        if let Some(Whole(number)) = given.get(name)? {
            *limit = number;
        }
    }
    let [calls, tokens, cost, time, rounds, repeats, failures, parallel] = found;
    Ok(TurnLimits { calls, tokens, cost, time, rounds, repeats, failures, parallel })
}

fn role_of(given: &Bound<'_, PyAny>) -> PyResult<RolePolicy> {
    if given.cast::<PyString>().is_ok() {
        return Ok(RolePolicy { instructions: given.extract()?, ..RolePolicy::default() });
    }
    let given = Options::of(given, "a role", &["instructions", "budget", "reserve"])?;
    let number = |name| Ok::<_, PyErr>(given.get::<Whole>(name)?.map_or(0, |number| number.0));
    Ok(RolePolicy {
        instructions: given.get("instructions")?.unwrap_or_default(),
        budget: number("budget")?,
        reserve: number("reserve")?,
    })
}

fn tool_of(given: &Bound<'_, PyAny>) -> PyResult<ToolPolicy> {
    if let Ok(effect) = given.extract::<String>() {
        return Ok(ToolPolicy::new(Effect::from_name(&effect).or_raise()?));
    }
    let given = Options::of(given, "a tool", &["effect", "asks"])?;
    let effect: String = given.required("effect")?;
    let mut tool = ToolPolicy::new(Effect::from_name(&effect).or_raise()?);
    if let Some(asks) = given.get::<String>("asks")? {
        tool.asks = Asks::from_name(&asks).or_raise()?;
    }
    Ok(tool)
}

fn route_of(given: &Bound<'_, PyAny>) -> PyResult<Route> {
    if let Ok((role, model)) = given.extract() {
        return Ok(Route { role, model, from: Complexity::Low, spent_max: 0 });
    }
    let given = Options::of(given, "a route", &["role", "model", "complexity", "spent_max"])?;
    let from = given.get::<String>("complexity")?;
    Ok(Route {
        role: given.get("role")?.unwrap_or_default(),
        model: given.required("model")?,
        from: from.map_or(Ok(Complexity::Low), |name| Complexity::from_name(&name)).or_raise()?,
        spent_max: given.get::<Whole>("spent_max")?.map_or(0, |most| most.0),
    })
}

fn rule_of(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Rule> {
    if let Ok(severity) = given.extract::<String>() {
        return Ok(Rule::new(name, Severity::from_name(&severity).or_raise()?));
    }
    let given = Options::of(given, "a rule", &["severity", "parameters"])?;
    let severity: String = given.required("severity")?;
    let rule = Rule::new(name, Severity::from_name(&severity).or_raise()?);
    let parameters = given.get::<Vec<String>>("parameters")?.unwrap_or_default();
    Ok(parameters.into_iter().fold(rule, Rule::with))
}

/// Takes each item of an iterable over. A text is none.
pub(crate) fn all<T>(
    given: &Bound<'_, PyAny>,
    take: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    if given.cast::<PyString>().is_ok() {
        return Err(PyTypeError::new_err("expected an iterable of items, got str"));
    }
    given.try_iter()?.map(|item| take(&item?)).collect()
}

/// The pairs of a mapping, or of none.
fn pairs<'py>(given: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    given.call_method0("items")?.try_iter()?.map(|pair| pair?.extract()).collect()
}

/// Options by their names.
struct Options<'py> {
    what: &'static str,
    given: Vec<(String, Bound<'py, PyAny>)>,
}

impl<'py> Options<'py> {
    fn of(given: &Bound<'py, PyAny>, what: &'static str, known: &[&str]) -> PyResult<Self> {
        let given = pairs(Some(given))?;
        if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&&**name)) {
            let known = known.join(", ");
            return Err(invalid(format!("{what} has {known}; there is no {name:?}")));
        }
        Ok(Options { what, given })
    }

    /// Returns an option; none where it is not given, or none is.
    fn get<T>(&self, name: &str) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
    {
        let found = self.given.iter().find(|(known, value)| known == name && !value.is_none());
        found.map(|(_, value)| value.extract()).transpose()
    }

    fn required<T>(&self, name: &str) -> PyResult<T>
    where
        T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
    {
        let what = self.what;
        self.get(name)?.ok_or_else(|| invalid(format!("{what} needs {name:?}")))
    }
}
