//! What an instrument lacks, and why that matters: for who enters and approves it.

use serde::Serialize;
use time::OffsetDateTime;

use crate::calendar::end_of_business_day;
use crate::instruments::agreement::JointUseAgreement;
use crate::instruments::blank;
use crate::instruments::consent::{Consent, ConsentModel};
use crate::instruments::contract::{EntrustmentContract, defects};
use crate::instruments::organisation::Status;
use crate::instruments::policy::DomainPolicy;
use crate::instruments::session::BreakGlassSession;
use crate::ledger::Ledger;
use crate::obligations::REVIEW_BUSINESS_DAYS;
use crate::reasons::Reason;
use crate::version::Version;

/// Something that an instrument lacks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// What.
    pub reason: Reason,
    /// Whom it is about, when not the whole instrument: an organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl Finding {
    /// Why it matters, in Japanese.
    pub fn why_ja(&self) -> &'static str {
        why(self.reason).map_or_else(|| self.reason.ja(), |(ja, _)| ja)
    }

    /// Why it matters, in English.
    pub fn why_en(&self) -> &'static str {
        why(self.reason).map_or_else(|| self.reason.en(), |(_, en)| en)
    }
}

impl From<Reason> for Finding {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            subject: None,
        }
    }
}

fn about(reason: Reason, subject: &str) -> Finding {
    Finding {
        reason,
        subject: Some(subject.to_owned()),
    }
}

/// Which of J0 to J9 an agreement lacks at an instant.
pub fn of_agreement(
    ledger: &Ledger,
    agreement: &Version<JointUseAgreement>,
    at: OffsetDateTime,
) -> Vec<Finding> {
    let terms = &agreement.terms;
    let recheck = ledger.policy(at).publication_recheck();
    let published = terms
        .stale_from(ledger.looks(&agreement.id, at), at, recheck)
        .is_some_and(|stale_from| at < stale_from);
    let itemised = !terms.items.is_empty() && !terms.metadata_items.is_empty();
    let checks = [
        (Reason::J0, !blank(&terms.statement)),
        (Reason::J1, itemised),
        (Reason::J2, terms.users.len() > 1),
        (
            Reason::J3,
            !terms.purposes.is_empty() && !blank(&terms.purpose_text),
        ),
        (Reason::J4, terms.responsible.complete(at)),
        (Reason::J5, published),
        (
            Reason::J7,
            agreement.in_force(at) && terms.status == Status::Active,
        ),
        (Reason::J9, terms.clauses.complete()),
    ];
    let whole = checks
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(reason, _)| reason.into());
    let mut findings: Vec<Finding> = whole.collect();
    for user in &terms.users {
        let subject = &user.organisation.0;
        if ledger.member(&user.organisation, at).is_none() {
            findings.push(about(Reason::J2, subject));
        }
        if !user.purpose_attested {
            findings.push(about(Reason::J6, subject));
        }
        if !user
            .signature
            .as_ref()
            .is_some_and(|signature| signature.holds(at))
        {
            findings.push(about(Reason::J8, subject));
        }
    }
    findings.sort_by(|a, b| (a.reason, &a.subject).cmp(&(b.reason, &b.subject)));
    findings
}

/// Which of E1 to E9 a contract lacks at an instant.
pub fn of_contract(
    ledger: &Ledger,
    contract: &Version<EntrustmentContract>,
    at: OffsetDateTime,
) -> Vec<Finding> {
    let over = !contract.in_force(at) || contract.terms.status != Status::Active;
    let mut reasons: Vec<Reason> = defects(contract).collect();
    if over && !reasons.contains(&Reason::E3) {
        reasons.push(Reason::E3);
    }
    if !ledger.able(&contract.terms.contractor, at) {
        reasons.push(Reason::E9);
    }
    reasons.sort_unstable();
    reasons.into_iter().map(Finding::from).collect()
}

/// Which of C1, C2 and C4 to C6 a consent lacks at an instant, and whether it names anything (C3).
pub fn of_consent(ledger: &Ledger, consent: &Version<Consent>, at: OffsetDateTime) -> Vec<Finding> {
    let terms = &consent.terms;
    let text = ledger.text_holds(terms, at);
    let scope =
        terms.model == ConsentModel::Enrolment || (!terms.purposes.is_empty() && !terms.classes.is_empty());
    let checks = [
        (Reason::C1, !terms.withdrawn(at)),
        (Reason::C2, consent.in_force(at)),
        (Reason::C3, scope),
        (Reason::C4, text),
        (Reason::C5, Consent::proved(consent)),
        (Reason::C6, terms.authority_holds(at)),
    ];
    checks
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(reason, _)| reason.into())
        .collect()
}

