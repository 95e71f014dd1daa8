//! `record month`: the sheet of a month, a table for each other party.

use std::collections::BTreeMap;

use registry_core::records::{Party, Side};
use registry_store::{Change, KeptRecord, LedgerRange, Store};
use registry_trail::report::{Language, MonthRange, Section, Sheet};
use serde_json::{Value, json};
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use super::super::Done;
use super::super::audit::moment::shown;
use super::super::audit::{deliver, language};
use super::super::output::Output;
use super::super::session::looked;
use super::arguments::MonthArguments;
use super::{RECORDS_MAX, cells, cut, patients, value};

pub(super) async fn run(store: &Store, arguments: &MonthArguments, change: &Change, output: Output) -> Done {
    let month = arguments.month;
    let range = LedgerRange {
        organisation: arguments.org.clone(),
        side: arguments.side,
        from: month.from,
        until: month.until,
        counterparty: arguments.counterparty.clone(),
        rows_max: RECORDS_MAX + 1,
    };
    let (records, is_cut) = cut(store.records_of_ledger(&range).await?);
    let subject = format!("{}/{} {month}", range.organisation, range.side.name());
    looked(store, change, "record month", &subject, patients(&records)).await?;
    let keeper = records.last().map(|kept| kept.record.keeper().clone());
    let report = MonthReport {
        keeper: match keeper {
            Some(keeper) => keeper,
            // A month without records has a sheet too: the party as it is now.
            None => {
                let ledger = store.load_domain(change.at).await?;
                Party::at(&ledger, &OrganisationId(range.organisation.clone()), change.at)
            }
        },
        side: range.side,
        month,
        made_at: change.at,
        made_by: change.who.clone(),
        is_cut,
        records,
    };
    let sheet = report.sheet(language(&arguments.sheet, output));
    deliver(&sheet, &report.value(), &arguments.sheet, output)
}

/// The sheet of a month.
pub(super) struct MonthReport {
    pub(super) keeper: Party,
    pub(super) side: Side,
    pub(super) month: MonthRange,
    pub(super) made_at: OffsetDateTime,
    pub(super) made_by: String,
    pub(super) is_cut: bool,
    pub(super) records: Vec<KeptRecord>,
}

impl MonthReport {
    fn value(&self) -> Value {
        json!({
            "organisation": self.keeper,
            "side": self.side,
            "month": self.month.to_string(),
            "made_by": self.made_by,
            "is_cut": self.is_cut,
            "records": self.records.iter().map(value).collect::<Vec<_>>(),
        })
    }

    pub(super) fn sheet(&self, language: Language) -> Sheet {
        let pick = |ja: &str, en: &str| language.pick(ja, en).to_owned();
        let title = match self.side {
            Side::Provision => pick("第三者提供の記録(月次)", "Records of provision, by month"),
            Side::Receipt => pick(
                "第三者提供を受ける際の確認・記録(月次)",
                "Records of receipt, by month",
            ),
        };
        let mut notes = vec![match self.side {
            Side::Provision => pick(
                "個人情報の保護に関する法律第29条による記録です。「法定外」は法令上の記録義務がないものを含めて残したものです。",
                "Records under Article 29 of the Act on the Protection of Personal Information; also those that the Act does not demand.",
            ),
            Side::Receipt => pick(
                "個人情報の保護に関する法律第30条による確認・記録です。「法定外」は法令上の記録義務がないものを含めて残したものです。",
                "Records under Article 30 of the Act on the Protection of Personal Information; also those that the Act does not demand.",
            ),
        }];
        if self.is_cut {
            notes.push(pick(
                "記録が多いため一部のみです。--counterparty で相手方を指定してください。",
                "There are more records than fit: name one party with --counterparty.",
            ));
        }
        Sheet {
            language,
            title,
            facts: vec![
                (pick("機関", "organisation"), cells::party(&self.keeper, language)),
                (
                    pick("対象月(日本時間)", "month, in Japan"),
                    self.month.to_string(),
                ),
                (pick("件数", "records"), self.records.len().to_string()),
                (pick("作成日時", "made at"), shown(self.made_at)),
                (pick("作成者", "made by"), self.made_by.clone()),
            ],
            notes,
            sections: self.sections(language),
        }
    }

    fn sections(&self, language: Language) -> Vec<Section> {
        let mut by_party: BTreeMap<&str, Vec<&KeptRecord>> = BTreeMap::new();
        for kept in &self.records {
            let party = kept.record.counterparty().organisation.0.as_str();
            by_party.entry(party).or_default().push(kept);
        }
        let sections: Vec<Section> = by_party
            .values()
            .filter_map(|records| {
                let last = records.last()?;
                let heading = cells::party(last.record.counterparty(), language);
                Some(self.section(Some(heading), records, language))
            })
            .collect();
        if sections.is_empty() {
            return vec![self.section(None, &[], language)];
        }
        sections
    }

    fn section(&self, heading: Option<String>, records: &[&KeptRecord], language: Language) -> Section {
        let mut columns = vec![
            language.pick("日時", "when"),
            language.pick("本人", "person"),
            language.pick("提供したもの", "what"),
            language.pick("個人データの項目", "items"),
            language.pick("根拠・本人の同意", "basis, consent"),
            language.pick("記録義務", "by law"),
            language.pick("利用者・職種・目的", "user, role, purpose"),
            language.pick("記録番号", "record"),
        ];
        if self.side == Side::Receipt {
            columns.push(language.pick("取得の経緯", "how it was acquired"));
        }
        Section {
            heading,
            columns: columns.into_iter().map(str::to_owned).collect(),
            rows: records.iter().map(|kept| row(kept, language)).collect(),
            nothing: language
                .pick("この月の記録はありません。", "No records in this month.")
                .to_owned(),
        }
    }
}

fn row(kept: &KeptRecord, language: Language) -> Vec<String> {
    let record = &kept.record;
    let mut row = vec![
        shown(record.at),
        cells::person(kept, language),
        cells::provided(record.provided, language).to_owned(),
        cells::items(record, language),
        cells::basis(record, language),
        cells::required(record, language).to_owned(),
        cells::user(record, language),
        kept.name.to_string(),
    ];
    if record.side == Side::Receipt {
        row.push(cells::acquisition(record, language));
    }
    row
}
