//! What is refused, with a code for programs, and for people what is wrong, where, and what to do.

use actix_web::http::StatusCode;
use registry_store::{DraftError, EvidenceError, InstrumentError};
use xds_policy::change::ChangeFault;
use xds_policy::format::FormatError;
use xds_policy::hash::ContentHash;
use xds_server::http::{Advice, Refusal};
use xds_server::lang::Say;

use crate::instruments::Refused;
use crate::operator::refusal::{of_json, of_store};

/// Where the shapes are described.
const SHAPE: &str = "operator-api.openapi.json";
/// Where it is said how instruments are kept.
const KEEPING: &str = "docs/operating/instruments.md";
/// Where it is said what the law has us refuse.
const LAW: &str = "docs/law.md";

/// A refusal in the making.
struct Told {
    status: StatusCode,
    code: &'static str,
    rule: &'static str,
    field: Option<String>,
    repair: Option<Say>,
}

impl Told {
    fn new(status: StatusCode, code: &'static str, rule: &'static str) -> Self {
        Self {
            status,
            code,
            rule,
            field: None,
            repair: None,
        }
    }

    fn at(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    fn repair(self, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            repair: Some(Say::new(ja, en)),
            ..self
        }
    }

    fn saying(self, say: Say) -> Refusal {
        Refusal::new(self.status, self.code, say.en, self.rule).with(Advice {
            message_ja: Some(say.ja),
            field: self.field,
            repair: self.repair,
        })
    }
}

/// A member of a body, a header or a parameter that is not what it has to be.
pub(in crate::operator) fn field(name: &str, must: &str) -> Refusal {
    Told::new(StatusCode::BAD_REQUEST, "value", SHAPE)
        .at(name)
        .saying(Say::new(
            format!("{name} の値が正しくありません({must})。"),
            format!("{name} is to be {must}"),
        ))
}

/// No If-Match.
pub(super) fn precondition_required() -> Refusal {
    Told::new(
        StatusCode::PRECONDITION_REQUIRED,
        "if-match-required",
        "RFC 6585 3",
    )
    .at("If-Match")
    .repair(
        "GET で最新の内容を確かめ、応答の ETag を If-Match に付けて送ってください。",
        "look at it first, and send the ETag of that answer as If-Match",
    )
    .saying(Say::new(
        "確認した版を示すヘッダー If-Match が必要です。",
        "a change names what it follows in the header If-Match",
    ))
}

/// Somebody entered another version in the meantime.
pub(super) fn stale(latest: u32, given: u32) -> Refusal {
    if given <= 1 {
        return Told::new(StatusCode::CONFLICT, "exists", KEEPING)
            .at("entry.id")
            .repair(
                "別の ID を付けるか、POST /v1/instruments/{kind}/{id} で次の版として登録してください。",
                "take another id, or enter the next version with POST /v1/instruments/{kind}/{id}",
            )
            .saying(Say::new(
                format!("この ID はすでに登録されています(最新の版 {latest})。"),
                format!("this id is taken: its latest version is {latest}"),
            ));
    }
    Told::new(
        StatusCode::PRECONDITION_FAILED,
        "version-conflict",
        "RFC 9110 13.1.1",
    )
    .at("If-Match")
    .repair(
        "最新の版を確かめ、変更をその上に作り直してください。",
        "look at the latest version, and make your change of that",
    )
    .saying(Say::new(
        format!("最新の版は {latest} です。版 {given} は登録できません。"),
        format!("the latest version is {latest}: version {given} cannot follow"),
    ))
}

/// A list of a kind that concerns patients.
pub(super) fn patient_needed() -> Refusal {
    Told::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "patient-needed",
        "no patient in a URL",
    )
    .at("kind")
    .repair(
        "POST /v1/instruments/of-patient の本文に {\"patient\": \"ID^^^&OID&ISO\"} を送ってください。",
        "send POST /v1/instruments/of-patient with {\"patient\": \"id^^^&OID&ISO\"}",
    )
    .saying(Say::new(
        "患者ごとの取り決めです。患者を指定してください。",
        "these concern patients: name one",
    ))
}

