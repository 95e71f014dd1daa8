//! Who writes the messages.

use std::borrow::Cow;

use crate::code::{CodedValue, DCM};

/// Who writes the messages: the values that come from configuration and from the process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// AuditSourceID.
    pub source_id: String,
    /// AuditEnterpriseSiteID, such as the OID of the organisation.
    pub enterprise_site_id: Option<String>,
    /// AuditSourceTypeCode. [`Source::APPLICATION_SERVER`] for ours.
    pub source_types: Vec<CodedValue>,
    /// The program: `renkei-registry`. APP-NAME of syslog, UserName at start and stop.
    pub application: String,
    /// Process id, as the local AlternativeUserID and PROCID of syslog.
    pub process_id: String,
    /// Our host: a DNS name or an IP address.
    pub host: String,
    /// How ITI-43 and ITI-86 spell the detail of the repository.
    pub repository_unique_id_detail: RepositoryUniqueIdDetail,
}

impl Source {
    /// AuditSourceTypeCode 4.
    pub const APPLICATION_SERVER: CodedValue = CodedValue::fixed("4", DCM, "Application Server");

    /// An application server.
    pub fn new(
        source_id: impl Into<String>,
        application: impl Into<String>,
        process_id: impl Into<String>,
        host: impl Into<String>,
    ) -> Self {
        Self {
            source_id: source_id.into(),
            enterprise_site_id: None,
            source_types: vec![Self::APPLICATION_SERVER],
            application: application.into(),
            process_id: process_id.into(),
            host: host.into(),
            repository_unique_id_detail: RepositoryUniqueIdDetail::default(),
        }
    }
}

/// Spelling of the detail that names the repository of a document. Readers should compare without case, but some
/// compare exactly.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RepositoryUniqueIdDetail {
    /// `Repository Unique ID`, as ITI TF-2 3.43.6.1 has it.
    #[default]
    Framework,
    /// `Repository Unique Id`, as common toolkits write and check it.
    Toolkits,
}

impl RepositoryUniqueIdDetail {
    /// The detail's type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Framework => "Repository Unique ID",
            Self::Toolkits => "Repository Unique Id",
        }
    }
}

/// A mandatory value, or [`UNKNOWN`] in its place.
pub(crate) fn known(value: &str) -> &str {
    if value.trim().is_empty() { UNKNOWN } else { value }
}

/// The same for a part of a code.
pub(crate) fn known_cow(value: Option<&str>) -> Cow<'static, str> {
    match value.map(known) {
        None | Some(UNKNOWN) => Cow::Borrowed(UNKNOWN),
        Some(value) => Cow::Owned(value.to_owned()),
    }
}

/// What stands for a mandatory value that is not known.
pub(crate) const UNKNOWN: &str = "unknown";
