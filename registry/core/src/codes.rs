//! The affinity domain's code lists, mimeTypes and assigning authorities.

use std::collections::{BTreeMap, BTreeSet};

use xds_model::code::CodedAttribute;
use xds_model::{Code, Oid};

/// One file of code lists, as an operator imports it.
///
/// JSON: `codeSets` (list name to `codes`, each `[code, codingScheme, displayName]`), `mimeTypes`
/// (`mimeType`, `extension`) and `assigningAuthorities` (`oid`, `name`), each optional; `origin` and
/// `codeTuple` are for readers. The list names are those of [`CodedAttribute::list`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CodeFile {
    /// The codes of each list with their display names, in the file's order.
    pub lists: BTreeMap<CodedAttribute, Vec<ListedCode>>,
    /// The mimeTypes, in lower case.
    pub mime_types: BTreeSet<String>,
    /// The assigning authorities of patient ids.
    pub assigning_authorities: Vec<AssigningAuthority>,
}

/// A code with its display name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedCode {
    /// Code and scheme.
    pub code: Code,
    /// The display name; submissions may use another.
    pub display: String,
}

/// An authority that gives patient ids in this affinity domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssigningAuthority {
    /// Its OID.
    pub oid: Oid,
    /// Its namespace id, as HL7 v2 feeds may write it instead of the OID.
    pub name: String,
}

impl CodeFile {
    /// The name and length of each list in it, for screens.
    pub fn sizes(&self) -> Vec<(String, usize)> {
        let lists = self
            .lists
            .iter()
            .map(|(attribute, codes)| (attribute.list().to_owned(), codes.len()));
        let others = [
            ("mimeTypes".to_owned(), self.mime_types.len()),
            (
                "assigningAuthorities".to_owned(),
                self.assigning_authorities.len(),
            ),
        ];
        lists.chain(others).filter(|(_, size)| *size > 0).collect()
    }

    /// Reads a code file.
    ///
    /// # Errors
    /// When it is no JSON of this form, names a list that does not exist, or has an empty code or an
    /// authority that is no OID.
    pub fn parse(json: &str) -> Result<Self, CodeFileError> {
        let file: wire::File = serde_json::from_str(json)?;
        let mut lists = BTreeMap::new();
        for (name, set) in file.code_sets {
            let attribute = CodedAttribute::ALL
                .into_iter()
                .find(|attribute| attribute.list() == name)
                .ok_or_else(|| CodeFileError::UnknownList(name.clone()))?;
            if set
                .classification_scheme
                .is_some_and(|scheme| scheme != attribute.scheme())
            {
                return Err(CodeFileError::Scheme(name));
            }
            let codes: Result<Vec<_>, _> = set.codes.into_iter().map(|code| listed(&name, code)).collect();
            lists.insert(attribute, codes?);
        }
        let mime_types = file
            .mime_types
            .into_iter()
            .map(|mime| mime.mime_type.to_ascii_lowercase())
            .collect();
        let assigning_authorities = file
            .assigning_authorities
            .into_iter()
            .map(authority)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            lists,
            mime_types,
            assigning_authorities,
        })
    }
}

fn listed(list: &str, tuple: wire::CodeTuple) -> Result<ListedCode, CodeFileError> {
    let wire::CodeTuple(code, scheme, display) = tuple;
    if code.is_empty() || scheme.is_empty() {
        return Err(CodeFileError::EmptyCode(list.to_owned()));
    }
    Ok(ListedCode {
        code: Code { code, scheme },
        display,
    })
}

fn authority(authority: wire::Authority) -> Result<AssigningAuthority, CodeFileError> {
    let oid = authority
        .oid
        .parse()
        .map_err(|_| CodeFileError::Authority(authority.oid.clone()))?;
    Ok(AssigningAuthority {
        oid,
        name: authority.name,
    })
}

/// Why a text is no code file. Code files hold no patient data, so the texts name what they found.
#[derive(Debug, thiserror::Error)]
pub enum CodeFileError {
    /// Not JSON, or not of this form.
    #[error("the code file cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A key of `codeSets` that is no list.
    #[error("there is no code list \"{0}\"")]
    UnknownList(String),
    /// `classificationScheme` is not that of the list.
    #[error("classificationScheme of code list \"{0}\" is not that of the attribute")]
    Scheme(String),
    /// A code or codingScheme without characters.
    #[error("code list \"{0}\" has an entry with an empty code or codingScheme")]
    EmptyCode(String),
    /// An assigning authority that is no OID.
    #[error("assigning authority \"{0}\" is no OID")]
    Authority(String),
}

mod wire {
    use std::collections::BTreeMap;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct File {
        #[expect(dead_code, reason = "for readers of the file")]
        origin: Option<String>,
        #[expect(dead_code, reason = "for readers of the file")]
        code_tuple: Option<Vec<String>>,
        #[serde(default)]
        pub(super) code_sets: BTreeMap<String, CodeSet>,
        #[serde(default)]
        pub(super) mime_types: Vec<MimeType>,
        #[serde(default)]
        pub(super) assigning_authorities: Vec<Authority>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct CodeSet {
        pub(super) classification_scheme: Option<String>,
        pub(super) codes: Vec<CodeTuple>,
    }

    #[derive(serde::Deserialize)]
    pub(super) struct CodeTuple(
        pub(super) String,
        pub(super) String,
        #[serde(default)] pub(super) String,
    );

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct MimeType {
        pub(super) mime_type: String,
        #[expect(dead_code, reason = "for export by other actors")]
        extension: Option<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct Authority {
        pub(super) oid: String,
        #[serde(default)]
        pub(super) name: String,
    }
}

/// What codes, mimeTypes and patient id authorities this affinity domain knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AffinityDomain {
    lists: BTreeMap<CodedAttribute, BTreeSet<Code>>,
    mime_types: BTreeSet<String>,
    assigning_authorities: Vec<AssigningAuthority>,
    unknown_codes: UnknownCodes,
}

/// What happens to a code or mimeType that is in no list.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnknownCodes {
    /// The submission is refused.
    #[default]
    Refuse,
    /// The submission is accepted with a warning.
    Warn,
}

