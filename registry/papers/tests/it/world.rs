//! The example domain, and edits of it.

use std::collections::BTreeMap;

use registry_papers::{ClassNames, Connected, Connection, Installation, Material};
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;
use xds_policy::format;

const DOMAIN: &str = include_str!("../../../../docs/examples/decide/domain.json");

/// When every paper is made.
pub(crate) const AT: OffsetDateTime = datetime!(2026-11-24 06:00 UTC);

/// What is made of the example.
pub(crate) fn material() -> Material {
    edited(|_| {})
}

/// What is made of the example after an edit of its JSON; hashes are made anew.
pub(crate) fn edited(edit: impl FnOnce(&mut Value)) -> Material {
    let mut domain: Value = serde_json::from_str(DOMAIN).unwrap();
    for list in domain.as_object_mut().unwrap().values_mut() {
        for version in list.as_array_mut().into_iter().flatten() {
            version.as_object_mut().unwrap().remove("hash");
        }
    }
    edit(&mut domain);
    let file = format::from_str(&domain.to_string()).unwrap();
    let names = [
        ("18842-5", "退院時要約"),
        ("57133-1", "紹介状"),
        ("18748-4", "画像診断報告"),
    ];
    let names: BTreeMap<String, String> = names
        .into_iter()
        .map(|(code, name)| (code.to_owned(), name.to_owned()))
        .collect();
    Material::new(file, ClassNames(names))
}

/// A registry that members, a repository and an operator connect to.
pub(crate) fn installation() -> Installation {
    let at = |address: &str, peers: &[&str]| Connected {
        address: address.to_owned(),
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
    };
    Installation {
        name: "registry-1".to_owned(),
        connections: vec![
            (
                Connection::Clinical,
                at(
                    "https://registry.example.jp:8443/xds",
                    &["h1-emr (H1)", "c1-emr (C1)"],
                ),
            ),
            (Connection::PatientFeed, at("10.0.0.5:2575", &["h1-adt (H1)"])),
            (
                Connection::Repository,
                at("https://registry.example.jp:8443/xds", &["repository-1 (OP)"]),
            ),
            (
                Connection::Operator,
                at("https://registry.example.jp:8444", &["ops-1 (OP)"]),
            ),
            (Connection::AuditOut, at("siem.example.jp:6514", &["siem"])),
        ],
    }
}
