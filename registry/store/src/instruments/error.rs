//! Why an instrument was not entered.

use xds_model::principal::EntityId;
use xds_policy::change::ChangeFault;
use xds_policy::format::Problem;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use super::draft::DraftError;
use crate::error::StoreError;

/// Why versions of instruments were not entered, or not read. Nothing of what was asked for was done.
///
/// `Display` names instruments by their ids, never a patient.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text is no version.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Somebody entered another version in the meantime, or this one does not follow.
    #[error(
        "{} {id}: the latest version is {latest}, so version {} can be entered, not {given}; look at it again with `instrument show`",
        kind.name(), latest.saturating_add(1)
    )]
    NotNext {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// The latest version there is; 0 for none.
        latest: u32,
        /// The version that was to be entered.
        given: u32,
    },
    /// Nothing of this name.
    #[error("there is no {} {id}", kind.name())]
    Missing {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
    },
    /// A version was to be entered as of another moment, or by somebody else, than it is.
    #[error("a version says when and by whom it is entered: now, by who enters it")]
    EnteredOtherwise,
    /// A version of a joint-use agreement changes what no version may change.
    #[error("{} {id} version {version}: {}", kind.name(), list(.faults))]
    Change {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// The version that was to be entered.
        version: u32,
        /// What it may not change.
        faults: Vec<ChangeFault>,
    },
    /// A version is about somebody or something else than the one before it.
    #[error("{} {id} version {version}: a version is about the same patient, and the same session, as the one before", kind.name())]
    AnotherSubject {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// The version that was to be entered.
        version: u32,
    },
    /// It needs two people.
    #[error("{} {id}: two different people approve it; this names {given}", kind.name())]
    Approvers {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// How many it names.
        given: usize,
    },
    /// It concerns a patient that the registry does not know, or not by this text.
    #[error("{} {id}: the registry does not know the patient that it names as it is written there", kind.name())]
    UnknownPatient {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
    },
    /// The parts of the domain would not fit each other.
    #[error("{}", problems(.0))]
    Unfit(Vec<Problem>),
    /// An import has another content for a version that is there.
    #[error("{} {id} version {version} is there with another content: versions are never changed", kind.name())]
    Differs {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// Version.
        version: u32,
    },
    /// An import would add to the past: decisions were made without it.
    #[error(
        "{} {id} version {version}: a file brings to a domain with instruments only what was entered after all of \
         them, and before now; enter it with `instrument add`", kind.name()
    )]
    EnteredInThePast {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// Version.
        version: u32,
    },
    /// An import was planned when there were other versions here.
    #[error("something was entered since the import was looked at: look at it again")]
    PlanStale,
    /// Somebody would approve what the same operator wrote.
    #[error("who wrote a version does not approve it: a second operator does")]
    OwnProposal,
    /// What was seen is not what waits.
    #[error("what waits is not what was seen: look at it again")]
    ProposalDiffers,
    /// It waited too long.
    #[error("it waited for more than 30 days: withdraw it, and write it again")]
    ProposalOld,
    /// It was approved, or taken back.
    #[error("no such version waits: it was approved or withdrawn")]
    ProposalGone,
    /// Too many wait.
    #[error(
        "{} versions wait already: approve or withdraw some",
        super::proposals::PROPOSALS_MAX
    )]
    ProposalsFull,
    /// The two sides of the ledger would name two legal entities for one organisation.
    #[error(
        "organisation {id} is of legal entity {ledger} where it is enrolled (org show) and of {in_law} in law (instrument show \
         --kind organisation): name the same one, or end it with org end and enter it again with org add"
    )]
    Contradiction {
        /// The organisation.
        id: InstrumentId,
        /// Its legal entity where it is enrolled.
        ledger: EntityId,
        /// Its legal entity in law.
        in_law: EntityId,
    },
    /// Too much at once.
    #[error("a file may bring {max} new versions at most; this one has {given}")]
    TooMany {
        /// How many it has.
        given: usize,
        /// How many it may have.
        max: usize,
    },
}

impl InstrumentError {
    /// What is wrong, in Japanese; the English text where there is no other.
    pub fn ja(&self) -> String {
        match self {
            Self::NotNext {
                kind,
                id,
                latest,
                given,
            } => format!(
                "{} {id} の最新の版は {latest} です。版 {given} は登録できません。`instrument show` で確かめてください。",
                kind.name()
            ),
            Self::Missing { kind, id } => format!("{} {id} はありません。", kind.name()),
            Self::Change {
                kind,
                id,
                version,
                faults,
            } => {
                let faults: Vec<&str> = faults.iter().map(|fault| fault.ja()).collect();
                format!("{} {id} 版 {version}: {}", kind.name(), faults.join("。"))
            }
            Self::AnotherSubject { kind, id, version } => format!(
                "{} {id} 版 {version}: 患者(緊急時アクセスでは開いた人と時刻も)は前の版と同じでなければなりません。",
                kind.name()
            ),
            Self::Approvers { kind, id, given } => format!(
                "{} {id}: 異なる 2 名の承認が必要です(現在 {given} 名)。`--approved-by` で挙げてください。",
                kind.name()
            ),
            Self::UnknownPatient { kind, id } => format!(
                "{} {id}: 書かれたとおりの患者IDの患者が登録されていません(ID^^^&OID&ISO)。",
                kind.name()
            ),
            Self::Differs { kind, id, version } => format!(
                "{} {id} 版 {version} は別の内容で登録済みです。版は変更できません。",
                kind.name()
            ),
            Self::EnteredInThePast { kind, id, version } => format!(
                "{} {id} 版 {version}: 取り決めが登録済みのドメインには、それより後、現在までに入力された版だけを取り込めます。`instrument add` で登録してください。",
                kind.name()
            ),
            Self::OwnProposal => "起案した本人は承認できません。別の運用者が承認します。".to_owned(),
            Self::ProposalDiffers => "確認した内容と異なります。もう一度確認してください。".to_owned(),
            Self::ProposalOld => "起案から 30 日を過ぎました。取り下げて、起案し直してください。".to_owned(),
            Self::ProposalGone => "承認待ちのものはありません(承認または取り下げ済み)。".to_owned(),
            Self::ProposalsFull => "承認待ちが多すぎます。承認するか、取り下げてください。".to_owned(),
            Self::PlanStale => {
                "取り込みの内容を確認した後に、別の登録がありました。もう一度確認してください。".to_owned()
            }
            Self::Contradiction { id, ledger, in_law } => format!(
                "機関 {id} の事業者が、機関の登録 (`org show`) では {ledger}、取り決め (`instrument show --kind organisation`) では {in_law} となり食い違います。同じ事業者を指定するか、`org end` で終了してから `org add` で登録し直してください。"
            ),
            Self::TooMany { given, max } => {
                format!("一度に取り込める新しい版は {max} 件までです(このファイルには {given} 件)。")
            }
            other => other.to_string(),
        }
    }
}

fn list(faults: &[ChangeFault]) -> String {
    let texts: Vec<&str> = faults.iter().map(|fault| fault.en()).collect();
    texts.join("; ")
}

fn problems(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
