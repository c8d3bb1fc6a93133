//! What a damaged store may answer, and whether it does.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use partita::object::Objects;
use partita::plumbing::Expected;
use partita::upkeep::CheckReport;
use partita::{ContentId, Error, ErrorKind, ObjectId, Store};

use super::damage::Damage;
use super::sample::{Sample, Sessions};
use crate::crash::Workload;
use crate::crash::entropy::Source;
use crate::crash::ledger::{Commits, say};
use crate::crash::workload;
use crate::vfs::Recorder;

/// What came of one damage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finding {
    /// The store could not be opened at all, and said why.
    pub refused: bool,
    /// `check` found it.
    pub found: bool,
    /// Commits that were taken for ones that never came to their end.
    pub vanished: usize,
    /// Objects that were read, and were right.
    pub read: usize,
    /// Objects and refs that were refused as damaged.
    pub withheld: usize,
}

/// What a damage allows.
#[derive(Debug)]
struct Due {
    /// Acknowledged bytes are not what they were: `check` finds it and nothing is written.
    is_damage: bool,
    /// Nothing that counts was touched: all is as before.
    is_harmless: bool,
    /// What is needed to begin may be gone.
    may_refuse: bool,
    /// What says that this is a store, and of which format, says something else.
    must_refuse: bool,
    /// Commits that nothing behind them vouches for.
    may_vanish: Commits,
}

impl Due {
    fn of(sample: &Sample, damage: &Damage, touched: Option<&(String, Range<usize>)>) -> Self {
        let mut due = Due {
            is_damage: false,
            is_harmless: false,
            may_refuse: false,
            must_refuse: false,
            may_vanish: BTreeSet::new(),
        };
        let stray = |name: &str| !sample.image.files().any(|(known, _)| known == name);
        let Some((file, range)) = touched else {
            due.is_harmless = true;
            return due;
        };
        if file.ends_with("FORMAT") {
            due.is_harmless = matches!(damage, Damage::Remove { .. });
            due.may_refuse = !due.is_harmless;
            due.must_refuse = due.may_refuse;
            return due;
        }
        if stray(file) {
            due.may_refuse = file.ends_with(".log");
            due.is_harmless = !due.may_refuse;
            return due;
        }
        let Some(&end) = sample.ends.get(file) else {
            due.is_harmless = true;
            return due;
        };
        let is_newest = file == sample.newest();
        if range.start >= end {
            due.is_harmless = true;
            return due;
        }
        due.may_refuse = is_newest && range.start < 128 && range.end > 128;
        let in_file = sample.frames.iter().filter(|(_, (name, _))| name == file);
        let last = in_file.clone().next_back();
        // As if the process had been killed instead of closing.
        if matches!(damage, Damage::Cut { len, .. }
            if is_newest && last.is_some_and(|(_, (_, frame))| frame.end == *len))
        {
            due.is_harmless = true;
            return due;
        }
        if is_newest
            && !sample.closed
            && last.is_some_and(|(_, (_, frame))| range.end > frame.start)
        {
            let behind = in_file.filter(|(_, (_, frame))| frame.end > range.start);
            due.may_vanish = behind.map(|(number, _)| *number).collect();
        }
        due.is_damage = due.may_vanish.is_empty();
        due
    }
}

/// Does a damage to a copy of a sample, and looks at what the store makes of it.
///
/// # Errors
/// What it took for good and is not, or a panic.
pub fn examine(sample: &Sample, damage: &Damage) -> Result<Finding, String> {
    let looked = catch_unwind(AssertUnwindSafe(|| {
        Source::new(99).supply(|| examine_unguarded(sample, damage))
    }));
    let outcome = looked.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    });
    outcome.map_err(|what| format!("{}, {damage:?}: {what}", sample.name))
}

fn examine_unguarded(sample: &Sample, damage: &Damage) -> Result<Finding, String> {
    let (image, touched) = damage.done_to(&sample.image);
    let due = Due::of(sample, damage, touched.as_ref());
    let mut finding = Finding::default();
    let vfs = Recorder::on(image.clone());
    let options = Sessions.options().read_only(true);
    match options.open_vfs(Arc::new(vfs.clone())) {
        Ok(_) if due.must_refuse => return Err("the store was opened".to_owned()),
        Ok(store) => {
            read_all(sample, &store, &due, &mut finding)?;
            check(&store, damage, &due, touched.as_ref(), &mut finding)?;
        }
        Err(error) => {
            let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported];
            if !due.may_refuse || !kinds.contains(&error.kind()) {
                return Err(say("open for reading", &error));
            }
            finding.refused = true;
        }
    }
    if vfs.disk().hash() != image.hash() {
        return Err("reading wrote".to_owned());
    }
    write(sample, &vfs, &due, &finding)?;
    Ok(finding)
}

