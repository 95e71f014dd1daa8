//! The network of the specification's test vectors: hospitals H1 and H2 of one entity, clinics C1, C2 and
//! C3, the reading centre RAD, the operator OP, patient P, and the agreement JA-1.

use std::collections::{BTreeMap, BTreeSet};

use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use xds_model::principal::{EntityId, OrganisationId};
use xds_policy::SharingScope;
use xds_policy::decision::Decision;
use xds_policy::document::Document;
use xds_policy::engine::decide;
use xds_policy::format::DomainFile;
use xds_policy::hash::ContentHash;
use xds_policy::instruments::agreement::*;
use xds_policy::instruments::consent::*;
use xds_policy::instruments::contract::*;
use xds_policy::instruments::order::LegalOrder;
use xds_policy::instruments::organisation::*;
use xds_policy::instruments::policy::*;
use xds_policy::instruments::refusal::*;
use xds_policy::instruments::session::*;
use xds_policy::ledger::Facts;
use xds_policy::request::*;
use xds_policy::version::{Draft, Evidence, Terms, Version};
use xds_policy::words::*;

/// 2026-11-24 12:00 in Japan.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 03:00 UTC);
/// When everything began.
pub(crate) const START: OffsetDateTime = datetime!(2026-04-01 00:00 +9);
/// The patient.
pub(crate) const P: &str = "P0001^^^&1.2.392.200036.9125&ISO";
/// Summary, referral and images.
pub(crate) const SUMMARY: &str = "18842-5";
pub(crate) const REFERRAL: &str = "57133-1";
pub(crate) const IMAGES: &str = "18748-4";

/// A domain and a question.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) file: DomainFile,
    pub(crate) request: Request,
    pub(crate) document: Document,
}

impl World {
    pub(crate) fn decide(&self) -> Decision {
        let (ledger, patient) = self.file.clone().into_facts();
        let facts = Facts {
            ledger: &ledger,
            patient: &patient,
        };
        decide(facts, &self.request, &self.document)
    }

