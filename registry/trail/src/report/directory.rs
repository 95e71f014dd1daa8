//! Names for the codes in events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What organisations, nodes, roles and persons are called. What has no name is shown by its code.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// By organisation code.
    pub organisations: BTreeMap<String, String>,
    /// By role code.
    pub roles: BTreeMap<String, String>,
    /// By user id.
    pub persons: BTreeMap<String, String>,
}

pub(crate) fn named<'a>(names: &'a BTreeMap<String, String>, code: &'a str) -> &'a str {
    names.get(code).map_or(code, String::as_str)
}
