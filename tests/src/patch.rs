//! Applies a unified patch: the oracle of the patches that the library writes.

/// Returns the new file.
///
/// # Panics
/// If the patch does not fit the old file to the byte.
pub fn apply(old: &[u8], patch: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = old.split_inclusive(|&byte| byte == b'\n').collect();
    let mut out = Vec::new();
    let mut next = 0;
    let mut rows = patch.split_inclusive(|&byte| byte == b'\n').peekable();
    if rows.peek().is_some() {
        assert!(rows.next().is_some_and(|row| row.starts_with(b"--- ")), "no old name");
        assert!(rows.next().is_some_and(|row| row.starts_with(b"+++ ")), "no new name");
    }
    while let Some(head) = rows.next() {
        let (from, mut old_left, mut new_left) = hunk_head(head);
        out.extend_from_slice(&lines[next..from].concat());
        next = from;
        while old_left + new_left > 0 {
            let row = rows.next().expect("a hunk has the lines that its head counts");
            let (mark, text) = row.split_first().expect("a row is not empty");
            let ends = rows.next_if(|row| row.starts_with(b"\\ ")).is_some();
            let text = if ends { &text[..text.len() - 1] } else { text };
            if *mark != b'+' {
                assert_eq!(lines[next], text, "the old file has another line");
                next += 1;
                old_left -= 1;
            }
            if *mark != b'-' {
                out.extend_from_slice(text);
                new_left -= 1;
            }
        }
    }
    out.extend_from_slice(&lines[next..].concat());
    out
}

/// The lines before the hunk, and how many of each side it has.
fn hunk_head(row: &[u8]) -> (usize, usize, usize) {
    let text = std::str::from_utf8(row).expect("a head is ASCII");
    let inside = text.strip_prefix("@@ -").and_then(|text| text.strip_suffix(" @@\n"));
    let (old, new) = inside.and_then(|text| text.split_once(" +")).expect("a hunk's head");
    let side = |side: &str| -> (usize, usize) {
        let (from, count) = side.split_once(',').unwrap_or((side, "1"));
        let number = |text: &str| text.parse().expect("a line number");
        (number(from), number(count))
    };
    let ((from, count), (_, new_count)) = (side(old), side(new));
    (if count == 0 { from } else { from - 1 }, count, new_count)
}
