//! What tells this machine from others: two benchmarks are comparable on one machine alone.

use std::fs;

use partita::ObjectId;

/// Says which processor, how many of them, how much memory, and a few digits that tell the machine
/// from others of its like. The digits say nothing of the machine's own id.
pub(crate) fn machine() -> String {
    let processor = first_value("/proc/cpuinfo", "model name");
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = first_value("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map(|kib| format!("{} GiB", kib.div_ceil(1 << 20)));
    let id = fs::read_to_string("/etc/machine-id").or_else(|_| fs::read_to_string("/etc/hostname"));
    let digits = id.ok().map(|id| {
        let text = format!("partita machine {}", id.trim());
        ObjectId::of_content(text.as_bytes()).short().to_string()
    });
    let count = (count > 0).then(|| format!("{count} processors"));
    let parts = [processor, count, memory, digits];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The value of a line `NAME : VALUE` of a file of the system.
fn first_value(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_machine_says_the_same_of_itself_each_time_and_does_not_give_its_id_away() {
        let said = super::machine();
        assert_eq!(said, super::machine());
        assert!(!said.is_empty() && !said.contains('\n'));
        if let Ok(id) = std::fs::read_to_string("/etc/machine-id")
            && !id.trim().is_empty()
        {
            assert!(!said.contains(id.trim()));
        }
    }
}
