//! A paper as Markdown.

use crate::page::is_unsafe;
use crate::paper::{Block, Missing, Paper};

impl Paper {
    /// CommonMark with tables, for a web page or another program.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", line(&self.title));
        let [lacks, later] = self.split();
        self.boxed(&mut text, self.lacks_heading(), &lacks);
        self.boxed(&mut text, self.later_heading(), &later);
        for block in &self.blocks {
            text.push('\n');
            write(&mut text, block);
        }
        text += "\n---\n\n";
        for (label, value) in &self.made_from {
            text += &format!("- {}: {}\n", line(label), line(value));
        }
        text
    }

    fn boxed(&self, text: &mut String, heading: &str, missing: &[&Missing]) {
        if missing.is_empty() {
            return;
        }
        *text += &format!("\n> **{heading}**\n>\n");
        for missing in missing {
            *text += &format!(
                "> - **{}** {}\n>   {}\n",
                line(&missing.name()),
                line(&missing.what),
                line(&missing.why)
            );
        }
    }
}

fn write(text: &mut String, block: &Block) {
    match block {
        Block::Heading(heading) => *text += &format!("## {}\n", line(heading)),
        Block::Text(words) => {
            let lines: Vec<String> = words.trim_end().lines().map(line).collect();
            // Two spaces keep a line feed that stands in the words.
            *text += &format!("{}\n", lines.join("  \n"));
        }
        Block::Items(items) => {
            for item in items {
                *text += &format!("- {}\n", line(item));
            }
        }
        Block::Facts(facts) => {
            for (label, value) in facts {
                *text += &format!("- **{}**: {}\n", line(label), line(value));
            }
        }
        Block::Table { columns, rows } => {
            row(text, columns);
            row(text, &vec!["---".to_owned(); columns.len()]);
            for cells in rows {
                row(text, &cells.iter().map(|cell| line(cell)).collect::<Vec<_>>());
            }
        }
        Block::Choices(choices) => {
            for choice in choices {
                *text += &format!("- [ ] {}\n", line(choice));
            }
        }
        Block::Lines(labels) => {
            for label in labels {
                *text += &format!("- {}: ＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿\n", line(label));
            }
        }
    }
}

fn row(text: &mut String, cells: &[String]) {
    *text += &format!("| {} |\n", cells.join(" | "));
}

/// Words in one line that are no markup.
fn line(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for char in words.trim().chars() {
        match char {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(char);
            }
            '&' => out += "&amp;",
            '\n' | '\r' | '\t' => out.push(' '),
            char if is_unsafe(char) => out.push('\u{FFFD}'),
            char => out.push(char),
        }
    }
    // What would begin a list, a rule or a heading.
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    let after = out.get(digits..).unwrap_or_default();
    if (digits == 0 && out.starts_with(['-', '+', '='])) || (digits > 0 && after.starts_with(['.', ')'])) {
        out.insert(digits, '\\');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_markup() {
        for (words, written) in [
            ("a*b_c", "a\\*b\\_c"),
            ("[x](y)", "\\[x\\](y)"),
            ("<b>&", "\\<b\\>&amp;"),
            ("- x", "\\- x"),
            ("1. x", "1\\. x"),
            ("2026年", "2026年"),
            ("a|b\nc", "a\\|b c"),
            ("\u{202E}x", "\u{FFFD}x"),
        ] {
            assert_eq!(line(words), written);
        }
    }
}
