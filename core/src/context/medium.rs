//! Media of a request: what is known of an image, a sound, a document without its model.

use super::media::decode_base64;
use super::pixels::{pages, pixels};
use crate::json::Json;
use crate::tokens::{
    Count, Detail, Family, TokenCounter, pages_count, picture_count, picture_rules,
};

/// Something in a message that is no text: an image, a sound, a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Medium {
    /// Its media type; of one at an address `image/*` or `application/pdf`.
    pub media_type: String,
    /// Its bytes; none where the provider fetches it.
    pub bytes: Option<usize>,
    /// Width and height of an image in pixels, read from its bytes; none where they do not tell.
    pub pixels: Option<(u32, u32)>,
    /// The pages of a document, at least and at most.
    pub pages: Option<(u64, u64)>,
    /// How closely a model is to look at an image.
    pub detail: Detail,
}

/// Bytes of other media that make a token, as a guess; at least one byte does.
const MEDIA_BYTES: u64 = 4;

/// Pages of a document whose bytes are not here, at most: what APIs take in a request.
const PAGES_AWAY: u64 = 100;

/// Tokens of a file of which nothing is known, as a guess.
const FILE_TOKENS: u64 = 2_000;

impl Medium {
    /// A medium whose bytes are here.
    pub(super) fn of(media_type: &str, bytes: &[u8]) -> Self {
        let is_image = media_type.starts_with("image/");
        let is_document = media_type == "application/pdf";
        Medium {
            media_type: media_type.to_owned(),
            bytes: Some(bytes.len()),
            pixels: is_image.then(|| pixels(bytes)).flatten(),
            pages: is_document.then(|| pages(bytes)),
            detail: Detail::Auto,
        }
    }

    /// A medium that the provider fetches.
    fn away(media_type: &str) -> Self {
        let pages = (media_type == "application/pdf").then_some((1, PAGES_AWAY));
        let detail = Detail::Auto;
        Medium { media_type: media_type.to_owned(), bytes: None, pixels: None, pages, detail }
    }

    /// Takes the medium out of an object of a provider's block: its data become an empty text.
    ///
    /// Known are Anthropic's `source`, `OpenAI`'s `image_url`, `input_image`, `file`, `input_file`,
    /// `input_audio` and `image_generation_call`, Google's `inlineData` and `fileData`.
    pub(super) fn within(fields: &mut [(String, Json)], key: &str) -> Option<Self> {
        let detail = match text(fields, "detail") {
            "low" => Detail::Low,
            "high" => Detail::High,
            "original" => Detail::Original,
            _ => Detail::Auto,
        };
        let medium = Medium::of_data(fields, key).or_else(|| Medium::of_address(fields, key))?;
        Some(Medium { detail, ..medium })
    }

    fn of_data(fields: &mut [(String, Json)], key: &str) -> Option<Self> {
        let kind = text(fields, "type").to_owned();
        let is_data = |text: &str| text.starts_with("data:");
        let mut urls = ["image_url", "file_data", "url"].iter();
        if let Some(url) = urls.find_map(|name| taken_if(fields, name, is_data)) {
            let (head, data) = url.split_once(',').unwrap_or((&url, ""));
            let mime = head.strip_prefix("data:").unwrap_or(head);
            return Some(Medium::of_base64(mime.split(';').next().unwrap_or(mime), data));
        }
        let (mime, field) = match (key, kind.as_str()) {
            ("source", "base64") => (text(fields, "media_type").to_owned(), "data"),
            ("inlineData" | "inline_data", _) => (mime_of(fields), "data"),
            ("input_audio", _) => (format!("audio/{}", text(fields, "format")), "data"),
            ("audio", _) => ("audio/wav".to_owned(), "data"),
            (_, "image_generation_call") => ("image/png".to_owned(), "result"),
            (_, "input_file") | ("file", _) => ("application/pdf".to_owned(), "file_data"),
            _ => return None,
        };
        taken_if(fields, field, |_| true).map(|data| Medium::of_base64(&mime, &data))
    }

    fn of_address(fields: &[(String, Json)], key: &str) -> Option<Self> {
        let has = |name: &str| !text(fields, name).is_empty();
        let mime = match (key, text(fields, "type")) {
            ("image", "url" | "file") => "image/*".to_owned(),
            ("document", "url" | "file") => "application/pdf".to_owned(),
            ("image_url", _) if has("url") => "image/*".to_owned(),
            (_, "input_image" | "computer_screenshot" | "image_url")
                if has("image_url") || has("file_id") =>
            {
                "image/*".to_owned()
            }
            (_, "input_file") if has("file_id") || has("file_url") => "application/pdf".to_owned(),
            ("file", _) if has("file_id") => "application/pdf".to_owned(),
            ("fileData" | "file_data", _) => mime_of(fields),
            _ => return None,
        };
        Some(Medium::away(&mime))
    }