/// An id that would carry a patient into addresses.
pub(super) fn id_names_patient() -> Refusal {
    Told::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "patient-in-id",
        "no patient in a URL",
    )
    .at("entry.id")
    .repair(
        "患者IDを含まない、通し番号などの ID にしてください。",
        "take an id without the patient's, such as a running number",
    )
    .saying(Say::new(
        "取り決めの ID に患者IDが含まれています。ID は URL に現れます。",
        "the id of the instrument holds the patient's id, and would stand in addresses",
    ))
}

/// What came is not what the address says.
pub(super) fn hash_differs(hash: &ContentHash) -> Refusal {
    Told::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "hash-differs",
        "evidence is named by its SHA-256",
    )
    .at("sha256")
    .repair(
        "ファイルの SHA-256 を確かめて送り直してください。",
        "check the file's SHA-256, and send it again",
    )
    .saying(Say::new(
        format!("届いたファイルの SHA-256 は {hash} です。"),
        format!("the SHA-256 of what came is {hash}"),
    ))
}

/// A file on disk is not what it was.
pub(super) fn damaged() -> Refusal {
    Told::new(
        StatusCode::CONFLICT,
        "evidence-damaged",
        "evidence is named by its SHA-256",
    )
    .at("sha256")
    .repair(
        "同じファイルをもう一度 PUT すると、壊れた控えが置き換わります。",
        "PUT the same file again: the damaged copy is replaced",
    )
    .saying(Say::new(
        "保管された証拠のファイルが壊れています。",
        "the copy that is kept is damaged",
    ))
}

/// A file brings what only two operators may enter.
pub(super) fn two_operators(kind: &str, id: &str) -> Refusal {
    Told::new(StatusCode::UNPROCESSABLE_ENTITY, "two-operators", KEEPING)
        .repair(
            "ファイルから除いて別に登録し第二の運用者が承認するか、サーバー上で `renkei-registry domain import` を使ってください。",
            "leave it out and enter it by itself, for a second operator to approve; or use `renkei-registry domain \
             import` on the server",
        )
        .saying(Say::new(
            format!("{kind} {id} は運用者 2 名で登録するもので、この方法では取り込めません。"),
            format!("{kind} {id} is entered by two operators: it is not taken over in this way"),
        ))
}

/// Something was entered since the import was looked at.
pub(super) fn plan_stale() -> Refusal {
    of_refused(InstrumentError::PlanStale.into())
}

/// Why something was not done.
pub(in crate::operator) fn of_refused(refused: Refused) -> Refusal {
    let say = refused.say();
    match &refused {
        Refused::Instrument(InstrumentError::Store(error)) => return of_store(error),
        Refused::Unwritable(error) => return of_json(error),
        Refused::Evidence(error @ EvidenceError::Io { .. }) => {
            tracing::error!(%error, "evidence was not read or kept for an operator");
            return Refusal::failed();
        }
        _ => {}
    }
    told(&refused).saying(say)
}

fn told(refused: &Refused) -> Told {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    match refused {
        Refused::Instrument(error) => of_instrument(error),
        Refused::Evidence(_) => Told::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "limits"),
        Refused::Format(error) => of_format(error),
        Refused::Unwritable(_) => Told::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "internal"),
        Refused::NoVersion => Told::new(StatusCode::NOT_FOUND, "not-found", "RFC 9110 15.5.5").at("version"),
        Refused::EndInPast => Told::new(unprocessable, "end-in-past", KEEPING).at("at").repair(
            "今以降の時点にするか、at を省いてください。",
            "name a moment to come, or leave `at` out",
        ),
        Refused::EndedAlready => Told::new(StatusCode::CONFLICT, "ended", KEEPING).at("at").repair(
            "延長は新しい版として登録してください。",
            "what shall last longer is a new version",
        ),
        Refused::EvidenceAbsent(hash) => Told::new(unprocessable, "evidence-absent", KEEPING)
            .at("entry.evidence")
            .repair(
                format!("先に PUT /v1/evidence/{hash} でファイルを送ってください。"),
                format!("send the file first: PUT /v1/evidence/{hash}"),
            ),
    }
}

