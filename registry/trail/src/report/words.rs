//! What the sheets say, in Japanese and English.

use xds_audit::Outcome;

pub use registry_papers::Language;

/// What was done, in plain words, by the kind of event.
pub(crate) fn deed(kind: &str, language: Language) -> &'static str {
    let (japanese, english) = match kind {
        "ITI-18" | "ITI-51" => ("記録の一覧を調べた", "Looked up the list of records"),
        "ITI-43" => ("記録を開いた", "Opened records"),
        "ITI-41" | "ITI-42" | "ITI-61" => ("記録を登録した", "Registered records"),
        "ITI-57" | "ITI-92" => ("記録の見出し情報を変更した", "Changed the description of records"),
        "ITI-62" | "ITI-86" => ("記録を削除した", "Removed records"),
        "ITI-8" | "ITI-44" => ("患者の登録情報を更新した", "Updated the patient's registration"),
        "DECISION" => (
            "閲覧してよいかをシステムが確認した",
            "The system checked whether access is allowed",
        ),
        "audit-log-read" => ("この閲覧履歴を確認した", "Read this access history"),
        "exported" => ("記録をシステムの外へ出した", "Took records out of the system"),
        "configuration-changed" => ("設定を変更した", "Changed a setting"),
        "request-refused" | "assertion-refused" | "handshake-refused" => {
            ("要求が拒否された", "A request was refused")
        }
        _ => ("システムの動作", "An act of the system"),
    };
    language.pick(japanese, english)
}

pub(crate) fn outcome(outcome: Outcome, language: Language) -> &'static str {
    let (japanese, english) = match outcome {
        Outcome::Success => ("行われた", "Done"),
        Outcome::MinorFailure => ("断られた、または後でやり直し", "Refused, or to be tried again"),
        Outcome::SeriousFailure => ("行われなかった", "Not done"),
        Outcome::MajorFailure => ("障害により結果不明", "Failed, or outcome not known"),
    };
    language.pick(japanese, english)
}

/// Purposes of use (HL7 v3 ActReason PurposeOfUse).
pub(crate) fn purpose(code: &str, language: Language) -> String {
    let (japanese, english) = match code {
        "TREAT" => ("診療のため", "Treatment"),
        "ETREAT" => ("救急の診療のため", "Emergency treatment"),
        "BTG" => ("緊急時の閲覧", "Break the glass"),
        "CAREMGT" | "COC" => ("療養の調整のため", "Coordination of care"),
        "HPAYMT" => ("医療費の請求・支払いのため", "Payment"),
        "HOPERAT" => ("施設の運営のため", "Operations"),
        "PATRQT" => ("ご本人の依頼", "Request of the patient"),
        "PUBHLTH" => ("公衆衛生のため", "Public health"),
        "HRESCH" => ("研究のため", "Research"),
        "HSYSADMIN" | "SYSADMIN" => ("システム管理のため", "System administration"),
        other => return other.to_owned(),
    };
    language.pick(japanese, english).to_owned()
}

/// What a decision rests on.
pub(crate) fn basis(code: &str, language: Language) -> String {
    let folded = code.to_ascii_uppercase();
    let (japanese, english) = match folded.as_str() {
        "OWN" => ("自施設の記録", "Own record of the facility"),
        "ACKNOWLEDGED" => (
            "文書による同意・拒否の登録",
            "Consent or refusal entered from a document",
        ),
        "SHARED_WITH_ALL" => (
            "参加施設で共有する取り決め",
            "Agreement to share among the members",
        ),
        "ENTRUST" => ("業務の委託", "Entrustment"),
        "JOINT" => ("共同利用", "Joint use"),
        "CONSENT" => ("ご本人の同意", "Consent of the patient"),
        "LAW" => ("法令", "Law"),
        "EMERG" => ("緊急時", "Emergency"),
        _ => return code.to_owned(),
    };
    language.pick(japanese, english).to_owned()
}
