//! Policies: the rules that a turn goes by.

use std::collections::BTreeMap;

use crate::codec::{Reader, Writer};
use crate::error::{Error, Result, quoted};
use crate::id::ObjectId;
use crate::limits::{
    LABEL_BYTES_MAX, NODE_BYTES_MAX, POLICY_ROWS_MAX, POLICY_TEXT_BYTES_MAX, TURN_PARALLEL_MAX,
};
use crate::object::stored::word::words;
use crate::object::stored::{BodyReader, BodyWriter, Canonical, Kind, RefReader};

words! {
    /// What it means to do a thing twice, and so what is done where nobody knows whether it was done.
    "effect" pub enum Effect {
        /// It changes nothing: it is done again.
        Read = "read",
        /// Doing it twice with the same key is doing it once: it is done again, with the same key.
        Idempotent = "idempotent",
        /// It can be taken back: a person is asked.
        Reversible = "reversible",
        /// It cannot be taken back: a person is asked, also before it is done at all.
        Irreversible = "irreversible",
    }

    /// When a person is asked before a tool is called.
    "rule for approvals" pub enum Asks {
        /// Before calls that cannot be taken back.
        ByEffect = "by-effect",
        /// Before each call.
        Always = "always",
        /// Never.
        Never = "never",
    }

    /// How hard a task is.
    "complexity" pub enum Complexity {
        /// A change of a line or two.
        Low = "low",
        /// A change that several files take part in.
        Medium = "medium",
        /// One that others failed at, or that goes through a whole project.
        High = "high",
    }

    /// How much a finding matters.
    "severity" pub enum Severity {
        /// Worth knowing.
        Info = "info",
        /// A person should look at it.
        Warning = "warning",
        /// Nothing is applied over it until a person has decided.
        Error = "error",
    }
}

/// The rules that a turn goes by, from its beginning to its end: what it asks models for, who reviews
/// what they change, when a person is asked, and when it ends.
///
/// ```
/// use partita::host::turn::{Effect, Policy};
/// let mut policy = Policy::of_stages([("plan", "Make a plan."), ("implement", "Do it.")]);
/// policy.effect("read_file", Effect::Read).effect("deploy", Effect::Irreversible);
/// policy.review.person = true;
/// policy.limits.calls = 40;
/// policy.validate()?;
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is asked for, one after the other.
    pub stages: Vec<Stage>,
    /// The roles that models have, by their names. A role that stands in a stage alone has the
    /// session's instructions and no budget.
    pub roles: BTreeMap<String, RolePolicy>,
    /// What is known of tools, by their names. Of a tool that is not here nobody knows that it can be
    /// done twice or taken back: it counts as [`Irreversible`](Effect::Irreversible).
    pub tools: BTreeMap<String, ToolPolicy>,
    /// Which model serves which role.
    pub routes: Vec<Route>,
    /// When it ends, whatever the models say.
    pub limits: TurnLimits,
    /// Who looks at a change of files before it is applied.
    pub review: Review,
    /// The gates of the session that run after a change; all of them where none is named.
    pub gates: Vec<String>,
    /// Globs of the files that the task is about; all files where there are none.
    pub files: Vec<String>,
    /// What oversight looks for.
    pub rules: Vec<Rule>,
    /// How hard the task is, where a person says so; else it is measured.
    pub complexity: Option<Complexity>,
    /// The dialect whose request the digests of contexts are of, such as `anthropic`.
    pub dialect: String,
}

/// One thing that a turn asks models for: a role works until it has no more calls to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The role that works.
    pub role: String,
    /// What it is asked, as a message of the user's; empty where the dialog says so already.
    pub prompt: String,
}

/// What a role is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePolicy {
    /// Its instructions; empty for the session's.
    pub instructions: String,
    /// Tokens that its requests may have; 0 for no budget.
    pub budget: u64,
    /// Tokens of these that stay free for the answer.
    pub reserve: u64,
}

/// What is known of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolPolicy {
    /// What it means to call it twice.
    pub effect: Effect,
    /// When a person is asked.
    pub asks: Asks,
}

/// A model for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The role; empty for any.
    pub role: String,
    /// The model, as the host's provider calls it.
    pub model: String,
    /// How hard a task is at the least.
    pub from: Complexity,
    /// What the turn has spent at the most, in millionths of the host's currency; 0 for any sum.
    pub spent_max: u64,
}

