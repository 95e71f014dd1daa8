//! What the members and patients of the demo network agreed on: domain files, with their evidence, as an operator
//! imports them.

use std::fs;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_server::lang::Say;
use xds_tls::Fingerprint;

use crate::commands::Commands;
use crate::folders;
use crate::network::{NODES, NOT_ENROLLED};
use crate::pki::certificate;
use crate::publish::Published;
use crate::show::Running;
use crate::stopped::Stopped;

macro_rules! evidence {
    ($name:literal) => {
        ($name, include_str!(concat!("../domain/evidence/", $name)))
    };
}

/// What members agreed on. Certificates are made anew at each start; it names their files.
const DOMAIN: &str = include_str!("../domain/domain.json");
/// What patients agreed to, and the texts that they signed.
const CONSENTS: &str = include_str!("../domain/consents.json");
/// The files that prove what it says.
const EVIDENCE: [(&str, &str); 8] = [
    evidence!("JA-1.txt"),
    evidence!("kyodo-riyo.txt"),
    evidence!("keiji-chuo.txt"),
    evidence!("kyotsu-rule.txt"),
    evidence!("hosting.txt"),
    evidence!("gaibu-hozon.txt"),
    evidence!("dokuei.txt"),
    evidence!("sanka-doi.txt"),
];
/// Who enters it.
pub(crate) const CLERK: &str = "事務局 佐藤";

/// Results of [`enter`].
pub(crate) const RESULTS: usize = 2;

/// Imports what members agreed on. Nothing may be in the registry's ledger before.
pub(crate) async fn import_domain(commands: &Commands<'_>) -> Result<(), Stopped> {
    let evidence = commands.folders.domain().join("evidence");
    for (name, text) in EVIDENCE {
        folders::write(&evidence.join(name), text.as_bytes())?;
    }
    import(commands, "domain.json", &domain(commands)?).await
}

/// Imports what patients agreed to, once they are known, and enters that the joint use is published today as well:
/// evidence of that goes stale.
pub(crate) async fn enter(
    commands: &Commands<'_>,
    now: OffsetDateTime,
    step: &mut Running<'_>,
) -> Result<(), Stopped> {
    import(commands, "consents.json", CONSENTS).await?;
    step.right();
    let look = look(now);
    add(commands, "publication-check", "look-1.json", &look).await?;
    step.right();
    Ok(())
}

async fn import(commands: &Commands<'_>, name: &str, text: &str) -> Result<(), Stopped> {
    let folder = commands.folders.domain();
    let (file, evidence) = (folder.join(name), folder.join("evidence"));
    folders::write(&file, text.as_bytes())?;
    let (file, evidence) = (file.display().to_string(), evidence.display().to_string());
    let from = ["--file", &file, "--evidence", &evidence, "--by", CLERK];
    commands
        .run("registry", &[&["domain", "import"][..], &from].concat())
        .await
}

/// Whether the joint-use agreement covers a document: it names no images, and the patient has to be enrolled.
pub(crate) fn is_used_jointly(document: &Published) -> bool {
    !document.kind.is_image() && document.patient.number != NOT_ENROLLED
}

/// `instrument add` of one version, kept in the folder of the domain.
pub(crate) async fn add(
    commands: &Commands<'_>,
    kind: &str,
    name: &str,
    version: &serde_json::Value,
) -> Result<(), Stopped> {
    let file = commands.folders.domain().join(name);
    let text = serde_json::to_vec_pretty(version).map_err(|error| Stopped::file(&file, error))?;
    folders::write(&file, &text)?;
    let file = file.display().to_string();
    let arguments = [
        "instrument",
        "add",
        "--kind",
        kind,
        "--file",
        &file,
        "--by",
        CLERK,
    ];
    commands.run("registry", &arguments).await
}

fn domain(commands: &Commands<'_>) -> Result<String, Stopped> {
    let mut text = DOMAIN.to_owned();
    for node in &NODES {
        let file = commands.folders.pki().join(format!("{}.pem", node.name));
        let pem = fs::read(&file).map_err(|error| Stopped::file(&file, error))?;
        let certificate = certificate(&pem).ok_or_else(|| {
            let expected = Say::new("証明書のファイルであること", "a file with a certificate");
            Stopped::new(expected, file.display())
        })?;
        let named = format!("SHA-256 of pki/{}.pem", node.name);
        text = text.replace(&named, &Fingerprint::of(&certificate).to_string());
    }
    Ok(text)
}

/// That somebody looked at the published notice at this moment.
fn look(now: OffsetDateTime) -> serde_json::Value {
    serde_json::json!({
        "id": "look-1",
        "effective_from": rfc3339(now),
        "terms": { "agreement": "JA-1", "reference": "https://network.renkei.example/kyodo-riyo", "found": true },
    })
}

