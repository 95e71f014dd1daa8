//! The frame of a printed page: HTML that needs nothing else, no script, no font, no picture.

use crate::Language;

/// What every page looks like, on a screen and on A4.
const STYLE: &str = "body{font-family:\"Noto Sans JP\",\"Hiragino Sans\",\"Yu Gothic\",sans-serif;\
color:#111;margin:2rem auto;max-width:62rem;line-height:1.6}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:bold}dd{margin:0}\
table{border-collapse:collapse;width:100%;font-size:.9rem}\
th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#eee}thead{display:table-header-group}tr{break-inside:avoid}\
@page{size:A4;margin:15mm}@media print{body{margin:0;max-width:none;font-size:9pt}}";

/// A page. `style` is added to what every page looks like; `body` is HTML after the title's heading, with a line feed at its
/// end.
pub fn page(language: Language, title: &str, style: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}{style}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n",
        language.tag(),
    )
}

/// Text for HTML, in an element or an attribute. Control characters, and those that turn the direction of
/// writing, would make a page show something else than it says.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            char if is_unsafe(char) => out.push('\u{FFFD}'),
            char => out.push(char),
        }
    }
    out
}

/// Whether a character would make a text look like another.
pub fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
