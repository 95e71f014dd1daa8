//! What the ledgers of provision and receipt hold after the story (Articles 29 and 30 of the Act).

use std::collections::BTreeMap;

use comfy_table::CellAlignment;
use serde_json::Value;
use xds_server::lang::{Lang, Say};

use super::patient;
use super::table::{basis, dense};
use crate::commands::Commands;
use crate::network::{C1, C2, C3, H1, Organisation};
use crate::show::Show;
use crate::stopped::Stopped;

/// A ledger that is shown: whose, and which side.
struct Ledger {
    node: &'static str,
    organisation: &'static Organisation,
    side: &'static str,
    /// Whose records with whom must be in it: basis, and whether the law demands them.
    holds: &'static [(&'static str, bool)],
}

const LEDGERS: [Ledger; 4] = [
    Ledger {
        node: "h1",
        organisation: &H1,
        side: "provision",
        holds: &[("CONSENT", true), ("EMERG", false), ("JOINT", false)],
    },
    Ledger {
        node: "c1",
        organisation: &C1,
        side: "receipt",
        holds: &[("JOINT", false)],
    },
    Ledger {
        node: "c2",
        organisation: &C2,
        side: "receipt",
        holds: &[("CONSENT", true)],
    },
    Ledger {
        node: "c3",
        organisation: &C3,
        side: "receipt",
        holds: &[("EMERG", false)],
    },
];

/// Records by basis, and whether the law demands them.
type Counts = BTreeMap<(String, bool), usize>;

/// Reads the ledgers, and shows what they hold about the patient. A result for each.
pub(super) async fn show_ledgers(commands: &Commands<'_>, show: &mut Show) -> Result<(), Stopped> {
    let mut rows = Vec::new();
    {
        let mut step = show.step(
            "提供・受領の記録を確かめる (record list)",
            "check the records of provision and receipt (record list)",
            LEDGERS.len(),
        );
        for ledger in &LEDGERS {
            let counts = read(commands, ledger).await?;
            let held: Vec<(&str, bool)> = counts.keys().map(|(code, law)| (code.as_str(), *law)).collect();
            let expected = || {
                let (node, holds) = (ledger.node, ledger.holds);
                Say::new(
                    format!("{node} の台帳の根拠が {holds:?}"),
                    format!("bases in the ledger of {node}: {holds:?}"),
                )
            };
            step.check(held == ledger.holds, expected, format!("{held:?}"));
            rows.push((ledger, counts));
        }
    }
    let lang = show.lang();
    show.line(table(&rows, lang));
    Ok(())
}

async fn read(commands: &Commands<'_>, ledger: &Ledger) -> Result<Counts, Stopped> {
    let arguments = [
        "record",
        "list",
        "--org",
        ledger.organisation.id,
        "--side",
        ledger.side,
        "--max",
        "1000",
        "--json",
    ];
    let said = commands.answer("registry", &arguments).await?;
    let records: Vec<Value> = serde_json::from_str(&said).map_err(|error| {
        Stopped::new(
            Say::new("record list が JSON を返すこと", "record list answers in JSON"),
            error,
        )
    })?;
    let mut counts = Counts::new();
    for record in records.iter().filter_map(|kept| kept.get("record")) {
        let of = record.pointer("/person/patient").and_then(Value::as_str);
        if of != Some(patient().id().as_str()) {
            continue;
        }
        let basis = record.get("basis").and_then(Value::as_str).unwrap_or_default();
        let by_law = record.get("legally_required").and_then(Value::as_bool);
        *counts
            .entry((basis.to_owned(), by_law.unwrap_or_default()))
            .or_default() += 1;
    }
    Ok(counts)
}

fn table(rows: &[(&Ledger, Counts)], lang: Lang) -> String {
    let headings = [
        Say::new("台帳", "ledger"),
        Say::new("記録", "records"),
        Say::new("根拠", "basis"),
        Say::new("件数", "count"),
        Say::new("法律上の義務", "required by law"),
    ];
    let mut table = dense();
    table.set_header(headings.iter().map(|heading| lang.pick(heading)));
    if let Some(column) = table.column_mut(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (ledger, counts) in rows {
        let side = match ledger.side {
            "provision" => Say::new("提供の記録 (29条)", "provision (Art. 29)"),
            _ => Say::new("受領の記録 (30条)", "receipt (Art. 30)"),
        };
        for ((code, by_law), count) in counts {
            let by_law = match by_law {
                true => Say::new("あり", "yes"),
                false => Say::new("なし (記録は残す)", "no (kept anyway)"),
            };
            table.add_row([
                format!("{} {}", ledger.node, ledger.organisation.name),
                lang.pick(&side).to_owned(),
                lang.pick(&basis(code)).to_owned(),
                count.to_string(),
                lang.pick(&by_law).to_owned(),
            ]);
        }
    }
    table.to_string()
}
