//! What a permit obliges to.

use std::sync::Arc;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::calendar::end_of_business_day;
use crate::instruments::organisation::AppiStatus;
use crate::instruments::policy::DomainPolicy;
use crate::words::Operation;

/// One duty. `code` in JSON.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Obligation {
    /// An audit event that names basis and instrument.
    AuditEvent,
    /// A record of provision 第三者提供の記録 (Article 29), for the provider.
    ProvisionRecord {
        /// Whether the law demands it; it is written in any case.
        legally_required: bool,
    },
    /// A record of receipt 確認・記録 (Article 30), for the receiver.
    ReceiptRecord {
        /// Whether the law demands it; it is written in any case.
        legally_required: bool,
    },
    /// Each institution gets its own ledger.
    LedgerToEach,
    /// Stop when the evidence of publication is stale.
    StopWhenStale {
        /// The first stale instant.
        #[serde(with = "crate::instant")]
        at: OffsetDateTime,
    },
    /// The entruster gets a report on the contractor 委託先の監督.
    SupervisionReport,
    /// The contractor erases it.
    EraseBy {
        /// The last instant.
        #[serde(with = "crate::instant")]
        at: OffsetDateTime,
    },
    /// A push is not indexed in the registry.
    NotIndexed,
    /// Two people approved it: the order names them.
    TwoApprovers,
    /// Tell the author institution at once.
    NotifyAuthor,
    /// Tell the operator at once.
    NotifyOperator,
    /// Tell the network's privacy officer at once.
    NotifyPrivacyOfficer,
    /// Tell the patient: after a legal order that does not forbid it, and after an emergency.
    NotifyPatient,
    /// B6: somebody other than the user reviews it.
    Review {
        /// The last instant.
        #[serde(with = "crate::instant")]
        due: OffsetDateTime,
    },
}

impl Obligation {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AuditEvent => "audit-event",
            Self::ProvisionRecord { .. } => "provision-record",
            Self::ReceiptRecord { .. } => "receipt-record",
            Self::LedgerToEach => "ledger-to-each",
            Self::StopWhenStale { .. } => "stop-when-stale",
            Self::SupervisionReport => "supervision-report",
            Self::EraseBy { .. } => "erase-by",
            Self::NotIndexed => "not-indexed",
            Self::TwoApprovers => "two-approvers",
            Self::NotifyAuthor => "notify-author",
            Self::NotifyOperator => "notify-operator",
            Self::NotifyPrivacyOfficer => "notify-privacy-officer",
            Self::NotifyPatient => "notify-patient",
            Self::Review { .. } => "review",
        }
    }

    /// In Japanese.
    pub fn ja(self) -> &'static str {
        match self {
            Self::AuditEvent => "監査記録",
            Self::ProvisionRecord {
                legally_required: true,
            } => "提供記録(法 29 条・法定)",
            Self::ProvisionRecord { .. } => "提供記録(法定外)",
            Self::ReceiptRecord {
                legally_required: true,
            } => "受領記録(法 30 条・法定)",
            Self::ReceiptRecord { .. } => "受領記録(法定外)",
            Self::LedgerToEach => "各機関に自院の記録簿を渡す",
            Self::StopWhenStale { .. } => "公表の証拠が古くなったら止める",
            Self::SupervisionReport => "委託先の監督報告",
            Self::EraseBy { .. } => "期限までに消去",
            Self::NotIndexed => "レジストリに載せない",
            Self::TwoApprovers => "承認者二人",
            Self::NotifyAuthor => "作成機関へ直ちに通知",
            Self::NotifyOperator => "運営主体へ直ちに通知",
            Self::NotifyPrivacyOfficer => "個人情報保護責任者へ直ちに通知",
            Self::NotifyPatient => "患者へ通知",
            Self::Review { .. } => "本人以外による点検",
        }
    }

    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::AuditEvent => "audit event",
            Self::ProvisionRecord {
                legally_required: true,
            } => "record of provision (Article 29, required)",
            Self::ProvisionRecord { .. } => "record of provision (not required by law)",
            Self::ReceiptRecord {
                legally_required: true,
            } => "record of receipt (Article 30, required)",
            Self::ReceiptRecord { .. } => "record of receipt (not required by law)",
            Self::LedgerToEach => "each institution gets its own ledger",
            Self::StopWhenStale { .. } => "stop when the evidence of publication is stale",
            Self::SupervisionReport => "report for the supervision of the contractor",
            Self::EraseBy { .. } => "erase in time",
            Self::NotIndexed => "not indexed in the registry",
            Self::TwoApprovers => "two approvers",
            Self::NotifyAuthor => "tell the author institution at once",
            Self::NotifyOperator => "tell the operator at once",
            Self::NotifyPrivacyOfficer => "tell the privacy officer at once",
            Self::NotifyPatient => "tell the patient",
            Self::Review { .. } => "review by somebody else",
        }
    }

    /// The instant in it: a deadline.
    pub fn instant(self) -> Option<OffsetDateTime> {
        match self {
            Self::StopWhenStale { at } | Self::EraseBy { at } => Some(at),
            Self::Review { due } => Some(due),
            _ => None,
        }
    }
}

