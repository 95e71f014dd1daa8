//! `RENKEI_GOLDEN=write cargo test -p registry-papers` writes the files anew; that diff is reviewed like code.

use std::path::Path;

use registry_papers::{ConsentSource, Language, Paper, consent_form, notice, responsibility};
use xds_policy::instruments::consent::ConsentModel;

use crate::world::{AT, edited, installation, material};

fn same(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    if std::env::var("RENKEI_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, text, "{name}");
}

fn both(name: &str, paper: &Paper) {
    let tag = paper.language.tag();
    same(&format!("{name}.{tag}.md"), &paper.markdown());
    same(&format!("{name}.{tag}.html"), &paper.html());
}

#[test]
fn the_notice() {
    let material = material();
    let agreement = material.agreement(&"JA-1".into(), None, AT).unwrap();
    let contact = Some("電話 03-0000-0000(平日 9時から17時)");
    let paper = notice(&material, agreement, contact, AT, Language::Japanese);
    assert!(paper.missing.is_empty(), "{:?}", paper.missing);
    both("notice", &paper);
    let english = notice(&material, agreement, None, AT, Language::English);
    both("notice", &english);
}

#[test]
fn the_notice_of_an_agreement_that_lacks_something() {
    let material = edited(|domain| {
        let version = &mut domain["joint_use_agreements"][0];
        version["terms"]["statement"] = "".into();
        version["terms"]["responsible"]["representative"] = "".into();
        version["terms"]["publications"] = serde_json::json!([]);
    });
    let agreement = material.agreement(&"JA-1".into(), None, AT).unwrap();
    let paper = notice(&material, agreement, None, AT, Language::Japanese);
    assert!(!paper.is_complete());
    both("notice-lacking", &paper);
}

#[test]
fn consent_forms() {
    let material = material();
    let text = material.text(&"text-1".into(), Some(1), AT).unwrap();
    let enrolment = consent_form(&material, ConsentSource::Text(text), AT, Language::Japanese);
    assert!(enrolment.is_complete(), "{:?}", enrolment.missing);
    assert!(enrolment.markdown().contains(&text.reference().hash.to_string()));
    both("consent-enrolment", &enrolment);
    for (name, model) in [
        ("consent-scoped", ConsentModel::Scoped),
        ("consent-on-query", ConsentModel::OnQuery),
    ] {
        let form = |language| consent_form(&material, ConsentSource::Model(model), AT, language);
        both(name, &form(Language::Japanese));
        both(name, &form(Language::English));
    }
}

#[test]
fn the_responsibility_sheet() {
    let material = material();
    let sheet = |language| responsibility(&material, &installation(), AT, language);
    let paper = sheet(Language::Japanese);
    assert!(paper.is_complete(), "{:?}", paper.missing);
    both("responsibility", &paper);
    both("responsibility", &sheet(Language::English));
}
