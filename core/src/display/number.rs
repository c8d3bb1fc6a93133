//! Numbers, sizes and times as people read them.

use crate::object::Timestamp;
use crate::object::clock;

/// Returns a number with a comma before every three digits.
///
/// ```
/// assert_eq!(partita::display::grouped(1_234_567), "1,234,567");
/// ```
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns a number of things: `1 memory`, `1,234 files`.
///
/// ```
/// assert_eq!(partita::display::counted(1_234, "file", "files"), "1,234 files");
/// ```
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Returns a size: `812 B`, `1.4 KiB`, `3.0 MiB`.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (u128::from(bytes) * 10 / 1_024, 0);
    while tenths >= 10_240 && unit < 4 {
        tenths /= 1_024;
        unit += 1;
    }
    let name = ["KiB", "MiB", "GiB", "TiB", "PiB"][unit];
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Returns a share of a whole in tenths of a percent, at most all of it.
pub(super) fn permille(part: u64, whole: u64) -> u64 {
    let share = u128::from(part.min(whole)) * 1_000 / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(1_000)
}

/// Returns thousandths as a percentage: `12.5%`.
pub(super) fn percent(permille: u64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

/// Returns a time to the second, in UTC; a dash where its year has not four digits.
pub(super) fn time(time: Timestamp) -> String {
    match clock::format(time) {
        Some(text) => format!("{} {}", &text[..10], &text[11..19]),
        None => "-".to_owned(),
    }
}

/// Returns a time to the millisecond as RFC 3339 has it.
pub(super) fn whole_time(time: Timestamp) -> String {
    clock::format(time).unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_shares_and_times_are_short() {
        assert_eq!((grouped(999), grouped(1_000)), ("999".into(), "1,000".into()));
        assert_eq!(counted(1, "file", "files"), "1 file");
        let sizes = [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB")];
        for (bytes, text) in
            sizes.into_iter().chain([(3 << 20, "3.0 MiB"), (u64::MAX, "16383.9 PiB")])
        {
            assert_eq!(size(bytes), text);
        }
        assert_eq!((permille(1, 8), percent(125)), (125, "12.5%".into()));
        assert_eq!((permille(u64::MAX, u64::MAX), permille(9, 0)), (1_000, 0));
        assert_eq!(time(Timestamp::from_millis(1_500)), "1970-01-01 00:00:01");
        assert_eq!(time(Timestamp::from_millis(i64::MAX)), "-");
    }
}