const NOT_REQUIRED: [Obligation; 2] = [
    Obligation::ProvisionRecord {
        legally_required: false,
    },
    Obligation::ReceiptRecord {
        legally_required: false,
    },
];

/// Own record: no provision takes place.
pub(crate) fn own(op: Operation) -> Arc<[Obligation]> {
    finish(op, vec![])
}

/// Entrustment. What is pushed to a contractor is erased in time.
pub(crate) fn entrust(op: Operation, erase_by: Option<OffsetDateTime>) -> Arc<[Obligation]> {
    let erase = erase_by.map(|at| Obligation::EraseBy { at });
    finish(
        op,
        [Obligation::SupervisionReport].into_iter().chain(erase).collect(),
    )
}

/// Joint use: records that the law does not demand.
pub(crate) fn joint(op: Operation, stale_from: OffsetDateTime) -> Arc<[Obligation]> {
    let stop = Obligation::StopWhenStale { at: stale_from };
    finish(op, NOT_REQUIRED.into_iter().chain([stop]).collect())
}

/// Consent: records that the law demands, unless the receiver is a body of Article 16(2).
pub(crate) fn consent(op: Operation, receiver: AppiStatus) -> Arc<[Obligation]> {
    let legally_required = receiver != AppiStatus::PublicBody;
    finish(
        op,
        vec![
            Obligation::ProvisionRecord { legally_required },
            Obligation::ReceiptRecord { legally_required },
            Obligation::LedgerToEach,
        ],
    )
}

/// Law: the provider keeps a record, and the patient is told unless the order forbids it.
pub(crate) fn law(op: Operation, forbids_notice: bool) -> Arc<[Obligation]> {
    let [provision, _] = NOT_REQUIRED;
    let notice = (!forbids_notice).then_some(Obligation::NotifyPatient);
    let duties = [provision, Obligation::TwoApprovers].into_iter().chain(notice);
    finish(op, duties.collect())
}

/// Emergency: kept records, notices at once, the patient afterwards, a review.
pub(crate) fn emergency(op: Operation, policy: &DomainPolicy, opened: OffsetDateTime) -> Arc<[Obligation]> {
    let due = end_of_business_day(opened, REVIEW_BUSINESS_DAYS, &policy.holidays);
    let duties = [
        Obligation::NotifyAuthor,
        Obligation::NotifyOperator,
        Obligation::NotifyPrivacyOfficer,
        Obligation::NotifyPatient,
        Obligation::Review { due },
    ];
    finish(op, NOT_REQUIRED.into_iter().chain(duties).collect())
}

/// B6: business days until the review of an emergency.
pub const REVIEW_BUSINESS_DAYS: u8 = 3;

/// When what is pushed to a contractor has to be erased.
pub(crate) fn erase_by(at: OffsetDateTime, retention_days: u16, policy: &DomainPolicy) -> OffsetDateTime {
    let days = retention_days.min(policy.temp_max_days);
    at.saturating_add(Duration::days(i64::from(days)))
}

fn finish(op: Operation, duties: Vec<Obligation>) -> Arc<[Obligation]> {
    let pushed = (op == Operation::Push).then_some(Obligation::NotIndexed);
    [Obligation::AuditEvent]
        .into_iter()
        .chain(duties)
        .chain(pushed)
        .collect()
}