    /// The same world with a difference.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

pub(crate) fn org(id: &str) -> OrganisationId {
    OrganisationId(id.into())
}

pub(crate) fn entity(id: &str) -> EntityId {
    EntityId(id.into())
}

pub(crate) fn evidence(file: &str) -> Evidence {
    Evidence {
        file: file.into(),
        sha256: ContentHash::of_bytes(file.as_bytes()),
    }
}

/// Version 1, from the beginning for two years.
pub(crate) fn draft<T>(id: &str, terms: T) -> Draft<T> {
    Draft {
        id: id.into(),
        version: 1,
        entered_at: Some(START),
        entered_by: "事務局 佐藤".into(),
        approved_by: vec!["事務局長 鈴木".into()],
        effective_from: START,
        effective_to: Some(datetime!(2028-04-01 00:00 +9)),
        evidence: Some(evidence(&format!("{id}.pdf"))),
        evidence_found: None,
        terms,
        hash: None,
    }
}

pub(crate) fn seal<T: Terms>(id: &str, terms: T) -> Version<T> {
    Version::seal(draft(id, terms)).unwrap()
}

/// Seals what a closure makes of an instrument's last version, in its place.
pub(crate) fn rewrite<T: Terms>(versions: &mut [Version<T>], id: &str, change: impl FnOnce(&mut Draft<T>)) {
    let version = versions
        .iter_mut()
        .rev()
        .find(|version| version.id.as_str() == id)
        .unwrap();
    let mut draft: Draft<T> = Draft::from(version.clone());
    draft.hash = None;
    change(&mut draft);
    *version = Version::seal(draft).unwrap();
}

/// Adds a version that was entered, and begins, at an instant.
pub(crate) fn amend<T: Terms>(
    versions: &mut Vec<Version<T>>,
    id: &str,
    from: OffsetDateTime,
    change: impl FnOnce(&mut Draft<T>),
) {
    let last = versions
        .iter()
        .rev()
        .find(|version| version.id.as_str() == id)
        .unwrap();
    let mut draft = last.next();
    draft.effective_from = from;
    draft.entered_at = Some(from.min(NOW - Duration::days(1)));
    change(&mut draft);
    versions.push(Version::seal(draft).unwrap());
}

pub(crate) fn organisation(id: &str, of: &str, kind: OrganisationKind) -> Version<Organisation> {
    seal(
        id,
        Organisation {
            name: format!("{id} 医療機関"),
            kind,
            entity: entity(of),
            appi_status: AppiStatus::Private,
            status: Status::Active,
            joined: START,
            joining_notified: Some(START),
            certificates: BTreeSet::from([ContentHash::of_bytes(id.as_bytes()).to_string()]),
            gateways: BTreeSet::new(),
            country: "JP".into(),
            storage_countries: BTreeSet::new(),
            notices: vec![Notice {
                from: START,
                to: Some(datetime!(2027-04-01 00:00 +9)),
                evidence: evidence("keiji.jpg"),
            }],
        },
    )
}

pub(crate) fn contract(kind: ContractKind, entruster: &str, contractor: &str) -> EntrustmentContract {
    EntrustmentContract {
        kind,
        status: Status::Active,
        entruster: entity(entruster),
        entruster_organisations: BTreeSet::new(),
        contractor: org(contractor),
        task: "文書の所在と患者基本情報の管理".into(),
        within_entrusters_purpose: true,
        scope: ContractScope {
            classes: ClassSet::All,
            patients: Patients::All,
            operations: BTreeSet::new(),
            restricted: false,
        },
        end_of_term: EndOfTerm {
            returned: true,
            erased: true,
            within_days: 30,
            certificate: true,
        },
        retention: Retention {
            days: 30,
            infectious_and_genetic: "預からない".into(),
            sensitivities: BTreeSet::new(),
            very_restricted: false,
        },
        supervision: Supervision {
            selected: true,
            may_instruct: true,
            reports: true,
        },
        subcontracting: Subcontracting::Prohibited,
        analysis: Analysis::Prohibited,
        safeguards: Safeguards {
            leakage: true,
            tampering: true,
            report_on_suspicion: true,
        },
        refusals_apply: false,
        acquisition: String::new(),
    }
}

pub(crate) fn agreement(users: &[&str]) -> JointUseAgreement {
    let item = |class: &str| JointItem {
        class: class.into(),
        types: BTreeSet::new(),
        restricted: false,
    };
    JointUseAgreement {
        title: "地域医療連携 共同利用規約".into(),
        status: Status::Active,
        began: START,
        statement: "当院は下記の機関と診療情報を共同利用します。".into(),
        items: vec![item(REFERRAL), item(SUMMARY)],
        metadata_items: vec!["患者 ID、氏名、文書の種類、作成日".into()],
        users: users
            .iter()
            .map(|user| JointUser {
                organisation: org(user),
                signature: Some(Signature {
                    by: "病院長".into(),
                    at: START,
                    withdrawn_at: None,
                }),
                purpose_attested: true,
            })
            .collect(),
        purposes: BTreeSet::from([Purpose::Treatment]),
        purpose_text: "患者の診療のため".into(),
        responsible: Responsible {
            name: "医療法人中央会".into(),
            address: "東京都千代田区 1-1".into(),
            corporation: true,
            representative: "理事長 中央太郎".into(),
            outdated_from: None,
        },
        publications: vec![Publication {
            reference: "https://renkei.example.jp/kyodo".into(),
            published_from: START,
            verified_at: NOW - Duration::days(10),
            evidence: evidence("kyodo.png"),
        }],
        covers_existing_data: None,
        clauses: Clauses {
            incidents: "直ちに事務局へ報告".into(),
            withdrawal: "脱退・撤回の時から利用しない".into(),
            sensitive_classes: "機微情報は共同利用しない".into(),
        },
        change: None,
    }
}

pub(crate) fn consent(model: ConsentModel) -> Consent {
    Consent {
        patient: P.into(),
        model,
        given_by: GivenBy::Patient,
        method: Method::Paper,
        signed_at: datetime!(2026-05-01 10:00 +9),
        recorder: "受付 田中".into(),
        text: Some(TextRef {
            id: "text-1".into(),
            version: 1,
            hash: None,
        }),
        providers: Organisations::AllMembers {
            except: BTreeSet::new(),
        },
        requesters: Organisations::AllMembers {
            except: BTreeSet::new(),
        },
        persons: BTreeSet::new(),
        classes: ClassSet::All,
        restricted: false,
        very_restricted: false,
        sensitivities: BTreeSet::new(),
        purposes: BTreeSet::from([Purpose::Treatment]),
        encounter: None,
        withdrawn_at: None,
        acknowledgement: None,
    }
}

pub(crate) fn refusal(level: RefusalLevel) -> Refusal {
    Refusal {
        patient: P.into(),
        level,
        includes_emergency: false,
        given_by: GivenBy::Patient,
        acknowledgement: None,
    }
}

fn policy() -> DomainPolicy {
    DomainPolicy {
        operator: Some(org("OP")),
        joint_enabled: true,
        on_query_rule: Some(Adoption {
            from: START,
            evidence: evidence("kyotsu-rule.pdf"),
        }),
        roles: roles(),
        ..DomainPolicy::default()
    }
}

/// The standard roles, and a clerk who sees invoices only.
fn roles() -> BTreeMap<RoleCode, RoleRule> {
    let mut roles = DomainPolicy::default().roles;
    roles.insert(
        "clerk".into(),
        RoleRule {
            name: "医療事務".into(),
            classes: ClassSet::Only(BTreeSet::from(["48768-6".into()])),
            sensitive: false,
            emergency: false,
            legal: false,
        },
    );
    roles
}

pub(crate) fn domain() -> DomainFile {
    use OrganisationKind::{Clinic, Hospital, Operator, ReadingCentre};
    let entities = ["E1", "E2", "E3", "E4", "E5", "EOP"].map(|id| {
        let terms = LegalEntity {
            name: format!("{id} 法人"),
            address: "東京都".into(),
            representative: "代表 一郎".into(),
        };
        seal(id, terms)
    });
    let hosting = ["E1", "E2", "E3", "E4", "E5"].map(|entruster| {
        let terms = contract(ContractKind::Hosting, entruster, "OP");
        seal(&format!("host-{entruster}"), terms)
    });
    let mut reading = contract(ContractKind::Task, "E1", "RAD");
    reading.task = "遠隔画像診断".into();
    reading.scope.classes = ClassSet::Only(BTreeSet::from([IMAGES.into()]));
    reading.scope.operations = BTreeSet::from([Operation::Query, Operation::Retrieve, Operation::Push]);
    let mut contracts = hosting.to_vec();
    contracts.push(seal("rad-images", reading));
    DomainFile {
        domain_policies: vec![seal("policy", policy())],
        legal_entities: entities.to_vec(),
        organisations: vec![
            organisation("H1", "E1", Hospital),
            organisation("H2", "E1", Hospital),
            organisation("C1", "E2", Clinic),
            organisation("C2", "E3", Clinic),
            organisation("C3", "E4", Clinic),
            organisation("RAD", "E5", ReadingCentre),
            organisation("OP", "EOP", Operator),
        ],
        joint_use_agreements: vec![seal("JA-1", agreement(&["H1", "H2", "C1"]))],
        entrustment_contracts: contracts,
        consent_texts: vec![seal(
            "text-1",
            ConsentText {
                title: "参加同意書".into(),
                model: ConsentModel::Enrolment,
                policy_oid: None,
                includes_later_members: false,
                words: "私はネットワークへの参加に同意します。".into(),
            },
        )],
        consents: vec![seal("enrol-P", consent(ConsentModel::Enrolment))],
        ..DomainFile::empty()
    }
}

pub(crate) fn request(op: Operation, from: &str) -> Request {
    Request {
        op,
        at: NOW,
        cert_org: org(from),
        certificate: None,
        req_org: org(from),
        req_entity: None,
        user: Some("dr-1".into()),
        role: Some("physician".into()),
        auth_level: AuthLevel::TwoFactor,
        purpose: Some(Purpose::Treatment),
        capacity: Capacity::Itself,
        patient: Some(P.into()),
        encounter: None,
        break_glass: None,
        recipient: None,
        recipient_user: None,
    }
}

pub(crate) fn document() -> Document {
    Document {
        id: Some("1.2.392.1.1".into()),
        patient: Some(P.into()),
        author_org: org("H1"),
        class_code: SUMMARY.into(),
        type_code: "11490-0".into(),
        confidentiality: Confidentiality::N,
        sensitivity: vec![],
        scope: SharingScope::Shared,
        registered_at: datetime!(2026-06-01 09:00 +9),
        stored_by: None,
        addressed_to: BTreeSet::new(),
    }
}

/// C1 asks for D: joint use.
pub(crate) fn joint() -> World {
    asks("C1")
}

/// An organisation asks for D.
pub(crate) fn asks(from: &str) -> World {
    World {
        file: domain(),
        request: request(Operation::Query, from),
        document: document(),
    }
}

/// H2 asks for D: own record.
pub(crate) fn own() -> World {
    asks("H2")
}

/// C2 asks for D, with a consent that names H1 and C2.
pub(crate) fn scoped() -> World {
    asks("C2").with(|world| {
        let mut terms = consent(ConsentModel::Scoped);
        terms.providers = Organisations::Listed(BTreeSet::from([org("H1")]));
        terms.requesters = Organisations::Listed(BTreeSet::from([org("C2")]));
        world.file.consents.push(seal("consent-C2", terms));
    })
}

/// C2 asks for D at a visit.
pub(crate) fn on_query() -> World {
    asks("C2").with(|world| {
        let mut terms = consent(ConsentModel::OnQuery);
        terms.method = Method::Oral;
        terms.text = None;
        terms.requesters = Organisations::Listed(BTreeSet::from([org("C2")]));
        terms.signed_at = NOW - Duration::minutes(10);
        terms.encounter = Some(Encounter {
            id: "visit-77".into(),
            kind: EncounterKind::Outpatient,
            started: NOW - Duration::minutes(30),
            ended: None,
        });
        let mut draft = draft("visit-C2", terms);
        draft.effective_from = NOW - Duration::minutes(10);
        draft.entered_at = Some(NOW - Duration::minutes(10));
        draft.evidence = None;
        world.file.consents.push(Version::seal(draft).unwrap());
    })
}

/// H1 pushes a referral to C3: implied consent.
pub(crate) fn push() -> World {
    World {
        file: domain(),
        request: request(Operation::Push, "H1"),
        document: document(),
    }
    .with(|world| {
        world.request.recipient = Some(org("C3"));
        world.document.class_code = REFERRAL.into();
        world.document.scope = SharingScope::PushOnly;
        world.document.addressed_to = BTreeSet::from([org("C3")]);
    })
}

/// RAD asks for images as the contractor of E1.
pub(crate) fn entrust() -> World {
    asks("RAD").with(|world| {
        world.document.class_code = IMAGES.into();
        world.request.purpose = Some(Purpose::EntrustedTask);
        world.request.capacity = Capacity::ContractorOf {
            entity: entity("E1"),
            contract: "rad-images".into(),
        };
    })
}

/// H1's privacy officer executes an order.
pub(crate) fn law() -> World {
    asks("H1").with(|world| {
        world.request.purpose = Some(Purpose::Legal);
        world.request.role = Some("privacy-officer".into());
        let terms = LegalOrder {
            patient: P.into(),
            statute: "刑事訴訟法 197 条 2 項".into(),
            issuing_body: "東京地方検察庁".into(),
            document_number: "令8-123".into(),
            authors: BTreeSet::from([org("H1")]),
            classes: ClassSet::Only(BTreeSet::from([SUMMARY.into()])),
            operator_instructed: None,
            forbids_notice: false,
        };
        let mut draft = draft("order-1", terms);
        draft.approved_by = vec!["病院長".into(), "個人情報保護責任者".into()];
        world.file.legal_orders.push(Version::seal(draft).unwrap());
    })
}

/// C3 asks for D of an unconscious patient.
pub(crate) fn emergency() -> World {
    asks("C3").with(|world| {
        world.request.purpose = Some(Purpose::Emergency);
        world.request.break_glass = Some(BreakGlass {
            reason_code: EmergencyReason::Unconscious,
            free_text: "救急搬送、意識なし".into(),
            attested_by: "dr-1".into(),
            attested_at: NOW - Duration::minutes(2),
            consent_unobtainable: true,
            confirmed: true,
            sensitive_need: None,
            second: None,
        });
        let terms = BreakGlassSession {
            patient: P.into(),
            organisation: org("C3"),
            user: "dr-1".into(),
            reason: EmergencyReason::Unconscious,
            opened: NOW - Duration::minutes(2),
            renewals: 0,
            review: None,
            patient_told_at: None,
        };
        let mut draft = draft("bg-1", terms);
        draft.effective_from = NOW - Duration::minutes(2);
        draft.entered_at = Some(NOW - Duration::minutes(2));
        draft.effective_to = Some(NOW + Duration::hours(4) - Duration::minutes(2));
        draft.evidence = None;
        world
            .file
            .break_glass_sessions
            .push(Version::seal(draft).unwrap());
    })
}

/// H1 registers D, without a user.
pub(crate) fn register() -> World {
    asks("H1").with(|world| {
        world.request.op = Operation::Register;
        world.request.user = None;
        world.request.role = None;
        world.request.auth_level = AuthLevel::None;
        world.request.purpose = None;
    })
}

/// The second physician's word.
pub(crate) fn second() -> SecondConfirmation {
    SecondConfirmation {
        by: "dr-2".into(),
        role: "physician".into(),
        at: NOW - Duration::minutes(1),
    }
}

/// The declaration of an emergency.
pub(crate) fn declared(world: &mut World) -> &mut BreakGlass {
    world.request.break_glass.as_mut().unwrap()
}
