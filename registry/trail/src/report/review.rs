//! The monthly review of the log: what happened, what stands out, who looked at it.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::anomaly::{Anomaly, AnomalyKind};
use super::directory::{Directory, named};
use super::local::{MonthRange, date, date_time};
use super::sheet::{Section, Sheet};
use super::words::{Language, deed};
use crate::usage::Count;

/// The review of a month.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ReviewReport {
    /// The month's first day, `YYYY-MM-DD`.
    pub month: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// All events.
    pub events: u64,
    /// Those that did not succeed.
    pub failures: u64,
    /// By kind and direction, outcome and organisation.
    pub counts: Vec<Count>,
    /// What stands out.
    pub anomalies: Vec<Anomaly>,
    /// Whether the journal was whole when the review was made, as `audit verify` says; none if it was not asked.
    pub journal_is_whole: Option<bool>,
    /// Who signed it.
    pub signatures: Vec<Signature>,
}

/// A signature under a review.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Signature {
    /// Who.
    pub reviewer: String,
    /// What the reviewer says.
    pub remark: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub signed_at: OffsetDateTime,
}

/// The review of a month from what was counted. Signatures and the journal's state are added by the caller.
pub fn review_report(
    month: MonthRange,
    counts: Vec<Count>,
    anomalies: Vec<Anomaly>,
    made_at: OffsetDateTime,
    made_by: &str,
) -> ReviewReport {
    let sum = |wanted: fn(&&Count) -> bool| counts.iter().filter(wanted).map(|count| count.events).sum();
    ReviewReport {
        month: date(month.first),
        made_at,
        made_by: made_by.to_owned(),
        events: sum(|_| true),
        failures: sum(|count| count.outcome > 0),
        counts,
        anomalies,
        journal_is_whole: None,
        signatures: Vec::new(),
    }
}

impl ReviewReport {
    /// The review as tables in one language.
    pub fn sheet(&self, language: Language, directory: &Directory) -> Sheet {
        let pick = |japanese: &str, english: &str| language.pick(japanese, english).to_owned();
        let whole = match self.journal_is_whole {
            Some(true) => pick("改ざん・欠落なし（検証済み）", "whole (verified)"),
            Some(false) => pick("検証で異常が見つかった", "verification found a fault"),
            None => pick("未検証", "not verified"),
        };
        let month = self.month.get(..7).unwrap_or(&self.month).to_owned();
        Sheet {
            language,
            title: pick("月次ログ点検報告書", "Monthly log review"),
            facts: vec![
                (pick("対象月", "Month"), month),
                (pick("事象の総数", "Events"), self.events.to_string()),
                (pick("成功以外", "Not successful"), self.failures.to_string()),
                (
                    pick("要確認の件数", "To be looked at"),
                    self.anomalies.len().to_string(),
                ),
                (pick("監査ジャーナル", "Audit journal"), whole),
                (pick("作成日時", "Made at"), date_time(self.made_at)),
                (pick("作成者", "Made by"), self.made_by.clone()),
            ],
            notes: vec![pick(
                "「要確認」は点検のための手がかりであり、不正を意味しません。",
                "What is to be looked at is a hint for the reviewer; it accuses nobody.",
            )],
            sections: vec![
                self.by_kind(language),
                self.by_organisation(language, directory),
                self.to_be_looked_at(language, directory),
                self.signed(language),
            ],
        }
    }

    fn by_kind(&self, language: Language) -> Section {
        let key = |count: &Count| (count.kind.clone(), count.direction.clone());
        let rows = summed(&self.counts, key);
        let row = |((kind, direction), sums): (&(String, String), &[u64; 4])| {
            let mut row = vec![
                kind.clone(),
                deed(kind, language).to_owned(),
                direction_word(direction, language).to_owned(),
            ];
            row.extend(sums.iter().map(u64::to_string));
            row
        };
        section(
            language,
            ("事象の種類別", "By kind of event"),
            language.pick(
                &["種類", "内容", "方向", "成功", "軽微な失敗", "失敗", "障害"],
                &[
                    "Kind",
                    "What",
                    "Side",
                    "Success",
                    "Minor failure",
                    "Failure",
                    "Major failure",
                ],
            ),
            rows.iter().map(row).collect(),
        )
    }

