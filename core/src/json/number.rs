//! What a number of JSON looks like.

/// Returns where the number that begins at an offset ends, or where it stops to be one.
pub(super) fn end(bytes: &[u8], begin: usize) -> Result<usize, usize> {
    let at = begin + usize::from(bytes.get(begin) == Some(&b'-'));
    let whole = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    let fraction = match bytes.get(whole) {
        Some(b'.') => digits(bytes, whole + 1)?,
        _ => whole,
    };
    match bytes.get(fraction) {
        Some(b'e' | b'E') => {
            let signed = matches!(bytes.get(fraction + 1), Some(b'+' | b'-'));
            digits(bytes, fraction + 1 + usize::from(signed))
        }
        _ => Ok(fraction),
    }
}

/// Tells whether a text is one number and nothing else.
pub(super) fn is_number(text: &str) -> bool {
    end(text.as_bytes(), 0) == Ok(text.len())
}

/// Returns where the digits that begin at an offset end. There must be one at least.
fn digits(bytes: &[u8], begin: usize) -> Result<usize, usize> {
    let count = bytes[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { Err(begin) } else { Ok(begin + count) }
}