/// When a turn ends, whatever the models say. 0 stands for no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnLimits {
    /// Calls of models.
    pub calls: u64,
    /// Tokens that the calls had, as far as providers said: prompts and answers.
    pub tokens: u64,
    /// What they cost, as the host said: millionths of its currency.
    pub cost: u64,
    /// Milliseconds, as the host said.
    pub time: u64,
    /// How often a change goes back to the models because a reviewer or a gate refused it.
    pub rounds: u64,
    /// How often the same call may have the same result before oversight says so; at twice as many
    /// the turn ends.
    pub repeats: u64,
    /// Answers one after the other that are none: empty, or failed.
    pub failures: u64,
    /// Calls of one answer that are done; more are refused. At most
    /// [`TURN_PARALLEL_MAX`].
    pub parallel: u64,
}

/// Who looks at a change of files before it is applied. All that are named must accept it; where
/// nobody is, it is applied at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// The gates, on the files as the change would leave them.
    pub tests: bool,
    /// The role of a model.
    pub model: Option<String>,
    /// A person.
    pub person: bool,
}

/// Something that oversight looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which rule, such as `secret`.
    pub name: String,
    /// How much it matters where it is found.
    pub severity: Severity,
    /// What else the rule is told, such as a pattern of a secret.
    pub parameters: Vec<String>,
}

impl Default for TurnLimits {
    fn default() -> Self {
        TurnLimits {
            calls: 200,
            tokens: 0,
            cost: 0,
            time: 0,
            rounds: 3,
            repeats: 3,
            failures: 3,
            parallel: 64,
        }
    }
}

impl TurnLimits {
    fn fields(&self) -> [u64; 8] {
        let TurnLimits { calls, tokens, cost, time, rounds, repeats, failures, parallel } = *self;
        [calls, tokens, cost, time, rounds, repeats, failures, parallel]
    }
}

impl ToolPolicy {
    /// A tool with an effect, about which a person is asked where it cannot be taken back.
    pub fn new(effect: Effect) -> Self {
        ToolPolicy { effect, asks: Asks::ByEffect }
    }
}

impl Rule {
    /// The rule of a name.
    pub fn new(name: impl Into<String>, severity: Severity) -> Self {
        Rule { name: name.into(), severity, parameters: Vec::new() }
    }

    /// Tells it something else.
    #[must_use]
    pub fn with(mut self, parameter: impl Into<String>) -> Self {
        self.parameters.push(parameter.into());
        self
    }
}

impl Policy {
    /// The rule that finds claims of success which no evidence supports.
    pub const UNSUPPORTED: &str = "unsupported-claim";
    /// The rule that finds tests which say less than before.
    pub const WEAKENED: &str = "weakened-tests";
    /// The rule that finds the same call with the same result, again and again.
    pub const REPEATED: &str = "repeated-call";
    /// The rule that finds changes of files which the task is not about.
    pub const OUTSIDE: &str = "outside-task";
    /// The rule that finds secrets in what is added.
    pub const SECRET: &str = "secret";
    /// The rule that refuses edits of files whose current text the model is not shown, where its
    /// severity is [`Error`](Severity::Error). It is not one of those that a new policy has.
    pub const UNSEEN: &str = "unseen-edit";
    /// The rule that finds that more was spent than planned; its parameter is what was planned, in
    /// millionths of the host's currency.
    pub const COST: &str = "cost-over-plan";

    /// A policy of these stages, each a role and what it is asked: without reviewers, with the limits
    /// of [`TurnLimits::default`], and with all rules of oversight but that of costs.
    pub fn of_stages<R: Into<String>, P: Into<String>>(
        stages: impl IntoIterator<Item = (R, P)>,
    ) -> Self {
        let stage = |(role, prompt): (R, P)| Stage { role: role.into(), prompt: prompt.into() };
        let rules = [
            (Policy::UNSUPPORTED, Severity::Warning),
            (Policy::WEAKENED, Severity::Error),
            (Policy::REPEATED, Severity::Warning),
            (Policy::OUTSIDE, Severity::Error),
            (Policy::SECRET, Severity::Error),
        ];
        Policy {
            stages: stages.into_iter().map(stage).collect(),
            roles: BTreeMap::new(),
            tools: BTreeMap::new(),
            routes: Vec::new(),
            limits: TurnLimits::default(),
            review: Review::default(),
            gates: Vec::new(),
            files: Vec::new(),
            rules: rules.map(|(name, severity)| Rule::new(name, severity)).into(),
            complexity: None,
            dialect: "openai-chat".to_owned(),
        }
    }

