//! The network's domain in law, as a file for `domain import`: who takes part, and what the members agreed on.
//!
//! What a member publishes may be kept by the operator (HOSTING, EXTERNAL_STORAGE), and all members use all classes
//! jointly, unless [`Options::joint_use`](crate::Options::joint_use) says that they do not. Nothing in it expires
//! while a network of tests lives.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::roster::{OPERATOR, ORGANISATIONS, Organisation};

/// Id of the joint-use agreement of all members.
pub const AGREEMENT: &str = "JA-1";
/// Id of the text that patients sign for a consent given beforehand.
pub const CONSENT_TEXT: &str = "douisho";
/// The one file that proves everything in the network, in its folder.
pub const EVIDENCE_FILE: &str = "evidence/evidence.txt";
/// What that file says.
pub(crate) const EVIDENCE: &[u8] = "テスト用の証拠\n".as_bytes();

/// How long ago the domain began, and how long it goes on.
const SPAN: Duration = Duration::days(200);

/// Id of a member's HOSTING contract with the operator.
pub fn hosting_id(organisation: &Organisation) -> String {
    format!("hosting-{}", organisation.entity)
}

/// The evidence that tests name, for an instrument of their own: a member of it is `"evidence": evidence()`.
pub fn evidence() -> Value {
    let sha256: String = digest(&SHA256, EVIDENCE)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({ "file": "evidence.txt", "sha256": sha256 })
}

/// What the instruments of a network are made from.
#[derive(Clone, Copy)]
pub(crate) struct Domain<'d> {
    /// The time.
    pub(crate) now: OffsetDateTime,
    /// Every class of the code lists.
    pub(crate) classes: &'d BTreeSet<String>,
    /// SHA-256 of each certificate of an organisation.
    pub(crate) certificates: &'d dyn Fn(&Organisation) -> Vec<String>,
}

impl Domain<'_> {
    /// The domain file.
    pub(crate) fn file(&self, joint_use: bool) -> Value {
        let clinical = || {
            ORGANISATIONS
                .iter()
                .filter(|organisation| organisation.is_clinical())
        };
        let agreements: Vec<Value> = joint_use.then(|| self.agreement()).into_iter().collect();
        json!({
            "format": "renkei-domain/1",
            "domain_policies": [self.version("policy", self.policy())],
            "legal_entities": first_of_entities()
                .map(|organisation| self.version(organisation.entity, entity(organisation)))
                .collect::<Vec<_>>(),
            "organisations": ORGANISATIONS
                .iter()
                .map(|organisation| self.version(organisation.id, self.organisation(organisation)))
                .collect::<Vec<_>>(),
            "joint_use_agreements": agreements,
            "entrustment_contracts": first_of_entities()
                .filter(|organisation| clinical().any(|one| one.id == organisation.id))
                .flat_map(|organisation| self.contracts(organisation))
                .collect::<Vec<_>>(),
            "consent_texts": [self.version(CONSENT_TEXT, text_to_sign())],
        })
    }

    /// The joint-use agreement of all members, complete from J0 to J9.
    pub(crate) fn agreement(&self) -> Value {
        let from = text(self.began());
        let items: Vec<Value> = self
            .classes
            .iter()
            .map(|class| json!({ "class": class, "restricted": true }))
            .collect();
        let users: Vec<Value> = ORGANISATIONS
            .iter()
            .filter(|organisation| organisation.is_clinical())
            .map(|organisation| {
                json!({
                    "organisation": organisation.id,
                    "signature": { "by": "院長", "at": from },
                    "purpose_attested": true,
                })
            })
            .collect();
        let terms = json!({
            "title": "全施設の共同利用",
            "began": from,
            "statement": "参加施設は、次の個人データを共同して利用します。",
            "items": items,
            "metadata_items": ["氏名", "生年月日", "性別", "文書の属性"],
            "users": users,
            "purposes": ["TREAT"],
            "purpose_text": "参加施設での診療",
            "responsible": {
                "name": "事務局", "address": "東京都千代田区", "corporation": true, "representative": "代表 一郎",
            },
            "publications": [{
                "reference": "https://network.example.jp/kyodo",
                "published_from": from,
                "verified_at": text(self.now - Duration::HOUR),
                "evidence": evidence(),
            }],
            "covers_existing_data": evidence(),
            "clauses": { "incidents": "直ちに知らせる", "withdrawal": "直ちに止める", "sensitive_classes": "含めない" },
        });
        self.version(AGREEMENT, terms)
    }

    fn began(&self) -> OffsetDateTime {
        self.now - SPAN
    }

    /// The first version of an instrument.
    fn version(&self, id: &str, terms: Value) -> Value {
        let (from, to) = (text(self.began()), text(self.now + SPAN));
        json!({
            "id": id, "version": 1,
            "entered_at": from, "entered_by": "事務局",
            "effective_from": from, "effective_to": to,
            "evidence": evidence(),
            "terms": terms,
        })
    }

    fn policy(&self) -> Value {
        json!({
            "operator": OPERATOR,
            "joint_enabled": true,
            "joint_requires_enrolment": false,
            "on_query_rule": { "from": text(self.began()), "evidence": evidence() },
            "emergency_classes": "ALL",
        })
    }

    fn organisation(&self, organisation: &Organisation) -> Value {
        let from = text(self.began());
        json!({
            "name": organisation.name,
            "kind": organisation.kind,
            "entity": organisation.entity,
            "joined": from,
            "joining_notified": from,
            "certificates": (self.certificates)(organisation),
            "notices": [{ "from": from, "evidence": evidence() }],
        })
    }

    /// What a member entrusts the operator with: the registry, and the repository.
    fn contracts(&self, organisation: &Organisation) -> [Value; 2] {
        let contract = |id: String, kind: &str, task: &str| {
            let terms = json!({
                "kind": kind,
                "entruster": organisation.entity,
                "contractor": OPERATOR,
                "task": task,
                "within_entrusters_purpose": true,
                "scope": { "classes": "ALL" },
                "end_of_term": { "returned": true, "erased": true, "within_days": 30, "certificate": true },
                "retention": { "days": 30, "infectious_and_genetic": "ほかの文書と分けて扱う" },
                "supervision": { "selected": true, "may_instruct": true, "reports": true },
                "subcontracting": "PROHIBITED",
                "analysis": "PROHIBITED",
                "safeguards": { "leakage": true, "tampering": true, "report_on_suspicion": true },
            });
            self.version(&id, terms)
        };
        let storage = format!("storage-{}", organisation.entity);
        [
            contract(hosting_id(organisation), "HOSTING", "文書の所在情報の保存"),
            contract(storage, "EXTERNAL_STORAGE", "文書の外部保存"),
        ]
    }
}

