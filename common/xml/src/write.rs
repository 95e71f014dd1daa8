//! A small append-only writer for our own messages.

use crate::escape;

/// Writes elements into a string. Names are fixed texts of our own; values are escaped here.
///
/// Prefixes are the caller's: declare them with [`Writer::attribute`], `("xmlns:rs", RS)`.
///
/// ```
/// let mut writer = xds_xml::write::Writer::new();
/// writer.open("a").attribute("b", "1 < 2").text("x & y").open("c").close().close();
/// assert_eq!(writer.finish(), r#"<a b="1 &lt; 2">x &amp; y<c/></a>"#);
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<&'static str>,
    /// The innermost start tag still takes attributes.
    in_tag: bool,
}

impl Writer {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty message that will take about so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Starts an element; `name` with its prefix.
    pub fn open(&mut self, name: &'static str) -> &mut Self {
        self.end_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Gives the element just opened an attribute. Without effect once it has content.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        if self.in_tag {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape::text(&mut self.out, value);
            self.out.push('"');
        }
        self
    }

    /// Writes text into the open element.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.end_tag();
        escape::text(&mut self.out, text);
        self
    }

    /// Writes XML that is well formed and whose prefixes are declared here, or text that is escaped already.
    pub fn raw(&mut self, xml: &str) -> &mut Self {
        self.end_tag();
        self.out.push_str(xml);
        self
    }

    /// Ends the innermost open element; `<a/>` if it has no content.
    pub fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            if self.in_tag {
                self.out.push_str("/>");
                self.in_tag = false;
            } else {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
        self
    }

    /// An element with text and no attributes.
    pub fn text_element(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.open(name).text(text).close()
    }

    /// Ends all open elements and hands the message out.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn end_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.out.push('>');
        }
    }
}