    fn of_base64(media_type: &str, data: &str) -> Self {
        match decode_base64(data) {
            Some(bytes) => Medium::of(media_type, &bytes),
            // Not what it says: as many bytes as it could be.
            None => Medium { bytes: Some(data.len()), ..Medium::of(media_type, &[]) },
        }
    }

    /// Counts the medium for the models that a counter is for.
    pub(super) fn count(
        &self,
        counter: &(impl TokenCounter + ?Sized),
        families: &[Family],
    ) -> Count {
        let rules = picture_rules(counter.model(), families);
        if self.media_type.starts_with("image/") {
            return picture_count(&rules, self.pixels, self.detail);
        }
        if let Some(pages) = self.pages {
            return pages_count(&rules, pages);
        }
        match self.bytes {
            Some(bytes) => {
                let bytes = bytes as u64;
                Count::estimated(bytes / MEDIA_BYTES, 0, bytes)
            }
            None => Count::estimated(FILE_TOKENS, 0, pages_count(&rules, (1, PAGES_AWAY)).high()),
        }
    }
}

fn text<'j>(fields: &'j [(String, Json)], name: &str) -> &'j str {
    let field = fields.iter().find(|(key, _)| key == name);
    field.and_then(|(_, value)| value.as_str()).unwrap_or("")
}

fn mime_of(fields: &[(String, Json)]) -> String {
    [text(fields, "mimeType"), text(fields, "mime_type")].concat()
}

/// Takes a text out of an object and leaves an empty one.
fn taken_if(
    fields: &mut [(String, Json)],
    name: &str,
    is_meant: impl FnOnce(&str) -> bool,
) -> Option<String> {
    let (_, value) = fields.iter_mut().find(|(key, _)| key == name)?;
    let Json::String(text) = value else { return None };
    (!text.is_empty() && is_meant(text)).then(|| std::mem::take(text))
}

#[cfg(test)]
mod tests {
    use super::super::provider_block::ProviderBlock;
    use super::*;
    use crate::context::media::base64;

    fn media(block: &str) -> Vec<Medium> {
        let mut media = Vec::new();
        ProviderBlock::of(&Json::parse(block).unwrap(), &mut media);
        media
    }

    #[test]
    fn media_are_found_in_every_providers_blocks_whatever_stands_beside_them() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 2, 128, 0, 0, 1, 224]);
        let data = base64(&png);
        for block in [
            format!(
                r#"{{"type":"image","cache_control":{{}},"source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#
            ),
            format!(
                r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}","detail":"high"}}}}"#
            ),
            format!(
                r#"{{"type":"input_image","detail":"high","image_url":"data:image/png;base64,{data}"}}"#
            ),
            format!(r#"{{"type":"image_generation_call","id":"i","result":"{data}"}}"#),
            format!(r#"{{"inlineData":{{"mimeType":"image/png","data":"{data}"}}}}"#),
            format!(
                r#"{{"type":"computer_call_output","output":{{"type":"computer_screenshot","image_url":"data:image/png;base64,{data}"}}}}"#
            ),
            format!(
                r#"{{"type":"tool_result","content":[{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}]}}"#
            ),
        ] {
            let found = media(&block);
            assert_eq!(found.len(), 1, "{block}");
            assert_eq!(
                (found[0].pixels, found[0].bytes),
                (Some((640, 480)), Some(png.len())),
                "{block}"
            );
            let is_high = block.contains("high");
            assert_eq!(found[0].detail == Detail::High, is_high, "{block}");
        }
    }

    #[test]
    fn what_is_only_an_address_is_a_medium_too() {
        for (block, mime) in [
            (r#"{"type":"image","source":{"type":"url","url":"https://e.x/a"}}"#, "image/*"),
            (
                r#"{"type":"document","title":"t","source":{"type":"url","url":"https://e.x/a"}}"#,
                "application/pdf",
            ),
            (r#"{"type":"document","source":{"type":"file","file_id":"f"}}"#, "application/pdf"),
            (r#"{"type":"image_url","image_url":{"url":"https://e.x/a"}}"#, "image/*"),
            (r#"{"type":"input_image","image_url":"https://e.x/a"}"#, "image/*"),
            (r#"{"type":"input_image","file_id":"f"}"#, "image/*"),
            (r#"{"type":"input_file","file_url":"https://e.x/a"}"#, "application/pdf"),
            (r#"{"type":"file","file":{"file_id":"f"}}"#, "application/pdf"),
        ] {
            let found = media(block);
            assert_eq!(found.len(), 1, "{block}");
            assert_eq!((found[0].media_type.as_str(), found[0].bytes), (mime, None), "{block}");
        }
        assert!(
            media(r#"{"type":"web_search_result","url":"https://e.x","title":"T"}"#).is_empty()
        );
        assert!(media(r#"{"type":"document","source":{"type":"text","data":"words"}}"#).is_empty());
    }
}