impl AffinityDomain {
    /// The union of several files. An attribute without list knows no code.
    pub fn combine<'a>(files: impl IntoIterator<Item = &'a CodeFile>, unknown_codes: UnknownCodes) -> Self {
        let mut domain = Self {
            unknown_codes,
            ..Self::default()
        };
        for file in files {
            for (attribute, codes) in &file.lists {
                let list = domain.lists.entry(*attribute).or_default();
                list.extend(codes.iter().map(|listed| listed.code.clone()));
            }
            domain.mime_types.extend(file.mime_types.iter().cloned());
            for authority in &file.assigning_authorities {
                if !domain.assigning_authorities.contains(authority) {
                    domain.assigning_authorities.push(authority.clone());
                }
            }
        }
        domain
    }

    /// Whether the code is in the attribute's list. Display names are never compared.
    pub fn knows(&self, attribute: CodedAttribute, code: &Code) -> bool {
        self.lists.get(&attribute).is_some_and(|list| list.contains(code))
    }

    /// Whether documents of this mimeType are accepted; parameters and case do not matter.
    pub fn knows_mime_type(&self, mime_type: &str) -> bool {
        let essence = mime_type.split(';').next().unwrap_or_default().trim();
        self.mime_types.contains(&essence.to_ascii_lowercase())
    }

    /// Adds the authority under which the domain itself gives patient ids.
    pub fn with_authority(mut self, authority: AssigningAuthority) -> Self {
        if !self.assigning_authorities.contains(&authority) {
            self.assigning_authorities.push(authority);
        }
        self
    }

    /// Whether patient ids of this authority belong to the affinity domain.
    pub fn knows_authority(&self, oid: &Oid) -> bool {
        self.assigning_authorities
            .iter()
            .any(|authority| &authority.oid == oid)
    }

    /// The authority with this namespace id.
    pub fn authority_named(&self, name: &str) -> Option<&Oid> {
        self.assigning_authorities
            .iter()
            .find(|authority| !name.is_empty() && authority.name == name)
            .map(|authority| &authority.oid)
    }

    /// The authorities that give patient ids.
    pub fn assigning_authorities(&self) -> &[AssigningAuthority] {
        &self.assigning_authorities
    }

    /// The codes of a list, in order.
    pub fn codes(&self, attribute: CodedAttribute) -> impl Iterator<Item = &Code> {
        self.lists.get(&attribute).into_iter().flatten()
    }

    /// What happens to unknown codes.
    pub fn unknown_codes(&self) -> UnknownCodes {
        self.unknown_codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "origin": "ours",
        "codeTuple": ["code", "codingScheme", "displayName"],
        "codeSets": {"classCode": {"classificationScheme": "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a",
                                   "codes": [["R", "1.2.3", "Reports"]]}},
        "mimeTypes": [{"mimeType": "Application/PDF", "extension": "pdf"}],
        "assigningAuthorities": [{"oid": "1.2.392.9", "name": "HIMEJI"}]
    }"#;

    fn code(code: &str) -> Code {
        Code {
            code: code.to_owned(),
            scheme: "1.2.3".to_owned(),
        }
    }

    #[test]
    fn files_add_up() {
        let one = CodeFile::parse(FILE).unwrap();
        let two = CodeFile::parse(r#"{"codeSets": {"classCode": {"codes": [["S", "1.2.3", "Summaries"]]}}}"#)
            .unwrap();
        let domain = AffinityDomain::combine([&one, &two, &one], UnknownCodes::Refuse);
        assert!(domain.knows(CodedAttribute::ClassCode, &code("R")));
        assert!(domain.knows(CodedAttribute::ClassCode, &code("S")));
        assert!(!domain.knows(CodedAttribute::ClassCode, &code("T")));
        assert!(!domain.knows(CodedAttribute::TypeCode, &code("R")));
        assert!(domain.knows_mime_type("application/pdf; charset=x"));
        assert!(!domain.knows_mime_type("text/html"));
        assert_eq!(domain.assigning_authorities().len(), 1);
        assert_eq!(
            domain.authority_named("HIMEJI").map(Oid::as_str),
            Some("1.2.392.9")
        );
        assert_eq!(domain.authority_named(""), None);
    }

    #[test]
    fn faulty_files_are_refused() {
        let cases = [
            "[]",
            r#"{"codesets": {}}"#,
            r#"{"codeSets": {"colour": {"codes": []}}}"#,
            r#"{"codeSets": {"classCode": {"codes": [["", "1.2.3", "x"]]}}}"#,
            r#"{"codeSets": {"classCode": {"codes": [["A"]]}}}"#,
            r#"{"codeSets": {"classCode": {"classificationScheme": "urn:uuid:1", "codes": []}}}"#,
            r#"{"assigningAuthorities": [{"oid": "x"}]}"#,
        ];
        for case in cases {
            assert!(CodeFile::parse(case).is_err(), "{case}");
        }
    }
}