fn of_format(error: &FormatError) -> Told {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        FormatError::Text { path, .. } => {
            Told::new(unprocessable, "content", "docs/domain-format.md").at(path)
        }
        FormatError::TooLong { .. } => Told::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "limits"),
        FormatError::Problems(_) | FormatError::Unwritable(_) => {
            Told::new(unprocessable, "unfit", "docs/domain-format.md")
        }
    }
}

fn of_instrument(error: &InstrumentError) -> Told {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let conflict = StatusCode::CONFLICT;
    match error {
        InstrumentError::Store(_) | InstrumentError::EnteredOtherwise => {
            Told::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "internal")
        }
        InstrumentError::Draft(error) => of_draft(error),
        InstrumentError::NotNext { .. } => {
            Told::new(StatusCode::PRECONDITION_FAILED, "version-conflict", KEEPING).at("If-Match")
        }
        InstrumentError::Missing { .. } => {
            Told::new(StatusCode::NOT_FOUND, "not-found", "RFC 9110 15.5.5").at("id")
        }
        InstrumentError::Change { faults, .. } => of_change(faults),
        InstrumentError::AnotherSubject { .. } => {
            Told::new(unprocessable, "another-subject", KEEPING).at("entry.terms.patient")
        }
        InstrumentError::Approvers { .. } => {
            Told::new(unprocessable, "approvers", LAW).at("entry.approved_by")
        }
        InstrumentError::UnknownPatient { .. } => Told::new(unprocessable, "unknown-patient", KEEPING)
            .at("entry.terms.patient")
            .repair(
                "登録済みの患者IDを、そのとおりに書いてください(ID^^^&OID&ISO)。",
                "write the patient's identifier exactly as it is registered: id^^^&OID&ISO",
            ),
        InstrumentError::Unfit(_) => Told::new(unprocessable, "unfit", "docs/domain-format.md")
            .at("entry.terms")
            .repair(
                "名前を挙げた機関・事業者・文書などを先に登録してください。",
                "enter the organisations, entities and texts that it names first",
            ),
        InstrumentError::Differs { .. } => Told::new(conflict, "differs", KEEPING),
        InstrumentError::EnteredInThePast { .. } => Told::new(unprocessable, "entered-in-the-past", KEEPING)
            .repair(
                "POST /v1/instruments/{kind} で一件ずつ登録してください。",
                "enter it with POST /v1/instruments/{kind}",
            ),
        InstrumentError::Contradiction { .. } => Told::new(conflict, "contradiction", KEEPING)
            .at("entry.terms.entity")
            .repair(
                "機関の登録と同じ事業者を指定してください。",
                "name the legal entity that the organisation is enrolled with",
            ),
        InstrumentError::PlanStale => {
            Told::new(StatusCode::PRECONDITION_FAILED, "plan-stale", "RFC 9110 13.1.1").at("If-Match")
        }
        InstrumentError::OwnProposal => Told::new(StatusCode::FORBIDDEN, "second-operator", KEEPING),
        InstrumentError::ProposalDiffers => Told::new(
            StatusCode::PRECONDITION_FAILED,
            "proposal-differs",
            "RFC 9110 13.1.1",
        )
        .at("If-Match"),
        InstrumentError::ProposalOld => Told::new(conflict, "proposal-old", KEEPING),
        InstrumentError::ProposalGone => {
            Told::new(StatusCode::NOT_FOUND, "not-found", "RFC 9110 15.5.5").at("id")
        }
        InstrumentError::ProposalsFull => Told::new(conflict, "proposals-full", "limits"),
        InstrumentError::TooMany { .. } => Told::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many", "limits"),
    }
}

