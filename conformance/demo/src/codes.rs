//! The codes that the demo's documents carry: those of its own code file, which it imports into the registry too.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use xds_model::CodedValue;
use xds_model::code::CodedAttribute;

/// The base code sets of an affinity domain.
pub(crate) const BASE: &str = include_str!("../../vectors/codes/affinity-domain.json");
/// The Japanese codes.
pub(crate) const JAPANESE: &str = include_str!("../data/codes-jp.json");

/// A code of the Japanese file, with its scheme and display name.
pub(crate) fn listed(attribute: CodedAttribute, code: &str) -> Option<CodedValue> {
    static FILE: LazyLock<Option<CodeFile>> = LazyLock::new(|| serde_json::from_str(JAPANESE).ok());
    let set = FILE.as_ref()?.code_sets.get(attribute.list())?;
    let (code, scheme, display) = set.codes.iter().find(|(listed, ..)| listed == code)?;
    Some(CodedValue::new(code, scheme, display))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeFile {
    code_sets: HashMap<String, CodeSet>,
}

#[derive(Deserialize)]
struct CodeSet {
    codes: Vec<(String, String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_have_the_schemes_of_their_lists() {
        for text in [BASE, JAPANESE] {
            let file: serde_json::Value = serde_json::from_str(text).unwrap();
            for (name, set) in file["codeSets"].as_object().unwrap() {
                let attribute = CodedAttribute::ALL
                    .into_iter()
                    .find(|attribute| attribute.list() == name)
                    .unwrap();
                assert_eq!(set["classificationScheme"], attribute.scheme(), "{name}");
            }
        }
    }

    #[test]
    fn a_listed_code_has_its_display_name() {
        let referral = listed(CodedAttribute::TypeCode, "57133-1").unwrap();
        assert_eq!(referral.display.first(), Some("診療情報提供書"));
        assert_eq!(referral.code.scheme, "2.16.840.1.113883.6.1");
        assert!(listed(CodedAttribute::TypeCode, "0").is_none());
    }
}