/// What is still owed for a break-glass session: its review (B6), telling the patient (B7), and whether it
/// was misuse (B8).
pub fn of_session(
    policy: &DomainPolicy,
    session: &Version<BreakGlassSession>,
    at: OffsetDateTime,
) -> Vec<Finding> {
    let terms = &session.terms;
    let due = end_of_business_day(terms.opened, REVIEW_BUSINESS_DAYS, &policy.holidays);
    let review = terms.review.as_ref().filter(|review| review.at <= at);
    let reviewed = review.is_some_and(|review| review.by != terms.user);
    let by_user = review.is_some_and(|review| review.by == terms.user);
    let told = terms.patient_told_at.is_some_and(|told| told <= at);
    let misuse =
        review.is_some_and(|review| review.outcome == crate::instruments::session::ReviewOutcome::Misuse);
    let checks = [
        (Reason::B6, by_user || (!reviewed && due <= at)),
        (Reason::B7, !told && !session.in_force(at)),
        (Reason::B8, misuse),
    ];
    checks
        .into_iter()
        .filter(|(_, found)| *found)
        .map(|(reason, _)| reason.into())
        .collect()
}

fn why(reason: Reason) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        Reason::J0 => (
            "共同利用する旨を本人が知り得ないと、共同利用ではなく第三者提供になる(法 27 条 5 項 3 号)",
            "if persons cannot learn that data are used jointly, it is provision to a third party (Article 27(5)(3))",
        ),
        Reason::J1 => (
            "項目は後から変えられない。書いていない区分の文書は取り決めの外になる",
            "the items cannot be changed later, and a class that is not listed is outside the agreement",
        ),
        Reason::J2 => (
            "本人がどこまで使われるか判断できるよう、参加中の機関を一つずつ挙げる",
            "the person must see where the range of users ends: members are listed one by one",
        ),
        Reason::J3 => (
            "利用目的のない共同利用は認められず、どの要求も目的内と判断できない",
            "without a purpose no request can be within it",
        ),
        Reason::J4 => (
            "責任者の氏名・住所、法人なら代表者の氏名が要る。代表者の交代も遅滞なく知らせる",
            "name, address and, for a corporation, its representative are demanded; a change must be told without delay",
        ),
        Reason::J5 => (
            "あらかじめ本人が容易に知り得る状態であることを示せないと、共同利用の根拠がない",
            "without proof that persons can easily learn of it beforehand there is no basis",
        ),
        Reason::J6 => (
            "取得時に示した目的の範囲でしか共同利用できない",
            "data may be used jointly only within the purpose that was stated when they were acquired",
        ),
        Reason::J7 => (
            "有効期間外または停止中の取り決めでは何も渡さない",
            "nothing is given on an agreement that is not in force",
        ),
        Reason::J8 => (
            "署名のない機関はこの版に合意していない",
            "an organisation that did not sign did not agree to this version",
        ),
        Reason::J9 => (
            "事故・脱退・機微情報の扱いを決めておかないと、起きた時に患者を守れない",
            "what happens after incidents and withdrawals, and with sensitive data, has to be settled beforehand",
        ),
        Reason::E3 => (
            "期間と終了時の返却・消去・証明を定めないと、終わった後にデータが残る",
            "without a term, and return or erasure with a certificate, data stay behind",
        ),
        Reason::E4 => (
            "一時的な保存でも期間を決める。感染症・遺伝子情報の扱いは明記する",
            "even temporary storage has a term; infectious-disease and genetic information is named",
        ),
        Reason::E5 => (
            "委託元は委託先を監督する義務がある(法 25 条)",
            "the entruster must supervise the contractor (Article 25)",
        ),
        Reason::E9 => (
            "受託者は自分の証明書で、受託者の立場でだけ接続する",
            "a contractor comes with its own certificate and in that capacity only",
        ),
        Reason::C4 => (
            "その時に有効でない文書への署名は、何に同意したか示せない",
            "a signature under a text that was not in force does not show what was agreed to",
        ),
        Reason::C5 => (
            "証拠が署名時のものと一致しない同意は、患者の意思を示せない",
            "evidence that is missing or changed does not prove the patient's will",
        ),
        Reason::C6 => (
            "本人が成人した等で代理権が終われば、本人に改めて尋ねる",
            "when a proxy's authority ends, as when a minor comes of age, the person is asked again",
        ),
        Reason::B6 => (
            "緊急時アクセスは、開いた本人以外が 3 営業日以内に点検する",
            "somebody other than the user reviews an emergency within three business days",
        ),
        Reason::B7 => (
            "回復した患者に、何をどこから得たか伝える",
            "a patient who recovers is told what was obtained, and from whom",
        ),
        _ => return None,
    })
}