    fn by_organisation(&self, language: Language, directory: &Directory) -> Section {
        let rows = summed(&self.counts, |count| count.organisation.clone());
        let row = |(code, sums): (&Option<String>, &[u64; 4])| {
            let name = code
                .as_deref()
                .map_or("–", |code| named(&directory.organisations, code));
            let mut row = vec![name.to_owned()];
            row.extend(sums.iter().map(u64::to_string));
            row
        };
        section(
            language,
            ("施設別", "By organisation"),
            language.pick(
                &["施設", "成功", "軽微な失敗", "失敗", "障害"],
                &[
                    "Organisation",
                    "Success",
                    "Minor failure",
                    "Failure",
                    "Major failure",
                ],
            ),
            rows.iter().map(row).collect(),
        )
    }

    fn to_be_looked_at(&self, language: Language, directory: &Directory) -> Section {
        let row = |anomaly: &Anomaly| {
            let who = &anomaly.who;
            let organisation = who.organisation.as_deref().unwrap_or_default();
            vec![
                kind_word(anomaly.kind, language).to_owned(),
                date_time(anomaly.at),
                named(&directory.organisations, organisation).to_owned(),
                who.node.clone().unwrap_or_default(),
                who.user.clone().unwrap_or_default(),
                anomaly.count.to_string(),
                anomaly.limit.to_string(),
                // Filled in by hand, on paper or in the spreadsheet.
                String::new(),
            ]
        };
        section(
            language,
            ("要確認", "To be looked at"),
            language.pick(
                &[
                    "理由",
                    "日時",
                    "施設",
                    "端末",
                    "利用者",
                    "件数",
                    "基準",
                    "確認結果",
                ],
                &[
                    "Why",
                    "Time",
                    "Organisation",
                    "Node",
                    "User",
                    "Count",
                    "Limit",
                    "Finding",
                ],
            ),
            self.anomalies.iter().map(row).collect(),
        )
    }

    fn signed(&self, language: Language) -> Section {
        let row = |signature: &Signature| {
            vec![
                signature.reviewer.clone(),
                date_time(signature.signed_at),
                signature.remark.clone(),
            ]
        };
        section(
            language,
            ("点検者の署名", "Signed by"),
            language.pick(&["点検者", "日時", "所見"], &["Reviewer", "Time", "Remark"]),
            self.signatures.iter().map(row).collect(),
        )
    }
}

fn section(language: Language, heading: (&str, &str), columns: &[&str], rows: Vec<Vec<String>>) -> Section {
    Section {
        heading: Some(language.pick(heading.0, heading.1).to_owned()),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        rows,
        nothing: language.pick("なし", "None").to_owned(),
    }
}

/// Events by outcome, for each value of the key.
fn summed<K: Ord>(counts: &[Count], key: impl Fn(&Count) -> K) -> BTreeMap<K, [u64; 4]> {
    let mut sums: BTreeMap<K, [u64; 4]> = BTreeMap::new();
    for count in counts {
        let [success, minor, serious, major] = sums.entry(key(count)).or_default();
        let sum = match count.outcome {
            0 => success,
            4 => minor,
            8 => serious,
            _ => major,
        };
        *sum += count.events;
    }
    sums
}

fn direction_word(direction: &str, language: Language) -> &'static str {
    match direction {
        "received" => language.pick("受信", "received"),
        "sent" => language.pick("送信", "sent"),
        _ => language.pick("自系", "own"),
    }
}

fn kind_word(kind: AnomalyKind, language: Language) -> &'static str {
    let (japanese, english) = match kind {
        AnomalyKind::Emergency => ("緊急時の閲覧", "Emergency access"),
        AnomalyKind::RepeatedDenials => ("拒否の繰り返し", "Repeated refusals"),
        AnomalyKind::ManyPatients => ("短時間に多数の患者", "Many patients in a short time"),
        AnomalyKind::UserVolume => ("利用者の件数が普段より多い", "User above own history"),
        AnomalyKind::NodeVolume => ("端末の件数が普段より多い", "Node above own history"),
        AnomalyKind::AfterHours => ("時間外の利用", "After hours"),
    };
    language.pick(japanese, english)
}
