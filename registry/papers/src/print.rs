//! A paper as a page to print.

use crate::page::{escaped, page};
use crate::paper::{Block, Missing, Paper};

/// What papers look like besides.
const STYLE: &str = ".lacks{border:3px double #a00;padding:.2rem 1rem;margin:1rem 0}\
.later{border:1px dashed #666;padding:.2rem 1rem;margin:1rem 0;color:#444}\
.lacks p,.later p{font-weight:bold;margin:.4rem 0}\
.words{white-space:pre-line}\
.choices{list-style:none;padding-left:0}.choices li::before{content:\"\\2610\\00a0\"}\
.lines{display:grid;grid-template-columns:max-content 1fr;gap:1.1rem 1rem;margin:1.5rem 0;align-items:end}\
.lines dd{border-bottom:1px solid #111;min-height:1.6rem}\
footer{margin-top:2.5rem;border-top:1px solid #999;font-size:.8rem;color:#333}\
footer dd{overflow-wrap:anywhere}\
h2{break-after:avoid}.lines,footer{break-inside:avoid}\
@media print{.later{display:none}}";

/// Columns that fit on a sheet that stands upright.
const COLUMNS_UPRIGHT: usize = 5;

const LANDSCAPE: &str = "@page{size:A4 landscape}";

impl Paper {
    /// A page of A4 that needs nothing else. What has to happen elsewhere is shown on a screen and not printed.
    pub fn html(&self) -> String {
        let mut body = String::new();
        let [lacks, later] = self.split();
        boxed(&mut body, "lacks", self.lacks_heading(), &lacks);
        boxed(&mut body, "later", self.later_heading(), &later);
        for block in &self.blocks {
            write(&mut body, block);
        }
        body += "<footer>\n";
        facts(&mut body, "<dl>", &self.made_from);
        body += "</footer>\n";
        let landscape = if self.is_wide() { LANDSCAPE } else { "" };
        page(self.language, &self.title, &format!("{STYLE}{landscape}"), &body)
    }

    /// Whether a table needs the longer side of the sheet.
    fn is_wide(&self) -> bool {
        let is_wide = |block: &Block| matches!(block, Block::Table { columns, .. } if columns.len() > COLUMNS_UPRIGHT);
        self.blocks.iter().any(is_wide)
    }

    pub(crate) fn lacks_heading(&self) -> &'static str {
        self.language.pick(
            "このままでは使えません。次の事項が欠けています。",
            "This paper cannot be used as it is. It lacks:",
        )
    }

    pub(crate) fn later_heading(&self) -> &'static str {
        self.language.pick(
            "事務局への注意(掲示・交付の前に、この囲みを除く): 開始までに必要なもの",
            "For the office (take this box away before it is posted): what is needed before it begins",
        )
    }
}

impl Missing {
    /// The condition, and whom it is about.
    pub(crate) fn name(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} ({subject})", self.code),
            None => self.code.clone(),
        }
    }
}

fn boxed(body: &mut String, class: &str, heading: &str, missing: &[&Missing]) {
    if missing.is_empty() {
        return;
    }
    *body += &format!("<div class=\"{class}\">\n<p>{}</p>\n<ul>\n", escaped(heading));
    for missing in missing {
        *body += &format!(
            "<li><b>{}</b> {}<br>{}</li>\n",
            escaped(&missing.name()),
            escaped(&missing.what),
            escaped(&missing.why)
        );
    }
    *body += "</ul>\n</div>\n";
}

fn write(body: &mut String, block: &Block) {
    match block {
        Block::Heading(heading) => *body += &format!("<h2>{}</h2>\n", escaped(heading)),
        Block::Text(words) => {
            let lines: Vec<String> = words.trim_end().lines().map(escaped).collect();
            *body += &format!("<p class=\"words\">{}</p>\n", lines.join("\n"));
        }
        Block::Items(items) => list(body, "<ul>", items),
        Block::Choices(choices) => list(body, "<ul class=\"choices\">", choices),
        Block::Facts(pairs) => facts(body, "<dl>", pairs),
        Block::Lines(labels) => {
            let pairs: Vec<(String, String)> = labels
                .iter()
                .map(|label| (label.clone(), String::new()))
                .collect();
            facts(body, "<dl class=\"lines\">", &pairs);
        }
        Block::Table { columns, rows } => table(body, columns, rows),
    }
}

fn list(body: &mut String, open: &str, items: &[String]) {
    *body += &format!("{open}\n");
    for item in items {
        *body += &format!("<li>{}</li>\n", escaped(item));
    }
    *body += "</ul>\n";
}

fn facts(body: &mut String, open: &str, facts: &[(String, String)]) {
    *body += &format!("{open}\n");
    for (label, value) in facts {
        *body += &format!("<dt>{}</dt><dd>{}</dd>\n", escaped(label), escaped(value));
    }
    *body += "</dl>\n";
}

fn table(body: &mut String, columns: &[String], rows: &[Vec<String>]) {
    *body += "<table>\n<thead><tr>";
    for column in columns {
        *body += &format!("<th scope=\"col\">{}</th>", escaped(column));
    }
    *body += "</tr></thead>\n<tbody>\n";
    for row in rows {
        *body += "<tr>";
        for cell in row {
            *body += &format!("<td>{}</td>", escaped(cell));
        }
        *body += "</tr>\n";
    }
    *body += "</tbody>\n</table>\n";
}