    /// A policy of one role, `agent`, that works until it has nothing more to do.
    pub fn new() -> Self {
        Policy::of_stages([("agent", "")])
    }

    /// Declares the effect of a tool.
    pub fn effect(&mut self, tool: impl Into<String>, effect: Effect) -> &mut Self {
        self.tools.insert(tool.into(), ToolPolicy::new(effect));
        self
    }

    /// Lets a model serve a role, or any where the role is empty.
    pub fn route(&mut self, role: impl Into<String>, model: impl Into<String>) -> &mut Self {
        let (role, model) = (role.into(), model.into());
        self.routes.push(Route { role, model, from: Complexity::Low, spent_max: 0 });
        self
    }

    /// Gives a role its instructions.
    pub fn role(&mut self, role: impl Into<String>, instructions: impl Into<String>) -> &mut Self {
        self.roles.entry(role.into()).or_default().instructions = instructions.into();
        self
    }

    /// Returns what is known of a tool.
    pub fn tool(&self, name: &str) -> ToolPolicy {
        let known = self.tools.get(name).copied();
        known.unwrap_or(ToolPolicy::new(Effect::Irreversible))
    }

    /// Returns a rule, if it is one of the policy's.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid`, naming what is beyond it or what is missing.
    pub fn validate(&self) -> Result<()> {
        if self.stages.is_empty() {
            return Err(Error::invalid("a policy without stages"));
        }
        let rows = [
            self.stages.len(),
            self.roles.len(),
            self.tools.len(),
            self.routes.len(),
            self.gates.len(),
            self.files.len(),
            self.rules.len(),
            self.rules.iter().map(|rule| rule.parameters.len()).max().unwrap_or(0),
        ];
        if rows.into_iter().any(|rows| rows > POLICY_ROWS_MAX) {
            let most = POLICY_ROWS_MAX;
            return Err(Error::invalid(format!("a policy has at most {most} rows of a kind")));
        }
        let stages = self.stages.iter().map(|stage| &stage.role);
        let routes = self.routes.iter().flat_map(|route| [&route.role, &route.model]);
        let rules = self.rules.iter();
        let rules = rules.flat_map(|rule| rule.parameters.iter().chain([&rule.name]));
        let names = stages.chain(self.roles.keys()).chain(self.tools.keys()).chain(routes);
        let names = names.chain(&self.gates).chain(&self.files).chain(rules);
        let mut names = names.chain(&self.review.model).chain([&self.dialect]);
        if let Some(name) = names.find(|name| name.len() > LABEL_BYTES_MAX) {
            return Err(Error::invalid(format!(
                "the name {} in a policy has more than {LABEL_BYTES_MAX} bytes",
                quoted(name)
            )));
        }
        if self.stages.iter().any(|stage| stage.role.is_empty()) {
            return Err(Error::invalid("a stage of a policy names no role"));
        }
        let texts = self.roles.values().map(|role| &role.instructions);
        let mut texts = texts.chain(self.stages.iter().map(|stage| &stage.prompt));
        if texts.any(|text| text.len() > POLICY_TEXT_BYTES_MAX) {
            return Err(Error::invalid(format!(
                "instructions and prompts of a policy have at most {POLICY_TEXT_BYTES_MAX} bytes"
            )));
        }
        let bytes = self.to_node().size();
        if bytes > NODE_BYTES_MAX {
            return Err(Error::invalid(format!(
                "a policy of {bytes} bytes, at most {NODE_BYTES_MAX} are taken"
            )));
        }
        if !(1..=TURN_PARALLEL_MAX).contains(&self.limits.parallel) {
            return Err(Error::invalid(format!(
                "1 to {TURN_PARALLEL_MAX} calls of one answer can be done, the policy says {}",
                self.limits.parallel
            )));
        }
        Ok(())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::new()
    }
}

fn put_texts(body: &mut Writer, texts: &[String]) {
    body.uint(texts.len() as u64);
    for text in texts {
        body.bytes(text.as_bytes());
    }
}

