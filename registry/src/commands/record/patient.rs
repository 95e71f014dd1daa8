//! `record patient`: one patient's sheet for disclosure 第三者提供記録の開示 (Article 33(5)).

use registry_core::records::Side;
use registry_store::{Change, Deed, KeptRecord, PatientRange, Store};
use registry_trail::report::{Language, Section, Sheet};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::audit::{deliver, language};
use super::super::output::Output;
use super::super::patient::patient_id;
use super::arguments::PatientArguments;
use super::{EVER, RECORDS_MAX, cells, cut, value};
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    store: &Store,
    arguments: &PatientArguments,
    change: &Change,
    output: Output,
) -> Done {
    let patient = patient_id(config, &arguments.patient)?;
    let deed = Deed {
        patients: vec![patient.to_string()],
        ..Deed::new("record patient", &patient.to_string())
    };
    store.owe_act(change, &deed).await?;
    let range = PatientRange {
        patient: patient.clone(),
        from: arguments.from.unwrap_or(EVER.0),
        until: arguments.to.unwrap_or(EVER.1),
        organisation: arguments.org.clone(),
        side: None,
        rows_max: RECORDS_MAX + 1,
    };
    let (records, is_cut) = cut(store.records_of_patient(&range).await?);
    let report = PatientReport {
        patient: patient.to_string(),
        organisation: arguments.org.clone(),
        made_at: change.at,
        made_by: change.who.clone(),
        is_cut,
        records,
    };
    let sheet = report.sheet(language(&arguments.sheet, output));
    deliver(&sheet, &report.value(), &arguments.sheet, output)
}

/// What was provided of a patient, and received.
pub(super) struct PatientReport {
    pub(super) patient: String,
    pub(super) organisation: Option<String>,
    pub(super) made_at: OffsetDateTime,
    pub(super) made_by: String,
    pub(super) is_cut: bool,
    pub(super) records: Vec<KeptRecord>,
}

impl PatientReport {
    fn value(&self) -> Value {
        json!({
            "patient": self.patient,
            "organisation": self.organisation,
            "made_by": self.made_by,
            "is_cut": self.is_cut,
            "records": self.records.iter().map(value).collect::<Vec<_>>(),
        })
    }

    pub(super) fn sheet(&self, language: Language) -> Sheet {
        let pick = |ja: &str, en: &str| language.pick(ja, en).to_owned();
        let name = self.records.iter().rev().find_map(|kept| kept.person.clone());
        let mut facts = vec![
            (pick("患者", "patient"), self.patient.clone()),
            (pick("氏名", "name"), name.unwrap_or_default()),
        ];
        if let Some(organisation) = &self.organisation {
            facts.push((pick("記録した機関", "recorded by"), organisation.clone()));
        }
        facts.push((pick("作成日時", "made at"), shown(self.made_at)));
        facts.push((pick("作成者", "made by"), self.made_by.clone()));
        let mut notes = vec![pick(
            "あなたの診療情報が、いつ、どの機関からどの機関へ、どのような根拠で提供されたかの記録です\
             (個人情報の保護に関する法律第33条第5項)。「所在情報」は、文書があることとその種類・作成日などを示す情報です。",
            "When your data were provided, by whom, to whom and on which basis (Article 33(5) of the Act on the Protection \
             of Personal Information). \"Where documents are\" means that a document exists, its kind and its date.",
        )];
        if self.is_cut {
            notes.push(pick(
                "記録が多いため一部のみです。--from と --to で期間を区切ってください。",
                "There are more records than fit: ask for a shorter time with --from and --to.",
            ));
        }
        let sections = Side::ALL.map(|side| self.section(side, language));
        Sheet {
            language,
            title: pick("第三者提供記録の開示", "Records of provision, for disclosure"),
            facts,
            notes,
            sections: sections.into(),
        }
    }

    fn section(&self, side: Side, language: Language) -> Section {
        let heading = match side {
            Side::Provision => language.pick("提供の記録(第29条)", "Records of provision (Article 29)"),
            Side::Receipt => language.pick("受領の記録(第30条)", "Records of receipt (Article 30)"),
        };
        let mut columns = vec![
            language.pick("日時", "when"),
            language.pick("提供元", "provider"),
            language.pick("提供先", "receiver"),
            language.pick("提供したもの", "what"),
            language.pick("個人データの項目", "items"),
            language.pick("根拠・本人の同意", "basis, consent"),
            language.pick("利用者・職種・目的", "user, role, purpose"),
        ];
        if side == Side::Receipt {
            columns.push(language.pick("取得の経緯", "how it was acquired"));
        }
        let rows = self.records.iter().filter(|kept| kept.record.side == side);
        Section {
            heading: Some(heading.to_owned()),
            columns: columns.into_iter().map(str::to_owned).collect(),
            rows: rows.map(|kept| row(kept, language)).collect(),
            nothing: language.pick("記録はありません。", "No records.").to_owned(),
        }
    }
}

fn row(kept: &KeptRecord, language: Language) -> Vec<String> {
    let record = &kept.record;
    let mut row = vec![
        shown(record.at),
        cells::party(&record.provider, language),
        cells::party(&record.receiver, language),
        cells::provided(record.provided, language).to_owned(),
        cells::items(record, language),
        cells::basis(record, language),
        cells::user(record, language),
    ];
    if record.side == Side::Receipt {
        row.push(cells::acquisition(record, language));
    }
    row
}
