//! Oversight: rules that look at what models say and change, and at what it costs.

use super::call::Call;
use super::handle::Turn;
use super::seen::{Seen, SeenFile};
use crate::error::Result;
use crate::id::ObjectId;
use crate::object::{Entry, FilePath, Finding, Memory, Policy, Rule};
use crate::oversight::{ChangedText, SecretPattern, secrets, success_claim, weakened};
use crate::session::{Glob, ProposalEntry, Sight, TurnWork};

/// Findings of one rule about one change: what is more says nothing new.
const FINDINGS_MAX: usize = 20;

impl Turn {
    /// Looks at what a role says in the end.
    pub(super) fn look_at_answer(&mut self, work: &mut TurnWork, answer: &Memory) -> Result<()> {
        let text = answer.text().into_owned();
        let mut found = Vec::new();
        if let Some(rule) = self.policy.rule(Policy::UNSUPPORTED)
            && let Some(said) = success_claim(&text)
            && !is_supported(work)?
        {
            let said: String = said.chars().take(200).collect();
            let text = format!("{said:?} is said, and no evidence about these files supports it");
            found.push(Finding::new(&*rule.name, rule.severity, text));
        }
        let role = self.role(work);
        found.extend(self.ask_overseers(&Seen::Answer { role: &role, text: &text }));
        self.report(work, found, None)
    }

    /// Looks at a change before anybody is asked about it.
    pub(super) fn look_at_proposal(
        &mut self,
        work: &mut TurnWork,
        proposal: &ProposalEntry,
    ) -> Result<()> {
        let files = files_of(work, proposal)?;
        let texts: Vec<ChangedText<'_>> = files
            .iter()
            .map(|file| ChangedText {
                path: &file.path,
                before: file.before.as_deref(),
                after: file.after.as_deref(),
            })
            .collect();
        let mut found = Vec::new();
        let mut add = |rule: &Rule, path: &FilePath, text: String| {
            let mut finding = Finding::new(&*rule.name, rule.severity, text);
            finding.path = path.as_bytes().to_vec();
            found.push(finding);
        };
        if let Some(rule) = self.policy.rule(Policy::WEAKENED) {
            for weakened in weakened(&texts).iter().take(FINDINGS_MAX) {
                add(rule, &weakened.path, weakened.to_string());
            }
        }
        if let Some(rule) = self.policy.rule(Policy::SECRET) {
            let own = rule.parameters.iter().map(|text| SecretPattern::new(text));
            let own = own.collect::<Result<Vec<_>>>()?;
            let secrets = texts.iter().flat_map(|text| secrets(text, &own));
            for secret in secrets.take(FINDINGS_MAX) {
                let (line, pattern) = (secret.line, &secret.pattern);
                let text = format!("{} line {line} looks like a secret: {pattern}", secret.path);
                add(rule, &secret.path, text);
            }
        }
        if let Some(rule) =
            self.policy.rule(Policy::OUTSIDE).filter(|_| !self.policy.files.is_empty())
        {
            let globs = self.policy.files.iter().map(Glob::new).collect::<Result<Vec<_>>>()?;
            let outside =
                texts.iter().filter(|text| !globs.iter().any(|glob| glob.matches(text.path)));
            for text in outside.take(FINDINGS_MAX) {
                add(rule, text.path, format!("{} is none of the task's files", text.path));
            }
        }
        let seen = Seen::Proposal { proposal, files: &files };
        found.extend(self.ask_overseers(&seen));
        self.report(work, found, Some(proposal.newest().id))
    }

    /// Looks at a call that has the same result again and again.
    pub(super) fn look_at_repeated(
        &mut self,
        work: &mut TurnWork,
        call: &Call,
        times: u64,
    ) -> Result<()> {
        let mut found = Vec::new();
        if let Some(rule) = self.policy.rule(Policy::REPEATED) {
            let name = &call.name;
            let text = format!(
                "{name} was called {times} times with the same arguments and the same result: do \
                 something else"
            );
            found.push(Finding::new(&*rule.name, rule.severity, text));
        }
        let (tool, arguments) = (&call.name[..], &call.arguments[..]);
        found.extend(self.ask_overseers(&Seen::Repeated { tool, arguments, times }));
        self.report(work, found, None)
    }

