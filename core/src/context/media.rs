//! Bytes as text. The only module that knows the encoder.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", base64(bytes))
}

/// Tells whether a text is base64 of something.
pub(super) fn is_base64(text: &str) -> bool {
    !text.is_empty() && STANDARD.decode(text).is_ok()
}
