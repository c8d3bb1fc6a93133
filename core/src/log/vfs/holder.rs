//! Who holds a lock, of those that live: what a lock file says is believed only as far as the system
//! agrees.

use std::path::Path;

/// Names the living process that holds the lock on a file, where the system tells.
#[cfg(target_os = "linux")]
pub(crate) fn of(path: &Path) -> Option<String> {
    let written = written(path);
    // Whoever took the lock last says so in the file, and most often has it still.
    let mut holders = written.filter(|&process| holds(process, path)).into_iter();
    let process = match holders.next() {
        Some(process) => process,
        None => processes().find(|&process| holds(process, path))?,
    };
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    let copy = match written {
        Some(taker) if taker != process && !Path::new(&format!("/proc/{taker}")).exists() => {
            " with a descriptor of one that ended"
        }
        _ => "",
    };
    Some(match name.trim() {
        "" => format!("process {process}{copy}"),
        name => format!("process {process} ({name}){copy}"),
    })
}

/// Elsewhere nobody can be asked, and what the file says may be of a process long dead.
#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_path: &Path) -> Option<String> {
    None
}

/// The process that the file names.
#[cfg(target_os = "linux")]
fn written(path: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(path).ok()?;
    text.strip_prefix("process ")?.trim().parse().ok()
}

#[cfg(target_os = "linux")]
fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Tells whether a descriptor of the process is of this file and has a lock on it.
#[cfg(target_os = "linux")]
fn holds(process: u32, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(own) = std::fs::metadata(path) else { return false };
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    descriptors.flatten().any(|entry| {
        let is_same = std::fs::metadata(entry.path())
            .is_ok_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino()));
        is_same && {
            let name = entry.file_name();
            let info = format!("/proc/{process}/fdinfo/{}", name.to_string_lossy());
            let info = std::fs::read_to_string(info).unwrap_or_default();
            info.lines().any(|line| line.starts_with("lock:") && line.contains("FLOCK"))
        }
    })
}
