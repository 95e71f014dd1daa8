//! `record expire | verify`

use registry_core::records::chain::Break;
use registry_store::{Change, Deed, FaultyStrand, Store, Verified};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use xds_server::lang::{Lang, Say};

use super::super::Done;
use super::super::output::Output;

pub(super) async fn expire(store: &Store, change: &Change, output: Output) -> Done {
    let years = store
        .load_domain(change.at)
        .await?
        .policy(change.at)
        .record_years();
    let before = years_before(change.at, years);
    let removed = store.expire_records(before, change).await?;
    let say = Say::new(
        format!("保存期間({years} 年)の過ぎた記録を {removed} 件削除しました。"),
        format!("{removed} records older than {years} years were removed"),
    );
    Ok(output.result(&say, &json!({ "removed": removed, "years": years })))
}

/// A leap year more than any calendar has: nothing goes a day early.
fn years_before(at: OffsetDateTime, years: u8) -> OffsetDateTime {
    let year = at.year().saturating_sub(i32::from(years));
    at.replace_year(year)
        .unwrap_or_else(|_| at.saturating_sub(Duration::days(i64::from(years) * 366)))
}

pub(super) async fn verify(
    store: &Store,
    organisation: Option<&str>,
    change: &Change,
    output: Output,
) -> Done {
    let verified = store.verify_records(organisation).await?;
    // The journal keeps what the ends of the chains are: out of reach of who can change the database.
    let subject = format!(
        "{}: {} records, ends {}",
        organisation.unwrap_or("all"),
        verified.records,
        verified.ends
    );
    store
        .owe_act(change, &Deed::new("record verify", &subject))
        .await?;
    let good = verified.faulty.is_empty();
    let value = json!({
        "good": good,
        "strands": verified.strands,
        "records": verified.records,
        "ends": verified.ends,
        "faulty": verified.faulty.iter().map(faulty).collect::<Vec<_>>(),
    });
    Ok(output.verdict(&told(&verified, output.lang), &value, good))
}

fn faulty(faulty: &FaultyStrand) -> serde_json::Value {
    let breaks: Vec<_> = faulty
        .breaks
        .iter()
        .map(|fault| json!({ "record": name(faulty, *fault), "fault": code(*fault) }))
        .collect();
    json!(breaks)
}

fn name(faulty: &FaultyStrand, fault: Break) -> String {
    let strand = &faulty.strand;
    let side = strand.side.name();
    format!(
        "{}/{side}/{}/{}",
        strand.organisation,
        strand.counterparty,
        fault.position()
    )
}

fn code(fault: Break) -> &'static str {
    match fault {
        Break::Missing { .. } => "missing",
        Break::Extra { .. } => "extra",
        Break::Changed { .. } => "changed",
    }
}

pub(super) fn told(verified: &Verified, lang: Lang) -> String {
    let (strands, records) = (verified.strands, verified.records);
    let mut text = match lang {
        Lang::Ja => format!("提供記録: 相手方別の記録簿 {strands}、記録 {records} 件を検査しました。\n"),
        Lang::En => format!("records of provision: {records} records in {strands} strands were followed\n"),
    };
    for faulty in &verified.faulty {
        for fault in &faulty.breaks {
            let name = name(faulty, *fault);
            text += &match (lang, fault) {
                (Lang::Ja, Break::Missing { .. }) => {
                    format!("  {name}: ここから記録が失われています。\n")
                }
                (Lang::Ja, Break::Extra { .. }) => format!("  {name}: 記録簿にないはずの記録です。\n"),
                (Lang::Ja, Break::Changed { .. }) => format!("  {name}: 記録が書き換えられています。\n"),
                (Lang::En, fault) => format!("  {name}: {}\n", code(*fault)),
            };
        }
    }
    if verified.faulty.is_empty() {
        text += match lang {
            Lang::Ja => "欠け・改ざん・挿入はありません。\n",
            Lang::En => "none is missing, changed or put in\n",
        };
    }
    text + &match lang {
        Lang::Ja => format!("末尾のハッシュ: {}\n", verified.ends),
        Lang::En => format!("hash of the ends: {}\n", verified.ends),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn nothing_expires_a_day_early() {
        let at = datetime!(2028-02-29 03:00 UTC);
        assert_eq!(years_before(at, 4), datetime!(2024-02-29 03:00 UTC));
        assert!(years_before(at, 5) < datetime!(2023-02-28 03:00 UTC));
    }
}
