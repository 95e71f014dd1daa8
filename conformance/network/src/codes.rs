//! The code lists of the domain: those of the IHE samples, and a few Japanese ones.

use std::collections::BTreeSet;
use std::path::PathBuf;

use xds_model::CodedValue;
use xds_model::code::CodedAttribute;

use crate::roster::AUTHORITY;

const SAMPLES: &str = include_str!("../../vectors/codes/affinity-domain.json");

/// The code lists that the samples use.
pub(crate) fn samples() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../vectors/codes/affinity-domain.json"
    ))
}

/// Code values of every classCode in both lists.
pub(crate) fn classes() -> BTreeSet<String> {
    let samples: serde_json::Value = serde_json::from_str(SAMPLES).unwrap_or_default();
    let listed = |file: &serde_json::Value| {
        let codes = file
            .pointer("/codeSets/classCode/codes")
            .and_then(|codes| codes.as_array());
        let codes: Vec<String> = codes
            .into_iter()
            .flatten()
            .filter_map(|code| Some(code.get(0)?.as_str()?.to_owned()))
            .collect();
        codes
    };
    let ours = ours(CodedAttribute::ClassCode).map(|[code, ..]| code.to_owned());
    listed(&samples).into_iter().chain(ours).collect()
}

/// The Japanese part, with our assigning authority.
pub(crate) fn japanese() -> String {
    let list = |attribute: CodedAttribute| {
        let codes: Vec<_> = ours(attribute)
            .iter()
            .map(|[code, scheme, name]| serde_json::json!([code, scheme, name]))
            .collect();
        let value = serde_json::json!({ "classificationScheme": attribute.scheme(), "codes": codes });
        (attribute.list().to_owned(), value)
    };
    let sets: serde_json::Map<_, _> = CodedAttribute::ALL.into_iter().map(list).collect();
    serde_json::json!({
        "origin": "Written for the tests of Renkei",
        "codeTuple": ["code", "codingScheme", "displayName"],
        "codeSets": sets,
        "mimeTypes": [
            {"mimeType": "application/pdf", "extension": "pdf"},
            {"mimeType": "text/plain", "extension": "txt"},
            {"mimeType": "text/xml", "extension": "xml"},
        ],
        "assigningAuthorities": [{"oid": AUTHORITY, "name": "RENKEI"}],
    })
    .to_string()
}

/// What kind of document a [`coded`] value is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Form {
    /// A referral letter.
    #[default]
    Referral,
    /// A discharge summary.
    Summary,
}

/// The value of an attribute for a kind of document.
pub fn coded(attribute: CodedAttribute, form: Form) -> Option<CodedValue> {
    let codes = ours(attribute);
    let [code, scheme, name] = match form {
        Form::Referral => codes.first()?,
        Form::Summary => codes.last()?,
    };
    Some(CodedValue::new(code, scheme, name))
}

const OURS: &str = "1.2.392.9.9.9.7.20";
const LOINC: &str = "2.16.840.1.113883.6.1";

/// The first is that of a referral, the last that of a summary.
fn ours(attribute: CodedAttribute) -> [[&'static str; 3]; 2] {
    match attribute {
        CodedAttribute::ClassCode => [["REFERRAL", OURS, "紹介"], ["SUMMARY", OURS, "サマリー"]],
        CodedAttribute::TypeCode => [
            ["57133-1", LOINC, "診療情報提供書"],
            ["18842-5", LOINC, "退院時サマリー"],
        ],
        CodedAttribute::FormatCode => [["JP-REFERRAL", OURS, "紹介状"], ["JP-SUMMARY", OURS, "退院時"]],
        CodedAttribute::ConfidentialityCode => [
            ["N", "2.16.840.1.113883.5.25", "通常"],
            ["R", "2.16.840.1.113883.5.25", "制限"],
        ],
        CodedAttribute::HealthcareFacilityTypeCode => [["HOSP", OURS, "病院"], ["CLINIC", OURS, "診療所"]],
        CodedAttribute::PracticeSettingCode => [["01", OURS, "内科"], ["10", OURS, "外科"]],
        CodedAttribute::EventCodeList => [["EVENT-1", OURS, "検査"], ["EVENT-2", OURS, "手術"]],
        CodedAttribute::ContentTypeCode => [["REFERRAL-SET", OURS, "紹介"], ["SUMMARY-SET", OURS, "退院"]],
        CodedAttribute::FolderCodeList => [["PATHWAY", OURS, "地域連携パス"], ["CASE", OURS, "症例"]],
        CodedAttribute::AssociationDocumentation => [["CORRECTED", OURS, "訂正"], ["ADDED", OURS, "追加"]],
    }
}
