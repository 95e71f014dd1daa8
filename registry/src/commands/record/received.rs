//! `record received`: who already has what of a patient. A refusal or a withdrawal does not take it back, so the patient is
//! told.

use std::collections::{BTreeMap, BTreeSet};

use registry_core::records::{Party, Provided, Side};
use registry_store::{Change, Deed, KeptRecord, PatientRange, Store, StoreError};
use registry_trail::report::{Language, Section, Sheet};
use serde::Serialize;
use time::OffsetDateTime;
use xds_model::PatientId;
use xds_policy::basis::Basis;

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::audit::{SheetArguments, deliver, language};
use super::super::output::Output;
use super::super::patient::patient_id;
use super::{EVER, RECORDS_MAX, cells, cut};
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    store: &Store,
    patient: &str,
    sheet: &SheetArguments,
    change: &Change,
    output: Output,
) -> Done {
    let patient = patient_id(config, patient)?;
    let deed = Deed {
        patients: vec![patient.to_string()],
        ..Deed::new("record received", &patient.to_string())
    };
    store.owe_act(change, &deed).await?;
    let found = received(store, &patient, change.at).await?;
    deliver(&found.sheet(language(sheet, output)), &found, sheet, output)
}

/// Who received what of a patient, by now.
///
/// # Errors
/// When the database cannot say.
pub(in crate::commands) async fn received(
    store: &Store,
    patient: &PatientId,
    now: OffsetDateTime,
) -> Result<Received, StoreError> {
    let range = PatientRange {
        patient: patient.clone(),
        from: EVER.0,
        until: EVER.1,
        organisation: None,
        // Every receipt has its provision; an order has that alone.
        side: Some(Side::Provision),
        rows_max: RECORDS_MAX + 1,
    };
    let (records, is_cut) = cut(store.records_of_patient(&range).await?);
    Ok(Received::new(patient.to_string(), &records, is_cut, now))
}

/// Who received what of a patient.
#[derive(Serialize)]
pub(in crate::commands) struct Received {
    patient: String,
    #[serde(with = "xds_policy::instant")]
    made_at: OffsetDateTime,
    is_cut: bool,
    lines: Vec<Line>,
}

/// What one organisation received of another.
#[derive(Serialize)]
struct Line {
    receiver: Party,
    provider: Party,
    provided: Provided,
    bases: BTreeSet<Basis>,
    #[serde(with = "xds_policy::instant")]
    first: OffsetDateTime,
    #[serde(with = "xds_policy::instant")]
    last: OffsetDateTime,
    /// Titles or uniqueIds with their codes, by entryUUID.
    documents: BTreeMap<String, String>,
}

impl Received {
    pub(super) fn new(
        patient: String,
        records: &[KeptRecord],
        is_cut: bool,
        made_at: OffsetDateTime,
    ) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        for record in records.iter().map(|kept| &kept.record) {
            let is_it = |line: &&mut Line| {
                line.receiver.organisation == record.receiver.organisation
                    && line.provider.organisation == record.provider.organisation
                    && line.provided == record.provided
            };
            let documents = record
                .items
                .iter()
                .map(|item| (item.entry.to_string(), cells::item(item)));
            match lines.iter_mut().find(is_it) {
                Some(line) => {
                    line.last = record.at;
                    line.bases.insert(record.basis);
                    line.documents.extend(documents);
                    line.receiver = record.receiver.clone();
                    line.provider = record.provider.clone();
                }
                None => lines.push(Line {
                    receiver: record.receiver.clone(),
                    provider: record.provider.clone(),
                    provided: record.provided,
                    bases: BTreeSet::from([record.basis]),
                    first: record.at,
                    last: record.at,
                    documents: documents.collect(),
                }),
            }
        }
        lines.sort_by(|a, b| a.order().cmp(&b.order()));
        Self {
            patient,
            made_at,
            is_cut,
            lines,
        }
    }

    pub(in crate::commands) fn sheet(&self, language: Language) -> Sheet {
        let pick = |ja: &str, en: &str| language.pick(ja, en).to_owned();
        let mut notes = vec![pick(
            "すでに提供されたものです。拒否・撤回はこれから先の提供を止めるもので、提供先に残る記録の扱いは提供先に求めてください。",
            "This was provided already. A refusal or withdrawal stops what would come; what receivers keep is theirs to answer for.",
        )];
        if self.is_cut {
            notes.push(pick(
                "記録が多いため一部のみです。",
                "There are more records than these.",
            ));
        }
        let columns = [
            pick("提供先", "receiver"),
            pick("提供元", "provider"),
            pick("提供したもの", "what"),
            pick("件数", "documents"),
            pick("根拠", "basis"),
            pick("最初", "first"),
            pick("最後", "last"),
            pick("文書", "which"),
        ];
        Sheet {
            language,
            title: pick("すでに提供された情報の一覧", "What was provided already"),
            facts: vec![
                (pick("患者", "patient"), self.patient.clone()),
                (pick("作成日時", "made at"), shown(self.made_at)),
            ],
            notes,
            sections: vec![Section {
                heading: None,
                columns: columns.into(),
                rows: self.lines.iter().map(|line| line.row(language)).collect(),
                nothing: pick("提供された記録はありません。", "Nothing was provided."),
            }],
        }
    }
}

/// Documents that are named in a cell; the rest is counted before.
const DOCUMENTS_NAMED_MAX: usize = 20;

impl Line {
    fn order(&self) -> (&str, &str, bool) {
        (
            &self.receiver.organisation.0,
            &self.provider.organisation.0,
            self.provided == Provided::LocationMetadata,
        )
    }

    fn row(&self, language: Language) -> Vec<String> {
        let between = language.pick("、", ", ");
        let bases: Vec<&str> = self
            .bases
            .iter()
            .map(|basis| language.pick(basis.ja(), basis.en()))
            .collect();
        let named: Vec<&str> = self
            .documents
            .values()
            .take(DOCUMENTS_NAMED_MAX)
            .map(String::as_str)
            .collect();
        let more = if self.documents.len() > DOCUMENTS_NAMED_MAX {
            "…"
        } else {
            ""
        };
        vec![
            cells::party(&self.receiver, language),
            cells::party(&self.provider, language),
            cells::provided(self.provided, language).to_owned(),
            self.documents.len().to_string(),
            bases.join(between),
            shown(self.first),
            shown(self.last),
            named.join(between) + more,
        ]
    }
}