/// Reads every ref and object: each is right, or refused as damaged.
fn read_all(
    sample: &Sample,
    store: &Store,
    due: &Due,
    finding: &mut Finding,
) -> Result<(), String> {
    let mut withhold = |what: &str, error: &Error| {
        if due.is_harmless || error.kind() != ErrorKind::Corrupt {
            return Err(say(what, error));
        }
        finding.withheld += 1;
        Ok(())
    };
    let mut here = BTreeSet::new();
    for &number in &sample.commits {
        let content = workload::content(&Sessions, number);
        let node = workload::node_id(&Sessions, number);
        let mut gone = 0;
        for (what, id) in [("content", content.1), ("node", node)] {
            match store.reference(&format!("pin/{number}/{what}")) {
                Ok(Some(found)) if found == id => drop(here.insert(number)),
                Ok(None) if due.may_vanish.contains(&number) => gone += 1,
                Ok(other) => return Err(format!("commit {number}: its ref {what} is {other:?}")),
                Err(error) => withhold("read a ref", &error)?,
            }
        }
        if gone == 1 {
            return Err(format!("half of commit {number}"));
        }
        finding.vanished += gone / 2;
        let is_gone =
            |error: &Error| error.kind() == ErrorKind::NotFound && due.may_vanish.contains(&number);
        match store.read_content(ContentId::new(content.1)) {
            Ok(bytes) if bytes == content.0 => finding.read += 1,
            Ok(_) => return Err(format!("commit {number}: other bytes")),
            Err(error) if is_gone(&error) => {}
            Err(error) => withhold("read a content", &error)?,
        }
        match store.read_node(&node) {
            Ok(found) if found.id() == node => finding.read += 1,
            Ok(_) => return Err(format!("commit {number}: another node")),
            Err(error) if is_gone(&error) => {}
            Err(error) => withhold("read a node", &error)?,
        }
    }
    for line in 0..3 {
        let of_line = |number: &&usize| Sessions.line(**number) == line;
        let newest = sample.commits.iter().rfind(of_line);
        let left = here.iter().rfind(of_line);
        let is = |number: Option<&usize>| number.map(|at| workload::content(&Sessions, *at).1);
        match store.reference(&format!("pin/line-{line}")) {
            Ok(found) if found == is(newest) => {}
            Ok(found) if !due.may_vanish.is_empty() && found == is(left) => {}
            Ok(found) => return Err(format!("line {line} is at {found:?}")),
            Err(error) => withhold("read a line's ref", &error)?,
        }
    }
    match store.references("pin/", None, 1_000) {
        Ok(refs) => {
            let all: BTreeSet<usize> =
                refs.iter().filter_map(|(name, _)| name.split('/').nth(1)?.parse().ok()).collect();
            let lost: Vec<_> = sample.commits.difference(&all).collect();
            if lost.iter().any(|number| !due.may_vanish.contains(number)) {
                return Err(format!("the list of refs lacks commits {lost:?}"));
            }
        }
        Err(error) => withhold("list refs", &error)?,
    }
    Ok(())
}

/// Lets the store check itself.
fn check(
    store: &Store,
    damage: &Damage,
    due: &Due,
    touched: Option<&(String, Range<usize>)>,
    finding: &mut Finding,
) -> Result<(), String> {
    let report = store.check(&mut |_| ControlFlow::Continue(()));
    let report = report.map_err(|error| say("check", &error))?;
    finding.found = !report.is_ok() || report.unfinished.is_some();
    if due.is_harmless && !report.is_ok() {
        return Err(format!("check found what is none: {:?}", report.faults));
    }
    if !due.is_damage {
        return Ok(());
    }
    if !finding.found {
        return Err("check found nothing".to_owned());
    }
    let Some((file, range)) = touched else { return Ok(()) };
    match damage {
        Damage::Flip { .. } if !is_placed(&report, file, range.start) => {
            Err(format!("check does not say where: {:?}", report.faults))
        }
        _ => Ok(()),
    }
}

/// Tells whether a report names the file, and an offset from which the damage is near.
fn is_placed(report: &CheckReport, file: &str, at: usize) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let fits = |offset: u64| match at {
        0..256 => offset as usize == at / 128 * 128,
        _ => offset as usize <= at,
    };
    let by_fault = report
        .faults
        .iter()
        .any(|fault| fault.segment.as_deref() == Some(name) && fault.offset.is_some_and(fits));
    by_fault || report.unfinished.as_ref().is_some_and(|(segment, _)| segment == name)
}

/// Writes to the store: not over damage, and if it is done, nothing is lost by it.
fn write(sample: &Sample, vfs: &Recorder, due: &Due, finding: &Finding) -> Result<(), String> {
    let image = vfs.disk();
    let put = |store: &Store| {
        let mut batch = store.batch();
        batch.set_ref("after/all", Expected::Any, Some(ObjectId::of_content(b"")));
        batch.put_content(b"".to_vec(), None)?;
        batch.commit()
    };
    let open = || Sessions.options().create(false).open_vfs(Arc::new(vfs.clone()));
    let written = open().and_then(|store| put(&store));
    match written {
        Ok(()) if due.is_damage && !is_marker_alone(sample, due, finding) => {
            Err("a damaged store was written to".to_owned())
        }
        Ok(()) => {
            let store = open().map_err(|error| say("open after a write", &error))?;
            let mut again = Finding::default();
            read_all(sample, &store, due, &mut again)?;
            if again.read != finding.read || again.vanished != finding.vanished {
                return Err(format!("a write changed what is read: {finding:?}, {again:?}"));
            }
            let report = store.check(&mut |_| ControlFlow::Continue(()));
            let report = report.map_err(|error| say("check after a write", &error))?;
            match report.faults.first() {
                Some(fault) => Err(format!("a write went on behind damage: {fault:?}")),
                None => Ok(()),
            }
        }
        Err(error) if due.is_harmless => Err(say("write", &error)),
        Err(error) if ![ErrorKind::Corrupt, ErrorKind::Unsupported].contains(&error.kind()) => {
            Err(say("write", &error))
        }
        Err(_) if vfs.disk().hash() != image.hash() => Err("a refused write wrote".to_owned()),
        Err(_) => Ok(()),
    }
}

/// A closing marker says only what is known without it: behind a damaged one a new segment begins.
fn is_marker_alone(sample: &Sample, due: &Due, finding: &Finding) -> bool {
    sample.closed && due.may_vanish.is_empty() && finding.found && finding.withheld == 0
}
