//! What pages are written with. Markup comes from these sources alone; all else is escaped.

use super::visible::{Piece, Space, clip, pieces};

/// HTML or SVG that grows. Markup must be `&'static str`, so a text from outside cannot become any:
/// it goes through [`text`](Self::text) or [`attribute`](Self::attribute), which escape it.
#[derive(Debug)]
pub(super) struct Page {
    out: String,
    /// What is put around the escape of a character that cannot be shown as it is.
    mark: [&'static str; 2],
}

impl Page {
    pub(super) fn html() -> Self {
        Page { out: String::new(), mark: ["<i class=\"p-esc\">", "</i>"] }
    }

    pub(super) fn svg() -> Self {
        Page { out: String::new(), mark: ["<tspan class=\"p-esc\">", "</tspan>"] }
    }

    /// Writes markup.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Writes one line of text; line feeds and tabs show as escapes.
    pub(super) fn text(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.escaped(text.as_ref(), Space::Line)
    }

    /// Writes a line of a file, whose tabs stay.
    pub(super) fn code(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.escaped(text.as_ref(), Space::Code)
    }

    /// Writes at most so many characters of a text that may have lines, and says what is left out.
    pub(super) fn block(&mut self, text: impl AsRef<[u8]>, most: usize) -> &mut Self {
        let (kept, cut) = clip(text.as_ref(), most);
        self.escaped(kept, Space::Block);
        self.cut(cut)
    }

    /// Writes at most so many characters of a line, and says what is left out.
    pub(super) fn short(&mut self, text: impl AsRef<[u8]>, most: usize) -> &mut Self {
        let (kept, cut) = clip(text.as_ref(), most);
        self.escaped(kept, Space::Line);
        self.cut(cut)
    }

    /// Says how many bytes were left out, if any.
    pub(super) fn cut(&mut self, bytes: usize) -> &mut Self {
        if bytes > 0 {
            self.markup("<span class=\"p-cut\">\u{2026} ");
            self.text(super::number::counted(bytes as u64, "byte", "bytes"));
            self.markup(" more</span>");
        }
        self
    }

    /// Writes ` name="value"`.
    pub(super) fn attribute(&mut self, name: &'static str, value: impl AsRef<[u8]>) -> &mut Self {
        self.markup(" ").markup(name).markup("=\"");
        pieces(value.as_ref(), Space::Block, |piece| match piece {
            Piece::Plain(text) | Piece::Escape(text) => escape(&mut self.out, text),
        });
        self.markup("\"")
    }

    /// Takes over what another page holds.
    pub(super) fn join(&mut self, other: &Page) -> &mut Self {
        self.out.push_str(&other.out);
        self
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn escaped(&mut self, bytes: &[u8], space: Space) -> &mut Self {
        let [open, close] = self.mark;
        pieces(bytes, space, |piece| match piece {
            Piece::Plain(text) => escape(&mut self.out, text),
            Piece::Escape(text) => {
                self.out.push_str(open);
                escape(&mut self.out, text);
                self.out.push_str(close);
            }
        });
        self
    }
}

/// Writes a text so that neither HTML nor XML finds markup in it, inside of quotes or not.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(write: impl FnOnce(&mut Page)) -> String {
        let mut page = Page::html();
        write(&mut page);
        page.finish()
    }

    #[test]
    fn no_text_becomes_markup() {
        let text = "</td><script>alert('x')</script>&amp;]]>";
        assert_eq!(
            html(|page| _ = page.text(text)),
            "&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;]]&gt;"
        );
        assert_eq!(
            html(|page| _ = page.attribute("title", "\" onload=\"x` '")),
            " title=\"&quot; onload=&quot;x&#96; &#39;\""
        );
    }

    #[test]
    fn a_cut_text_says_how_much_is_left_out() {
        let long = "<".repeat(10 << 20);
        let page = html(|page| _ = page.short(&long, 3));
        assert_eq!(page, "&lt;&lt;&lt;<span class=\"p-cut\">\u{2026} 10,485,757 bytes more</span>");
    }

    proptest! {
        #[test]
        fn any_bytes_are_text_in_text_and_in_attributes(bytes: Vec<u8>, ascii in "[ -~]{0,60}") {
            for bytes in [&bytes[..], ascii.as_bytes()] {
                let text = html(|page| _ = page.text(bytes));
                let bare = text.replace("<i class=\"p-esc\">", "").replace("</i>", "");
                prop_assert!(!bare.contains(['<', '>', '"', '\'']));
                let value = html(|page| _ = page.attribute("x", bytes));
                prop_assert_eq!(value.matches('"').count(), 2);
                prop_assert!(!value.contains(['<', '>', '\'', '\0']));
            }
        }
    }
}
