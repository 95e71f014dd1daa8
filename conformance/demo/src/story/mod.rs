//! The story of one patient: what each organisation gets, on which basis, and what changes the second the patient
//! refuses.

mod asking;
mod ledgers;
mod people;
mod table;

use std::sync::Arc;

use time::OffsetDateTime;
use xds_model::Clock;
use xds_model::time::System;

use crate::assertions::IdentityProvider;
use crate::commands::Commands;
use crate::configuration::Ports;
use crate::consume::is_replaced;
use crate::law::{self, rfc3339};
use crate::network::{C2, PATIENTS, Patient};
use crate::publish::Published;
use crate::replies::Replies;
use crate::show::Show;
use crate::stopped::Stopped;

use asking::{Asker, Seen, Witness};
use people::{AFTER_REFUSAL, Asking, BEFORE_REFUSAL, CONSENTED};

pub(crate) use table::basis;

/// The place of the patient whose story it is: of age, enrolled, with documents of both hospitals.
const PATIENT: usize = 3;
/// The consent of the visit at c2, and the refusal.
const CONSENT: &str = "shokai-1";
const REFUSAL: &str = "kyohi-1";

/// The patient whose story it is.
pub(crate) fn patient() -> &'static Patient {
    let [first, ..] = &PATIENTS;
    PATIENTS.get(PATIENT).unwrap_or(first)
}

/// Tells it: each organisation asks before and after the patient refuses; then the ledgers.
pub(crate) async fn tell(
    commands: &Commands<'_>,
    ports: Ports,
    published: &[Published],
    replies: &Arc<Replies>,
    show: &mut Show,
) -> Result<(), Stopped> {
    let provider = IdentityProvider::open(&commands.folders.pki())?;
    let documents: Vec<&Published> = published
        .iter()
        .filter(|document| document.patient.number == patient().number && !is_replaced(document, published))
        .collect();
    let mut asker = Asker {
        pki: commands.folders.pki(),
        ports,
        replies,
        provider: &provider,
        documents: &documents,
        witness: Witness::open(&commands.folders.journal("registry"))?,
    };
    let mut seen = Vec::new();
    ask(&mut asker, BEFORE_REFUSAL, &mut seen, show).await?;
    law::add(commands, "consent", "shokai-1.json", &consent(System.now())).await?;
    ask(&mut asker, CONSENTED, &mut seen, show).await?;
    law::add(commands, "refusal", "kyohi-1.json", &refusal(System.now())).await?;
    let refused = seen.len();
    ask(&mut asker, AFTER_REFUSAL, &mut seen, show).await?;
    let (before, after) = seen.split_at(refused);
    heading(documents.len(), show);
    show.line(table::of(before, after, show.lang()));
    ledgers::show_ledgers(commands, show).await
}

/// Results that one organisation's asking has: what it finds, what it opens, and on which basis.
const RESULTS: usize = 3;

async fn ask(
    asker: &mut Asker<'_>,
    askings: &'static [Asking],
    seen: &mut Vec<Seen>,
    show: &mut Show,
) -> Result<(), Stopped> {
    let [first, ..] = askings else { return Ok(()) };
    let mut step = show.step(first.chapter.0, first.chapter.1, RESULTS * askings.len());
    for asking in askings {
        seen.push(asker.ask(asking, patient(), &mut step).await?);
    }
    Ok(())
}

fn heading(documents: usize, show: &Show) {
    let (patient, name) = (patient().local(), patient().full_name());
    let latin = patient_name();
    show.say(
        format!("\n患者 {patient} {name} の文書 {documents} 件は、誰に、何を根拠に見えるか"),
        format!("\nWho sees the {documents} documents of patient {patient} {latin}, and on which basis"),
    );
}

fn patient_name() -> String {
    let (family, given) = patient().latin;
    format!("{given} {family}")
}

/// That the patient agreed, at a visit to c2, that other institutions are queried 照会時の明示同意.
fn consent(now: OffsetDateTime) -> serde_json::Value {
    let now = rfc3339(now);
    serde_json::json!({
        "id": CONSENT,
        "effective_from": now,
        "terms": {
            "patient": patient().id(),
            "model": "ON_QUERY",
            "given_by": "PATIENT",
            "method": "ORAL",
            "signed_at": now,
            "recorder": format!("{} 受付", C2.name),
            "text": { "id": "shokai", "version": 1 },
            "providers": { "ALL_MEMBERS": {} },
            "requesters": { "LISTED": [C2.id] },
            "classes": "ALL",
            "purposes": ["TREAT"],
            "encounter": { "id": "2026-0001", "kind": "OUTPATIENT", "started": now },
        },
    })
}

/// That the patient does not want documents shared over the network any more; emergencies are not refused.
fn refusal(now: OffsetDateTime) -> serde_json::Value {
    serde_json::json!({
        "id": REFUSAL,
        "effective_from": rfc3339(now),
        "terms": { "patient": patient().id(), "level": "NETWORK", "given_by": "PATIENT" },
    })
}