/// An instant as files say it.
pub(crate) fn rfc3339(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::macros::datetime;
    use xds_policy::basis::Basis;
    use xds_policy::decision::Decision;
    use xds_policy::engine::decide;
    use xds_policy::format::{DomainFile, from_str, question_from_str};
    use xds_policy::hash::ContentHash;
    use xds_policy::ledger::Facts;

    use super::*;
    use crate::network::{ORGANISATIONS, PATIENTS, Patient};

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
    const CLASSES: [&str; 5] = ["EXAMINATION", "IMAGE", "PRESCRIPTION", "REFERRAL", "SUMMARY"];

    /// With the look of today, and what else somebody enters.
    fn domain(more: &[(&str, serde_json::Value)]) -> DomainFile {
        let mut file: serde_json::Value = serde_json::from_str(DOMAIN).unwrap();
        let consents: serde_json::Value = serde_json::from_str(CONSENTS).unwrap();
        from_str(CONSENTS).unwrap();
        for list in ["consent_texts", "consents"] {
            file[list] = consents[list].clone();
        }
        let mut look = look(NOW);
        look["version"] = 1.into();
        file["publication_checks"] = serde_json::json!([look]);
        for (list, version) in more {
            let versions = file
                .as_object_mut()
                .unwrap()
                .entry(*list)
                .or_insert(serde_json::json!([]));
            versions.as_array_mut().unwrap().push(version.clone());
        }
        from_str(&file.to_string()).unwrap()
    }

    /// Classes of documents of an author that an organisation gets, each with its basis.
    fn gets(
        file: &DomainFile,
        who: serde_json::Value,
        author: &str,
        patient: &Patient,
    ) -> Vec<(String, Basis)> {
        let (ledger, instruments) = file.clone().into_facts();
        let facts = Facts {
            ledger: &ledger,
            patient: &instruments,
        };
        let mut request = serde_json::json!({
            "op": "RETRIEVE", "at": rfc3339(NOW + time::Duration::SECOND), "user": "dr", "role": "physician",
            "auth_level": "TWO_FACTOR", "purpose": "TREAT", "patient": patient.id(),
        });
        request
            .as_object_mut()
            .unwrap()
            .extend(who.as_object().unwrap().clone());
        let decided = CLASSES.iter().filter_map(|class| {
            let question = serde_json::json!({ "request": request, "document": {
                "author_org": author, "class_code": class, "type_code": "x", "stored_by": "network",
                "registered_at": rfc3339(NOW),
            }});
            let question = question_from_str(&question.to_string()).unwrap();
            match decide(facts, &question.request, &question.document) {
                Decision::Permit(permit) => Some(((*class).to_owned(), permit.basis)),
                Decision::Deny(_) => None,
            }
        });
        decided.collect()
    }

    fn of(node: &str) -> serde_json::Value {
        let id = id(node);
        serde_json::json!({ "cert_org": id, "req_org": id })
    }

    fn id(node: &str) -> &'static str {
        NODES.iter().find(|one| one.name == node).unwrap().organisation.id
    }

    fn only(classes: &[&str], basis: Basis) -> Vec<(String, Basis)> {
        classes.iter().map(|class| ((*class).to_owned(), basis)).collect()
    }

    #[test]
    fn every_evidence_file_is_there_and_is_what_the_domain_says() {
        let text = [DOMAIN, CONSENTS].concat();
        for (name, content) in EVIDENCE {
            let hash = ContentHash::of_bytes(content.as_bytes()).to_string();
            let named = format!("\"file\": \"{name}\", \"sha256\": \"{hash}\"");
            assert!(text.contains(&named), "{named}");
        }
        let names: BTreeSet<&str> = text
            .split("\"file\": \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(names, EVIDENCE.iter().map(|(name, _)| *name).collect());
    }

    #[test]
    fn its_organisations_are_those_of_the_ledger() {
        let file = domain(&[]);
        for organisation in ORGANISATIONS {
            let version = file
                .organisations
                .iter()
                .find(|one| one.id.as_str() == organisation.id)
                .unwrap();
            assert_eq!(version.terms.entity.0, organisation.entity);
            assert_eq!(version.terms.name, organisation.name);
            let entity = file
                .legal_entities
                .iter()
                .find(|one| one.id.as_str() == organisation.entity)
                .unwrap();
            assert_eq!(entity.terms.name, organisation.entity_name);
        }
        for node in &NODES {
            assert!(
                DOMAIN.contains(&format!("\"SHA-256 of pki/{}.pem\"", node.name)),
                "{}",
                node.name
            );
        }
    }

    #[test]
    fn each_organisation_gets_what_the_story_says() {
        let file = domain(&[]);
        let [patient, .., not_enrolled] = &PATIENTS;
        let h1 = id("h1");
        let got = |node: &str| gets(&file, of(node), h1, patient);
        assert_eq!(got("h1"), only(&CLASSES, Basis::Own));
        assert_eq!(got("h2"), only(&CLASSES, Basis::Own));
        let joint = only(
            &["EXAMINATION", "PRESCRIPTION", "REFERRAL", "SUMMARY"],
            Basis::Joint,
        );
        assert_eq!(got("c1"), joint);
        for node in ["c2", "c3", "rad", "repository"] {
            assert_eq!(got(node), [], "{node}");
        }
        assert_eq!(gets(&file, of("c1"), h1, not_enrolled), []);
        assert_eq!(gets(&file, of("h2"), h1, not_enrolled).len(), CLASSES.len());
        let mut task = of("rad");
        task["purpose"] = "ENTRUSTED_TASK".into();
        task["capacity"] =
            serde_json::json!({ "CONTRACTOR_OF": { "entity": "chuo", "contract": "rad-images" } });
        assert_eq!(gets(&file, task, h1, patient), only(&["IMAGE"], Basis::Entrust));
    }

    #[test]
    fn every_member_may_publish() {
        let file = domain(&[]);
        for node in NODES.iter().filter(|node| node.organisation.id != "network") {
            let mut register = of(node.name);
            register["op"] = "REGISTER".into();
            assert_eq!(
                gets(&file, register, node.organisation.id, &PATIENTS[0]).len(),
                CLASSES.len(),
                "{}",
                node.name
            );
        }
    }
}