    /// Looks at what was spent, where a result says that it is more than before.
    pub(super) fn look_at_cost(&mut self, work: &mut TurnWork, before: u64) -> Result<()> {
        let Some(rule) = self.policy.rule(Policy::COST) else { return Ok(()) };
        let planned = rule.parameters.first().and_then(|plan| plan.parse::<u64>().ok());
        let (Some(planned), spent) = (planned, work.progress.cost) else { return Ok(()) };
        if before > planned || spent <= planned {
            return Ok(());
        }
        let text = format!("{spent} millionths are spent, {planned} were planned");
        let found = vec![Finding::new(&*rule.name, rule.severity, text)];
        self.report(work, found, None)
    }

    /// What a role would edit although it does not see it, where the policy has a rule for that.
    pub(super) fn unseen<'a>(
        &self,
        work: &TurnWork,
        paths: impl Iterator<Item = &'a FilePath>,
    ) -> Result<Option<(&'a FilePath, Sight)>> {
        let mut paths = paths.peekable();
        let rule = self.policy.rule(Policy::UNSEEN);
        let is_asked = rule.is_some_and(|rule| rule.severity == crate::object::Severity::Error);
        if !is_asked || paths.peek().is_none() {
            return Ok(None);
        }
        let state = work.state();
        let shown = state.shown_to(&self.role(work), "")?;
        let own = match work.progress.proposal {
            0 => Vec::new(),
            number => match state.proposal(number) {
                Ok(proposal) => state.proposed(proposal.newest())?,
                Err(error) if error.kind().is_absence() => Vec::new(),
                Err(error) => return Err(error),
            },
        };
        for path in paths {
            // What it has changed itself it knows.
            if own.iter().any(|change| change.path == *path) {
                continue;
            }
            let sight = state.sight(path, &shown)?;
            if !sight.may_edit() {
                return Ok(Some((path, sight)));
            }
        }
        Ok(None)
    }

    fn ask_overseers(&mut self, seen: &Seen<'_>) -> Vec<Finding> {
        let found = self.overseers.iter_mut().flat_map(|overseer| overseer.look(seen));
        found.take(FINDINGS_MAX).collect()
    }

    fn report(
        &self,
        work: &mut TurnWork,
        found: Vec<Finding>,
        revision: Option<ObjectId>,
    ) -> Result<()> {
        for mut finding in found {
            crate::session::shorten(&mut finding.text);
            finding.turn = Some(self.id);
            finding.revision = revision;
            // A host's overseer may say nothing, or too much: that must not stop the turn.
            if finding.validate().is_err() {
                continue;
            }
            work.batch.find(&finding)?;
            work.changed = true;
        }
        Ok(())
    }
}

/// Whether the newest evidence about the files as they are says that something passed, or a claim is
/// supported by it.
fn is_supported(work: &TurnWork) -> Result<bool> {
    let state = work.state();
    let claims = state.claims()?;
    if claims.iter().any(|claim| claim.status.is_supported()) {
        return Ok(true);
    }
    let Some(newest) = state.evidence().next().transpose()? else { return Ok(false) };
    let judged = state.judge(newest.number)?;
    Ok(judged.outcome == crate::session::EvidenceOutcome::Passed
        && judged.applicability == crate::session::Applicability::Current)
}

/// The files of a proposal, before and after. What is gone for good counts as not there.
fn files_of(work: &TurnWork, proposal: &ProposalEntry) -> Result<Vec<SeenFile>> {
    let state = work.state();
    let mut files = Vec::new();
    for change in state.proposed(proposal.newest())? {
        let bytes = |entry: Option<&Entry>| -> Result<Option<Vec<u8>>> {
            match entry {
                Some(entry @ Entry::File { .. }) => match state.read_entry(&change.path, entry) {
                    Err(error) if error.kind().is_absence() => Ok(None),
                    bytes => bytes.map(Some),
                },
                _ => Ok(None),
            }
        };
        let (before, after) = (bytes(change.before.as_ref())?, bytes(Some(&change.after))?);
        files.push(SeenFile { path: change.path.clone(), before, after });
    }
    Ok(files)
}
