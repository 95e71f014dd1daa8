//! A report as tables, and its forms: a page of HTML to print, and CSV.

use registry_papers::{escaped, is_unsafe, page};

use super::Language;

/// A report as tables, in one language. All texts are as they were told: each form escapes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sheet {
    /// Its language.
    pub language: Language,
    /// Its title.
    pub title: String,
    /// What it is about: label and value.
    pub facts: Vec<(String, String)>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// The tables.
    pub sections: Vec<Section>,
}

/// A table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Section {
    /// Its heading; none if the sheet has one table.
    pub heading: Option<String>,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// What stands in place of rows, if there are none.
    pub nothing: String,
}

impl Sheet {
    /// A page that needs nothing else: no script, no font, no picture.
    pub fn html(&self) -> String {
        let mut body = String::from("<dl>\n");
        for (label, value) in &self.facts {
            body += &format!("<dt>{}</dt><dd>{}</dd>\n", escaped(label), escaped(value));
        }
        body += "</dl>\n";
        for note in &self.notes {
            body += &format!("<p>{}</p>\n", escaped(note));
        }
        for section in &self.sections {
            section.html(&mut body);
        }
        page(self.language, &self.title, "", &body)
    }

    /// CSV (RFC 4180) with a byte order mark, as spreadsheets want it, and no cell that they would run as a
    /// formula.
    pub fn csv(&self) -> String {
        let mut text = String::from("\u{FEFF}");
        line(&mut text, std::iter::once(self.title.as_str()));
        for (label, value) in &self.facts {
            line(&mut text, [label.as_str(), value.as_str()].into_iter());
        }
        for note in &self.notes {
            line(&mut text, std::iter::once(note.as_str()));
        }
        for section in &self.sections {
            text += "\r\n";
            if let Some(heading) = &section.heading {
                line(&mut text, std::iter::once(heading.as_str()));
            }
            line(&mut text, section.columns.iter().map(String::as_str));
            for row in &section.rows {
                line(&mut text, row.iter().map(String::as_str));
            }
            if section.rows.is_empty() {
                line(&mut text, std::iter::once(section.nothing.as_str()));
            }
        }
        text
    }
}

impl Section {
    fn html(&self, page: &mut String) {
        if let Some(heading) = &self.heading {
            *page += &format!("<h2>{}</h2>\n", escaped(heading));
        }
        if self.rows.is_empty() {
            *page += &format!("<p>{}</p>\n", escaped(&self.nothing));
            return;
        }
        *page += "<table>\n<thead><tr>";
        for column in &self.columns {
            *page += &format!("<th scope=\"col\">{}</th>", escaped(column));
        }
        *page += "</tr></thead>\n<tbody>\n";
        for row in &self.rows {
            *page += "<tr>";
            for cell in row {
                *page += &format!("<td>{}</td>", escaped(cell));
            }
            *page += "</tr>\n";
        }
        *page += "</tbody>\n</table>\n";
    }
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (number, cell) in cells.enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push('"');
        let shown = cell.trim_start_matches(|char: char| char.is_whitespace() || char.is_control());
        // A spreadsheet takes what begins so for a formula, in quotes or not; full-width signs too.
        if shown.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            text.push('\'');
        }
        for char in cell.chars() {
            match char {
                '"' => *text += "\"\"",
                char if is_unsafe(char) => text.push(' '),
                char => text.push(char),
            }
        }
        text.push('"');
    }
    *text += "\r\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cell: &str) -> Sheet {
        Sheet {
            language: Language::English,
            title: cell.to_owned(),
            facts: vec![(cell.to_owned(), cell.to_owned())],
            notes: vec![cell.to_owned()],
            sections: vec![Section {
                heading: Some(cell.to_owned()),
                columns: vec![cell.to_owned()],
                rows: vec![vec![cell.to_owned()]],
                nothing: cell.to_owned(),
            }],
        }
    }

    #[test]
    fn nothing_told_by_others_becomes_markup() {
        let page = sheet("<script>alert('x')</script>\"&\u{202E}\u{0}").html();
        assert!(!page.contains("<script") && !page.contains("'x'") && !page.contains('\u{202E}'));
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
    }

    #[test]
    fn no_cell_is_a_formula_or_leaves_its_place() {
        for cell in ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r\n=1", "＝1"] {
            let csv = sheet(cell).csv();
            assert!(csv.starts_with("\u{FEFF}\"'"), "{csv:?}");
            assert_eq!(csv.matches("\r\n").count(), 7, "{csv:?}");
        }
        assert!(sheet("a\"b,c").csv().contains("\"a\"\"b,c\""));
        assert!(sheet("a-b").csv().contains("\"a-b\""));
    }
}
