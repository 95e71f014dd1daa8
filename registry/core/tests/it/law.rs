//! A small domain as the law sees it: h1 and h1b of entity e1, h2 of e2, each hosted by the operator op; joint use of all
//! three, or none.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::macros::datetime;
use xds_model::principal::{EntityId, OrganisationId};
use xds_policy::hash::ContentHash;
use xds_policy::instruments::agreement::*;
use xds_policy::instruments::contract::*;
use xds_policy::instruments::organisation::*;
use xds_policy::instruments::policy::DomainPolicy;
use xds_policy::ledger::{DomainInstruments, Ledger};
use xds_policy::version::{Draft, Evidence, Terms, Version};
use xds_policy::words::{ClassSet, Purpose};

/// When everything began.
pub(crate) const START: OffsetDateTime = datetime!(2026-04-01 00:00 UTC);

pub(crate) fn evidence(file: &str) -> Evidence {
    Evidence {
        file: file.into(),
        sha256: ContentHash::of_bytes(file.as_bytes()),
    }
}

/// Version 1, from the beginning for two years.
pub(crate) fn seal<T: Terms>(id: &str, terms: T) -> Version<T> {
    Version::seal(Draft {
        id: id.into(),
        version: 1,
        entered_at: None,
        entered_by: "事務局".into(),
        approved_by: vec!["事務局長".into()],
        effective_from: START,
        effective_to: Some(datetime!(2028-04-01 00:00 UTC)),
        evidence: Some(evidence(&format!("{id}.pdf"))),
        evidence_found: None,
        terms,
        hash: None,
    })
    .unwrap()
}

fn organisation(id: &str, entity: &str) -> Version<Organisation> {
    seal(
        id,
        Organisation {
            name: id.to_uppercase(),
            kind: OrganisationKind::Hospital,
            entity: EntityId(entity.into()),
            appi_status: AppiStatus::Private,
            status: Status::Active,
            joined: START,
            joining_notified: Some(START),
            certificates: BTreeSet::from([ContentHash::of_bytes(id.as_bytes()).to_string()]),
            gateways: BTreeSet::new(),
            country: "JP".into(),
            storage_countries: BTreeSet::new(),
            notices: Vec::new(),
        },
    )
}

/// A complete contract of an entity with an organisation.
pub(crate) fn contract(kind: ContractKind, entruster: &str, contractor: &str) -> EntrustmentContract {
    EntrustmentContract {
        kind,
        status: Status::Active,
        entruster: EntityId(entruster.into()),
        entruster_organisations: BTreeSet::new(),
        contractor: OrganisationId(contractor.into()),
        task: "文書の所在の管理".into(),
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

fn agreement(users: &[&str]) -> JointUseAgreement {
    JointUseAgreement {
        title: "共同利用規約".into(),
        status: Status::Active,
        began: START,
        statement: "下記の機関と共同利用します。".into(),
        items: vec![JointItem {
            class: "class".into(),
            types: BTreeSet::new(),
            restricted: false,
        }],
        metadata_items: vec!["患者 ID、文書の種類".into()],
        users: users
            .iter()
            .map(|user| JointUser {
                organisation: OrganisationId((*user).into()),
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
            name: "医療法人".into(),
            address: "東京都".into(),
            corporation: true,
            representative: "理事長".into(),
            outdated_from: None,
        },
        publications: vec![Publication {
            reference: "https://renkei.example.jp/kyodo".into(),
            published_from: START,
            verified_at: datetime!(2026-11-20 00:00 UTC),
            evidence: evidence("kyodo.png"),
        }],
        covers_existing_data: None,
        clauses: Clauses {
            incidents: "直ちに報告".into(),
            withdrawal: "その時から利用しない".into(),
            sensitive_classes: "共同利用しない".into(),
        },
        change: None,
    }
}

/// Hosting for all, joint use of nobody.
pub(crate) fn apart() -> DomainInstruments {
    let entities = ["e1", "e2", "eop"].map(|id| {
        let terms = LegalEntity {
            name: id.to_uppercase(),
            address: "東京都".into(),
            representative: "代表".into(),
        };
        seal(id, terms)
    });
    let organisations = [("h1", "e1"), ("h1b", "e1"), ("h2", "e2"), ("op", "eop")];
    DomainInstruments {
        domain_policies: vec![seal(
            "policy",
            DomainPolicy {
                operator: Some(OrganisationId("op".into())),
                joint_enabled: true,
                joint_requires_enrolment: false,
                ..DomainPolicy::default()
            },
        )],
        legal_entities: entities.into(),
        organisations: organisations.map(|(id, of)| organisation(id, of)).into(),
        entrustment_contracts: ["e1", "e2"]
            .map(|of| seal(&format!("host-{of}"), contract(ContractKind::Hosting, of, "op")))
            .into(),
        ..DomainInstruments::default()
    }
}

/// The same with joint use of h1, h1b and h2.
pub(crate) fn joint() -> Ledger {
    Ledger::new(DomainInstruments {
        joint_use_agreements: vec![seal("ja-1", agreement(&["h1", "h1b", "h2"]))],
        ..apart()
    })
}
