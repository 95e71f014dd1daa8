//! `agreement impact`: what a version would give and take, before it is entered.

use std::path::Path;

use registry_store::{Change, Instrument, Store};
use serde_json::json;
use time::OffsetDateTime;
use xds_policy::impact::{Count, Impact};
use xds_policy::version::InstrumentKind;
use xds_server::lang::Say;

use super::super::Done;
use super::super::output::Output;
use super::super::session::looked;
use super::{files, refused, subject};
use crate::instruments::reach;

pub(super) async fn run(
    store: &Store,
    file: &Path,
    at: Option<OffsetDateTime>,
    change: &Change,
    output: Output,
) -> Done {
    let kind = InstrumentKind::JointUseAgreement;
    let text = files::text(file, Instrument::BYTES_MAX)?;
    let draft = Instrument::draft(kind, &text, change, &[])?;
    let reference = draft.reference().clone();
    looked(
        store,
        change,
        "agreement impact",
        &subject(kind, reference.id.as_str()),
        Vec::new(),
    )
    .await?;
    let at = at.unwrap_or_else(|| change.at.max(draft.effective_from()));
    let reach = reach(store, draft, at)
        .await
        .map_err(|error| refused(&error, output))?;
    let obstacle = reach.obstacle.map(|error| refused(&error, output).to_string());
    let rows = reach.organisations.iter().map(row).collect();
    let value = json!({
        "instrument": reference,
        "cannot_be_entered": obstacle,
        "organisations": reach.organisations,
    });
    Ok(output.list(&headings(obstacle.as_deref()), rows, &value))
}

fn headings(obstacle: Option<&str>) -> [Say; 6] {
    let (ja, en) = match obstacle {
        Some(obstacle) => (
            format!("機関 ※このままでは登録できません: {obstacle}"),
            format!("organisation (it cannot be entered as it is: {obstacle})"),
        ),
        None => ("機関".to_owned(), "organisation".to_owned()),
    };
    [
        Say::new(ja, en),
        Say::new("現在 (患者/文書)", "now (patients/documents)"),
        Say::new("変更後", "after"),
        Say::new("失う", "lost"),
        Say::new("新たに得る", "gained"),
        Say::new("対象外のまま", "uncovered"),
    ]
}

fn row(impact: &Impact) -> Vec<String> {
    let cell = |count: Count| format!("{}/{}", count.patients, count.documents);
    vec![
        impact.organisation.to_string(),
        cell(impact.before),
        cell(impact.after),
        cell(impact.lost),
        cell(impact.gained),
        cell(impact.uncovered),
    ]
}
