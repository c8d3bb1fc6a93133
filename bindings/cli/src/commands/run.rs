//! Running a command, recorded.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use partita::host::{Command, Stream, run_with};
use partita::workspace::{CaptureOptions, check_directory};
use partita_sandbox::{Control, ProcessSandbox};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Access, check_name, open_store};
use crate::approvals;
use crate::args::RunArgs;
use crate::failure::{Failure, Result};
use crate::output::json::Ran;
use crate::output::{Output, note, quote};

/// Runs a command in a directory, and ends as it did.
pub(super) fn run(out: &mut Output, dir: &Path, args: &RunArgs) -> Result<()> {
    let unrecorded = |failure| Failure::Unrecorded(Box::new(failure));
    let code = recorded(out, dir, args).map_err(|failure| match failure {
        closed if closed.is_closed_pipe() => closed,
        failure => unrecorded(failure),
    })?;
    match code {
        0 => Ok(()),
        code => Err(Failure::Ended(code)),
    }
}

/// Runs it and records it; returns the exit code.
fn recorded(out: &mut Output, dir: &Path, args: &RunArgs) -> Result<u8> {
    check_name(&args.name)?;
    check_directory(&args.dir, Some(dir), &CaptureOptions::new())?;
    let session = open_store(dir, Access::Create)?.session(&args.name)?;
    let mut command = Command::new(&args.command);
    if let Some(timeout) = args.timeout {
        command = command.timeout(timeout);
    }
    if args.setup {
        command = command.setup();
    }
    for glob in &args.inputs {
        command = command.inputs(glob)?;
    }
    for report in &args.report {
        command = command.report(report);
    }
    for claim in &args.claim {
        command = command.claim(claim);
    }
    let mut sandbox = ProcessSandbox::new(&args.dir)?.inherit_all().inherit_stdin();
    let signals = Forwarded::begin(vec![sandbox.control()]);
    if let Err(error) = approvals::note(dir, command.line().id()) {
        note(&format!("that you ran this cannot be noted: {error}"));
    }
    let as_json = args.json.json;
    let mut written = Ok(());
    let ran = run_with(
        &session,
        &mut sandbox,
        &command,
        &CaptureOptions::new(),
        &mut |stream, bytes| {
            let done = match stream {
                Stream::Stdout if !as_json => out.bytes(bytes).and_then(|()| out.flush()),
                // Nobody may listen there, which changes nothing.
                _ => {
                    drop(std::io::stderr().write_all(bytes));
                    Ok(())
                }
            };
            if written.is_ok() {
                written = done;
            }
        },
    )?;
    drop(signals);
    let lost = 125;
    let code =
        ran.outcome.exit.code().map_or(lost, |code| u8::try_from(code & 0xff).unwrap_or(lost));
    if as_json {
        out.json(&Ran::new(&ran))?;
    }
    let capture = ran.capture?;
    for left_out in capture.left_out().iter().filter(|row| row.reason.is_missed()) {
        let path = quote::path(left_out.path.as_bytes()).into_owned();
        note(&format!("not captured: {path} ({})", left_out.reason));
    }
    let entry = session.evidence(ran.evidence)?;
    for unread in &entry.evidence.unread {
        let (name, reason) = (quote::text(&unread.name), quote::text(&unread.reason));
        note(&format!("report {name} was not read: {reason}"));
    }
    match ran.outcome.exit {
        partita::object::Exit::NotFound | partita::object::Exit::NotExecutable => {
            let line = command.line().line();
            drop(writeln!(
                std::io::stderr(),
                "error: {}: {}",
                quote::text(&line),
                ran.outcome.exit
            ));
        }
        _ => {}
    }
    Ok(code)
}

/// Signals of this process, sent on to the command while it runs: the second interrupt kills it. What
/// came of it is recorded all the same.
pub(super) struct Forwarded {
    handle: Option<signal_hook::iterator::Handle>,
    is_over: Arc<AtomicBool>,
}

impl Forwarded {
    pub(super) fn begin(controls: Vec<Control>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
            return Forwarded { handle: None, is_over };
        };
        let handle = signals.handle();
        let over = is_over.clone();
        std::thread::spawn(move || {
            let mut interrupts = 0;
            for signal in &mut signals {
                if over.load(Ordering::Acquire) {
                    continue;
                }
                interrupts += u32::from(signal == SIGINT);
                for control in &controls {
                    match signal == SIGINT && interrupts > 1 {
                        true => control.kill(),
                        false => control.signal(signal),
                    }
                }
            }
        });
        Forwarded { handle: Some(handle), is_over }
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}