/// One organisation of each legal entity.
fn first_of_entities() -> impl Iterator<Item = &'static Organisation> {
    let mut seen = BTreeSet::new();
    ORGANISATIONS
        .iter()
        .filter(move |organisation| seen.insert(organisation.entity))
}

fn entity(organisation: &Organisation) -> Value {
    json!({ "name": organisation.entity, "address": "東京都", "representative": "代表 一郎" })
}

fn text_to_sign() -> Value {
    json!({
        "title": "提供同意書", "model": "SCOPED", "includes_later_members": true,
        "words": "次の医療機関の診療情報が、次の医療機関に提供されることに同意します。",
    })
}

fn text(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use xds_policy::basis::Basis;
    use xds_policy::decision::Decision;
    use xds_policy::engine::decide;
    use xds_policy::format::{from_str, question_from_str};
    use xds_policy::ledger::Facts;

    use super::*;
    use crate::codes;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    /// What the engine says, in the network's domain, to an organisation about a referral that another wrote.
    fn decided(joint_use: bool, op: &str, asking: &str, author: &str) -> Decision {
        let classes = codes::classes();
        let domain = Domain {
            now: NOW,
            classes: &classes,
            certificates: &|organisation| vec![organisation.id.to_owned()],
        };
        let file = from_str(&domain.file(joint_use).to_string()).unwrap();
        let who = match op {
            "REGISTER" => json!({}),
            _ => {
                json!({ "user": "dr", "role": "physician", "auth_level": "TWO_FACTOR", "purpose": "TREAT",
                        "patient": "P1^^^&1.2.3&ISO" })
            }
        };
        let mut request = json!({ "op": op, "at": text(NOW), "cert_org": asking, "req_org": asking });
        let members = who.as_object().unwrap().clone();
        request.as_object_mut().unwrap().extend(members);
        let document = json!({
            "author_org": author, "class_code": "REFERRAL", "type_code": "57133-1",
            "stored_by": OPERATOR, "registered_at": text(NOW),
        });
        let question = json!({ "request": request, "document": document }).to_string();
        let question = question_from_str(&question).unwrap();
        let (ledger, patient) = file.into_facts();
        let facts = Facts {
            ledger: &ledger,
            patient: &patient,
        };
        decide(facts, &question.request, &question.document)
    }

    #[track_caller]
    fn basis(decision: &Decision) -> Option<Basis> {
        match decision {
            Decision::Permit(permit) => Some(permit.basis),
            Decision::Deny(_) => None,
        }
    }

    #[test]
    fn every_member_may_publish_and_sees_its_own_and_what_is_used_jointly() {
        for author in ORGANISATIONS.iter().filter(|one| one.is_clinical()) {
            let registered = decided(false, "REGISTER", author.id, author.id);
            assert_eq!(basis(&registered), Some(Basis::Own), "{registered:?}");
            for asking in ORGANISATIONS.iter().filter(|one| one.is_clinical()) {
                let own = asking.entity == author.entity;
                for op in ["QUERY", "RETRIEVE"] {
                    let with = decided(true, op, asking.id, author.id);
                    let expected = if own { Basis::Own } else { Basis::Joint };
                    assert_eq!(basis(&with), Some(expected), "{with:?}");
                    let without = decided(false, op, asking.id, author.id);
                    assert_eq!(basis(&without), own.then_some(Basis::Own), "{without:?}");
                }
            }
        }
    }

    #[test]
    fn the_operator_sees_nothing_and_publishes_nothing() {
        let [hospital, ..] = ORGANISATIONS;
        assert_eq!(basis(&decided(true, "QUERY", OPERATOR, hospital.id)), None);
        assert_eq!(basis(&decided(true, "REGISTER", OPERATOR, OPERATOR)), None);
    }
}
