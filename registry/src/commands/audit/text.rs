//! A sheet for a terminal, and sheets on their way out.

use registry_trail::report::{Language, Sheet};
use serde::Serialize;
use serde_json::json;
use std::path::Path;
use xds_model::time::System;
use xds_server::lang::{Lang, Say};

use super::arguments::{Format, SheetArguments};
use super::cells::clean;
use super::file;
use crate::commands::Done;
use crate::commands::output::{Output, table};

/// The language of the sheet.
pub(in crate::commands) fn language(arguments: &SheetArguments, output: Output) -> Language {
    of(arguments.language.unwrap_or(output.lang))
}

/// The language of the command's own texts.
pub(in crate::commands) fn language_of(output: Output) -> Language {
    of(output.lang)
}

fn of(lang: Lang) -> Language {
    match lang {
        Lang::Ja => Language::Japanese,
        Lang::En => Language::English,
    }
}

/// Prints the sheet or makes its file; with `--json` the report itself.
pub(in crate::commands) fn deliver(
    sheet: &Sheet,
    report: &impl Serialize,
    arguments: &SheetArguments,
    output: Output,
) -> Done {
    let text = match (output.json, format(arguments)) {
        (true, _) => serde_json::to_string_pretty(report)? + "\n",
        (false, Format::Html) => sheet.html(),
        (false, Format::Csv) => sheet.csv(),
        (false, Format::Text) => plain(sheet),
    };
    let Some(path) = &arguments.output else {
        return Ok(output.document(&text));
    };
    file::write(path, text.as_bytes(), arguments.force, &System)?;
    let name = path.display().to_string();
    let say = Say::new(
        format!("{name} に書き出しました(所有者だけが読めます)。"),
        format!("written to {name}, for its owner only"),
    );
    Ok(output.result(&say, &json!({ "file": name })))
}

/// What was asked for, or what the file's name ends in.
fn format(arguments: &SheetArguments) -> Format {
    let extension = arguments.output.as_deref().and_then(Path::extension);
    let named = match extension.and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => Format::Html,
        Some("csv") => Format::Csv,
        _ => Format::Text,
    };
    arguments.format.unwrap_or(named)
}

/// For a terminal.
pub(in crate::commands) fn plain(sheet: &Sheet) -> String {
    let mut text = clean(&sheet.title) + "\n\n";
    for (label, value) in &sheet.facts {
        text += &format!("{}: {}\n", clean(label), clean(value));
    }
    for note in &sheet.notes {
        text += &format!("\n{}\n", clean(note));
    }
    for section in &sheet.sections {
        text += "\n";
        if let Some(heading) = &section.heading {
            text += &format!("{}\n", clean(heading));
        }
        if section.rows.is_empty() {
            text += &format!("{}\n", clean(&section.nothing));
            continue;
        }
        let cells = |row: &Vec<String>| row.iter().map(|cell| clean(cell)).collect();
        let headings = section.columns.iter().map(|column| clean(column));
        text += &format!("{}\n", table(headings, section.rows.iter().map(cells).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use registry_trail::report::Section;

    use super::*;

    fn arguments(output: Option<&str>, format: Option<Format>) -> SheetArguments {
        SheetArguments {
            format,
            output: output.map(Into::into),
            force: false,
            language: None,
        }
    }

    #[test]
    fn the_form_is_as_asked_or_as_the_file_is_named() {
        let form = |output, asked| format(&arguments(output, asked));
        assert_eq!(form(None, None), Format::Text);
        assert_eq!(form(Some("a.html"), None), Format::Html);
        assert_eq!(form(Some("a.csv"), None), Format::Csv);
        assert_eq!(form(Some("a.csv"), Some(Format::Html)), Format::Html);
        assert_eq!(form(Some("a"), None), Format::Text);
    }

    #[test]
    fn a_sheet_for_a_terminal_has_everything_and_steers_nothing() {
        let section = |rows| Section {
            heading: Some("一覧".to_owned()),
            columns: vec!["施設".to_owned()],
            rows,
            nothing: "なし".to_owned(),
        };
        let sheet = Sheet {
            language: Language::Japanese,
            title: "題".to_owned(),
            facts: vec![("患者".to_owned(), "P1".to_owned())],
            notes: vec!["注".to_owned()],
            sections: vec![
                section(vec![vec!["病院\u{1b}[2J".to_owned()]]),
                section(Vec::new()),
            ],
        };
        let text = plain(&sheet);
        for part in ["題", "患者: P1", "注", "一覧", "施設", "病院\u{FFFD}[2J", "なし"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
