//! This program run once more, as a process of its own: what is measured is the process itself.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::Result;

/// Runs this program in a role, gives it bytes, and returns what it says.
pub(crate) fn spawn(role: &str, arguments: &[&str], input: &[u8]) -> Result<String> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(format!("child-{role}"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(input)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("child {role} failed").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The most that this process ever had resident, in KiB.
pub(crate) fn most_resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.and_then(|rest| rest.split_whitespace().next()).unwrap_or("0").parse()?)
}

/// Reads what the parent gave.
pub(crate) fn read_input() -> Result<Vec<u8>> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    Ok(input)
}