fn name(body: &mut Reader<'_>) -> Result<String> {
    Ok(body.text(LABEL_BYTES_MAX, "a name in a policy")?.to_owned())
}

fn text(body: &mut Reader<'_>) -> Result<String> {
    Ok(body.text(POLICY_TEXT_BYTES_MAX, "a text of a policy")?.to_owned())
}

fn rows<T>(body: &mut Reader<'_>, row: impl Fn(&mut Reader<'_>) -> Result<T>) -> Result<Vec<T>> {
    let count = body.count(POLICY_ROWS_MAX, "the rows of a policy")?;
    (0..count).map(|_| row(body)).collect()
}

impl Canonical for Policy {
    const KIND: Kind = Kind::POLICY;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        body.uint(self.stages.len() as u64);
        for stage in &self.stages {
            body.bytes(stage.role.as_bytes()).bytes(stage.prompt.as_bytes());
        }
        body.uint(self.roles.len() as u64);
        for (name, role) in &self.roles {
            body.bytes(name.as_bytes()).bytes(role.instructions.as_bytes());
            body.uint(role.budget).uint(role.reserve);
        }
        body.uint(self.tools.len() as u64);
        for (name, tool) in &self.tools {
            body.bytes(name.as_bytes()).uint(tool.effect.tag()).uint(tool.asks.tag());
        }
        body.uint(self.routes.len() as u64);
        for route in &self.routes {
            body.bytes(route.role.as_bytes()).bytes(route.model.as_bytes());
            body.uint(route.from.tag()).uint(route.spent_max);
        }
        for limit in self.limits.fields() {
            body.uint(limit);
        }
        let Review { tests, model, person } = &self.review;
        body.uint(u64::from(*tests) | u64::from(*person) << 1 | u64::from(model.is_some()) << 2);
        if let Some(model) = model {
            body.bytes(model.as_bytes());
        }
        put_texts(body, &self.gates);
        put_texts(body, &self.files);
        body.uint(self.rules.len() as u64);
        for rule in &self.rules {
            body.bytes(rule.name.as_bytes()).uint(rule.severity.tag());
            put_texts(body, &rule.parameters);
        }
        body.uint(u64::from(self.complexity.is_some()));
        if let Some(complexity) = self.complexity {
            body.uint(complexity.tag());
        }
        body.bytes(self.dialect.as_bytes());
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let body = &mut body.0;
        let stages = rows(body, |body| Ok(Stage { role: name(body)?, prompt: text(body)? }))?;
        let roles = rows(body, |body| {
            let (name, instructions) = (name(body)?, text(body)?);
            Ok((name, RolePolicy { instructions, budget: body.uint()?, reserve: body.uint()? }))
        })?;
        let tools = rows(body, |body| {
            let name = name(body)?;
            let (effect, asks) = (Effect::from_tag(body)?, Asks::from_tag(body)?);
            Ok((name, ToolPolicy { effect, asks }))
        })?;
        let routes = rows(body, |body| {
            let (role, model) = (name(body)?, name(body)?);
            Ok(Route { role, model, from: Complexity::from_tag(body)?, spent_max: body.uint()? })
        })?;
        let limits = TurnLimits {
            calls: body.uint()?,
            tokens: body.uint()?,
            cost: body.uint()?,
            time: body.uint()?,
            rounds: body.uint()?,
            repeats: body.uint()?,
            failures: body.uint()?,
            parallel: body.uint()?,
        };
        let flags = body.bounded(7, "the flags of a review")?;
        let model = if flags & 4 != 0 { Some(name(body)?) } else { None };
        let review = Review { tests: flags & 1 != 0, model, person: flags & 2 != 0 };
        let (gates, files) = (rows(body, name)?, rows(body, name)?);
        let rules = rows(body, |body| {
            let name_of_rule = name(body)?;
            let severity = Severity::from_tag(body)?;
            Ok(Rule { name: name_of_rule, severity, parameters: rows(body, name)? })
        })?;
        let complexity = match body.bounded(1, "the flag of a complexity")? {
            0 => None,
            _ => Some(Complexity::from_tag(body)?),
        };
        Ok(Policy {
            stages,
            roles: roles.into_iter().collect(),
            tools: tools.into_iter().collect(),
            routes,
            limits,
            review,
            gates,
            files,
            rules,
            complexity,
            dialect: name(body)?,
        })
    }
}
