//! The story on one screen.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table, TableComponent};
use xds_server::lang::{Lang, Say};

use super::asking::Seen;
use crate::network::NODES;

/// What each organisation got before and after the refusal.
pub(super) fn of(before: &[Seen], after: &[Seen], lang: Lang) -> String {
    let headings = [
        Say::new("機関", "organisation"),
        Say::new("事情", "situation"),
        Say::new("検索", "found"),
        Say::new("閲覧", "opened"),
        Say::new("根拠", "basis"),
        Say::new("根拠となるもの (版)", "instrument (version)"),
    ];
    let mut table = dense();
    table.set_header(headings.iter().map(|heading| lang.pick(heading)));
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for seen in before {
        table.add_row(row(seen, lang));
    }
    let refused = Say::new("患者が共有を拒否した", "the patient refused sharing");
    table.add_row([
        format!("─ {} ─", lang.pick(&Say::new("拒否の後", "after refusal"))),
        lang.pick(&refused).to_owned(),
    ]);
    for seen in after {
        table.add_row(row(seen, lang));
    }
    table.to_string()
}

/// A table without lines between its rows, so that all of it is on the screen at once.
pub(super) fn dense() -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    for line in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        table.remove_style(line);
    }
    table
}

fn row(seen: &Seen, lang: Lang) -> [String; 6] {
    let asking = seen.asking;
    let organisation = NODES
        .iter()
        .find(|node| node.name == asking.node)
        .map_or("", |node| node.organisation.name);
    let (ja, en) = asking.situation;
    let bases: Vec<&str> = seen.bases.iter().map(String::as_str).collect();
    let basis = match bases.as_slice() {
        [] => format!(
            "{} ({})",
            lang.pick(&Say::new("なし", "none")),
            joined(&seen.reasons)
        ),
        codes => {
            let words = codes.iter().map(|code| lang.pick(&basis(code)).to_owned());
            words.collect::<Vec<_>>().join(" ")
        }
    };
    let instruments = seen
        .instruments
        .iter()
        .map(|(id, version)| format!("{id} ({version})"));
    [
        format!("{} {organisation}", asking.node),
        lang.pick(&Say::new(ja, en)).to_owned(),
        seen.found.to_string(),
        seen.opened.to_string(),
        basis,
        instruments.collect::<Vec<_>>().join(", "),
    ]
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts
        .into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A basis in words; its code where this table does not know it.
pub(crate) fn basis(code: &str) -> Say {
    match code {
        "OWN" => Say::new("自院 OWN", "own record OWN"),
        "ENTRUST" => Say::new("委託 ENTRUST", "entrustment ENTRUST"),
        "JOINT" => Say::new("共同利用 JOINT", "joint use JOINT"),
        "CONSENT" => Say::new("本人の同意 CONSENT", "consent CONSENT"),
        "LAW" => Say::new("法令 LAW", "law LAW"),
        "EMERG" => Say::new("生命・身体の保護 EMERG", "protection of life EMERG"),
        other => Say::new(other, other),
    }
}
