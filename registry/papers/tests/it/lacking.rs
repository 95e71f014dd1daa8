//! What is missing is on top, and no cell is blank.

use registry_papers::{
    Block, Connected, Connection, ConsentSource, Installation, Language, Paper, Weight, consent_form, notice,
    responsibility,
};
use serde_json::{Value, json};
use xds_policy::instruments::consent::ConsentModel;

use crate::world::{AT, edited, installation, material};

fn codes(paper: &Paper, weight: Weight) -> Vec<String> {
    let found = paper.missing.iter().filter(|missing| missing.weight == weight);
    let mut codes: Vec<String> = found.map(|missing| missing.code.clone()).collect();
    codes.dedup();
    codes
}

fn of_notice(edit: impl FnOnce(&mut Value)) -> Paper {
    let material = edited(|domain| edit(&mut domain["joint_use_agreements"][0]["terms"]));
    let agreement = material.agreement(&"JA-1".into(), None, AT).unwrap();
    notice(&material, agreement, None, AT, Language::Japanese)
}

#[test]
fn each_condition_of_joint_use_is_named_where_it_is_missing() {
    type Edit = fn(&mut Value);
    let cases: [(&str, Weight, Edit); 9] = [
        ("J0", Weight::Text, |terms| terms["statement"] = " ".into()),
        ("J1", Weight::Text, |terms| terms["items"] = json!([])),
        ("J2", Weight::Text, |terms| {
            terms["users"].as_array_mut().unwrap().truncate(1);
        }),
        ("J3", Weight::Text, |terms| terms["purpose_text"] = "".into()),
        ("J4", Weight::Text, |terms| {
            terms["responsible"]["address"] = "".into()
        }),
        ("J5", Weight::Later, |terms| terms["publications"] = json!([])),
        ("J6", Weight::Later, |terms| {
            terms["users"][0]["purpose_attested"] = false.into();
        }),
        ("J8", Weight::Later, |terms| {
            terms["users"][0].as_object_mut().unwrap().remove("signature");
        }),
        ("J9", Weight::Text, |terms| {
            terms["clauses"]["withdrawal"] = "".into()
        }),
    ];
    for (code, weight, edit) in cases {
        let paper = of_notice(edit);
        assert_eq!(codes(&paper, weight), [code]);
        assert_eq!(paper.is_complete(), weight == Weight::Later, "{code}");
        let (markdown, html) = (paper.markdown(), paper.html());
        let first = markdown.find("## ").unwrap();
        assert!(markdown[..first].contains(&format!("**{code}")), "{markdown}");
        assert!(
            html[..html.find("<h2>").unwrap()].contains(&format!("<b>{code}")),
            "{html}"
        );
        no_blank(&paper);
    }
    let whole = of_notice(|_| {});
    assert!(!whole.html().contains("class=\"lacks\"") && !whole.markdown().contains("未定"));
}

#[test]
fn a_form_without_an_entered_text_cannot_be_signed() {
    let material = material();
    let form = |model| consent_form(&material, ConsentSource::Model(model), AT, Language::Japanese);
    for model in [
        ConsentModel::Scoped,
        ConsentModel::OnQuery,
        ConsentModel::Enrolment,
    ] {
        assert_eq!(codes(&form(model), Weight::Text), ["C4"]);
    }
    let material = edited(|domain| {
        domain["domain_policies"][0]["terms"]["on_query_rule"] = Value::Null;
        domain["consent_texts"][0]["terms"]["words"] = "".into();
    });
    let model = ConsentSource::Model(ConsentModel::OnQuery);
    let form = consent_form(&material, model, AT, Language::Japanese);
    assert_eq!(codes(&form, Weight::Text), ["C4", "on-query-rule"]);
    let text = material.text(&"text-1".into(), None, AT).unwrap();
    let form = consent_form(&material, ConsentSource::Text(text), AT, Language::Japanese);
    assert_eq!(codes(&form, Weight::Text), ["C4"]);
}

#[test]
fn a_sheet_says_who_decided_nothing() {
    let material = edited(|domain| {
        let terms = &mut domain["entrustment_contracts"][0]["terms"];
        terms["safeguards"]["leakage"] = false.into();
        terms["subcontracting"] = "UNSAID".into();
        domain["legal_entities"][0]["terms"]["representative"] = "".into();
        domain["entrustment_contracts"].as_array_mut().unwrap().remove(1);
    });
    let paper = responsibility(&material, &installation(), AT, Language::Japanese);
    assert_eq!(codes(&paper, Weight::Text), ["E6", "E8", "HOSTING", "entity"]);
    assert!(!paper.is_complete() && paper.markdown().contains("未定"));
    no_blank(&paper);
    let nobody = Installation {
        name: "registry-1".to_owned(),
        connections: vec![(Connection::Clinical, Connected::default())],
    };
    let paper = responsibility(&material, &nobody, AT, Language::English);
    assert!(codes(&paper, Weight::Text).contains(&"connection".to_owned()));
    no_blank(&paper);
}

#[test]
fn an_empty_domain_has_a_sheet_too() {
    let material = edited(|domain| {
        *domain = json!({ "format": "renkei-domain/1" });
    });
    for language in [Language::Japanese, Language::English] {
        let paper = responsibility(&material, &Installation::default(), AT, language);
        assert_eq!(
            codes(&paper, Weight::Text),
            ["connection", "contract", "members", "operator"]
        );
        no_blank(&paper);
    }
}

fn no_blank(paper: &Paper) {
    for block in &paper.blocks {
        let texts: Vec<&String> = match block {
            Block::Heading(text) | Block::Text(text) => vec![text],
            Block::Items(items) | Block::Choices(items) | Block::Lines(items) => items.iter().collect(),
            Block::Facts(facts) => facts.iter().flat_map(|(label, value)| [label, value]).collect(),
            Block::Table { columns, rows } => {
                assert!(rows.iter().all(|row| row.len() == columns.len()), "{block:?}");
                columns.iter().chain(rows.iter().flatten()).collect()
            }
        };
        assert!(!texts.is_empty(), "{block:?}");
        assert!(texts.iter().all(|text| !text.trim().is_empty()), "{block:?}");
    }
}

/// Every text of a paper stands in both forms, in the same order: they cannot say different things.
#[test]
fn both_forms_say_the_same() {
    let paper = of_notice(|terms| {
        terms["statement"] = "<b>*太字*</b> & \"引用\" | _下線_".into();
    });
    let (markdown, html) = (paper.markdown(), paper.html());
    assert!(!html.contains("<b>*太字*") && html.contains("&lt;b&gt;*太字*&lt;/b&gt; &amp; &quot;引用&quot;"));
    assert!(
        markdown.contains("\\<b\\>\\*太字\\*\\</b\\> &amp; \"引用\" \\| \\_下線\\_"),
        "{markdown}"
    );
    let plain = |text: &str| text.replace('\\', "").replace("&amp;", "&");
    let html = html
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    let (mut in_markdown, mut in_html) = (plain(&markdown), plain(&html));
    for block in &paper.blocks {
        if let Block::Heading(text) = block {
            in_markdown = after(&in_markdown, text);
            in_html = after(&in_html, text);
        }
    }
}

fn after(text: &str, words: &str) -> String {
    let (_, rest) = text
        .split_once(words)
        .unwrap_or_else(|| panic!("{words} in {text}"));
    rest.to_owned()
}