fn of_draft(error: &DraftError) -> Told {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        DraftError::TooLong => Told::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "limits").at("entry"),
        DraftError::Json { .. } | DraftError::NoObject => {
            Told::new(unprocessable, "content", "docs/domain-format.md").at("entry")
        }
        DraftError::Content { path, .. } => {
            let path = if path == "." {
                "entry".to_owned()
            } else {
                format!("entry.{path}")
            };
            Told::new(unprocessable, "content", "docs/domain-format.md").at(path)
        }
    }
}

fn of_change(faults: &[ChangeFault]) -> Told {
    let told = Told::new(StatusCode::UNPROCESSABLE_ENTITY, "change-not-allowed", LAW);
    let told = match faults.first().map(|fault| changed(*fault)) {
        Some(field) => told.at(field),
        None => told,
    };
    if faults.iter().any(|fault| fault.needs_new_id()) {
        return told.repair(
            "新しい ID の取り決めとして登録し、改めて公表してください。影響は POST /v1/agreements/impact で確かめられます。",
            "enter an agreement with an id of its own, and publish it anew; POST /v1/agreements/impact shows what it \
             would give and take",
        );
    }
    told
}

/// The member that a fault is about.
fn changed(fault: ChangeFault) -> &'static str {
    match fault {
        ChangeFault::NotTheNextVersion => "entry.version",
        ChangeFault::Backdated => "entry.effective_from",
        ChangeFault::ItemsChanged => "entry.terms.items",
        ChangeFault::UserAdded => "entry.terms.users",
        ChangeFault::BeginningChanged => "entry.terms.began",
        ChangeFault::ExistingDataAdded => "entry.terms.covers_existing_data",
        ChangeFault::PurposeNotForeseeable | ChangeFault::PurposeBeforeNotice => "entry.terms.purposes",
        ChangeFault::ResponsibleNotNotified => "entry.terms.responsible",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use xds_policy::version::InstrumentKind;
    use xds_server::lang::Lang;

    use super::*;
    use crate::operator::refusal::json_form;

    fn written(refusal: &Refusal, lang: Lang) -> Value {
        serde_json::from_str(&json_form(refusal, lang).1).unwrap()
    }

    #[test]
    fn a_refusal_says_where_and_what_to_do_in_both_languages() {
        let refusal = of_refused(
            InstrumentError::Change {
                kind: InstrumentKind::JointUseAgreement,
                id: "JA-1".into(),
                version: 2,
                faults: vec![ChangeFault::UserAdded],
            }
            .into(),
        );
        let (ja, en) = (written(&refusal, Lang::Ja), written(&refusal, Lang::En));
        for value in [&ja, &en] {
            assert_eq!(value["code"], "change-not-allowed");
            assert_eq!(value["field"], "entry.terms.users");
            assert_eq!(value["rule"], LAW);
        }
        assert!(
            ja["message"].as_str().unwrap().contains("利用者(イ)は増やせない"),
            "{ja}"
        );
        assert!(ja["repair"].as_str().unwrap().contains("改めて公表"), "{ja}");
        assert!(
            en["message"].as_str().unwrap().contains("cannot be added"),
            "{en}"
        );
        assert!(
            en["repair"].as_str().unwrap().contains("an id of its own"),
            "{en}"
        );
    }

    #[test]
    fn what_is_wrong_in_a_draft_has_its_place() {
        let error = DraftError::Content {
            path: "terms.users[1]".to_owned(),
            message: "missing field `organisation`".to_owned(),
        };
        let refusal = of_refused(Refused::from(error));
        assert_eq!(refusal.status, 422);
        assert_eq!(written(&refusal, Lang::En)["field"], "entry.terms.users[1]");
    }

    #[test]
    fn a_number_that_is_taken_and_one_that_is_past_are_told_apart() {
        assert_eq!(
            (stale(3, 1).status, stale(3, 1).code),
            (StatusCode::CONFLICT, "exists")
        );
        assert_eq!(stale(3, 3).code, "version-conflict");
        assert_eq!(stale(0, 3).status, StatusCode::PRECONDITION_FAILED);
    }
}
