//! XML 1.0, element by element, as a text for people and programs.
//!
//! Own code because all that is written here are elements with texts in them: what matters is that no text can end its element, and
//! that no character stands there that XML does not know.

/// A document that is being written.
#[derive(Debug)]
pub struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    /// A document of one element that declares these names: attribute and value.
    #[must_use]
    pub fn document(root: &str, names: &[(&str, &str)], inside: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), depth: 0 };
        xml.element(root, names, inside);
        xml.out.push('\n');
        xml.out
    }

    /// An element with others in it. One with nothing in it is written all the same.
    pub fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.element(name, &[], inside);
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Self)) {
        self.begin(name, attributes);
        let empty = self.out.len();
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        if self.out.len() > empty {
            self.line();
        }
        self.end(name);
    }

    /// An element with a text in it.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// The same with attributes.
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, attributes);
        escape(&mut self.out, text);
        self.end(name);
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}

/// The text as it may stand in an element and between double quotes. What XML 1.0 has no way to write becomes the replacement character, so that it is seen
/// that something stood there; a carriage return would become a line feed when it is read.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => out.push(character),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_in_each_other_on_lines_of_their_own() {
        let xml = Xml::document("a", &[("x", "1 & \"2\"")], |xml| {
            xml.within("b", |xml| xml.text_with("c", &[("unit", "<")], "text"));
            xml.within("d", |_| {});
            xml.text("e", "");
        });
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a x=\"1 &amp; &quot;2&quot;\">\n  <b>\n    <c unit=\"&lt;\">text</c>\n  </b>\n  <d></d>\n  <e></e>\n</a>\n"
        );
    }

    /// BIL-3: whatever somebody wrote into a name stays a text.
    #[test]
    fn no_text_ends_its_element() {
        for (text, written) in [
            ("</a><b>&amp;", "&lt;/a&gt;&lt;b&gt;&amp;amp;"),
            ("]]> <!-- <?x ?>", "]]&gt; &lt;!-- &lt;?x ?&gt;"),
            ("a\u{0}b\u{1}\u{8}\u{b}\u{1f}", "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{fffe}\u{ffff}\u{feff}", "\u{fffd}\u{fffd}\u{feff}"),
            ("a\r\nb\tc", "a&#13;\nb\tc"),
            ("漢字 😀 שלום \u{7f}", "漢字 😀 שלום \u{7f}"),
        ] {
            let xml = Xml::document("a", &[], |xml| xml.text("b", text));
            assert_eq!(xml.split_once("<b>").and_then(|(_, rest)| rest.split_once("</b>")).map(|(told, _)| told), Some(written), "{text:?}");
        }
    }
}
