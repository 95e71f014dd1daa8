//! Faults: reasons to turn a request down, each with its rule, place and repair.

use std::fmt;

use crate::rules::RuleId;

/// One broken rule. The submitter's to fix.
///
/// Two audiences, two texts: `Display` and `Debug` go to our logs and never hold submitted values;
/// [`Fault::context`] goes to the submitter and may repeat what this submitter sent, nothing else.
#[derive(Clone, Eq, PartialEq)]
pub struct Fault {
    rule: RuleId,
    severity: Severity,
    location: String,
    found: String,
}

impl Fault {
    /// An error. `found` says what was found, in values that this submitter sent.
    pub fn new(rule: RuleId, location: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            location: location.into(),
            found: found.into(),
        }
    }

    /// The same as a warning: it never fails a request.
    pub fn warning(rule: RuleId, location: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::new(rule, location, found)
        }
    }

    /// The rule that was broken.
    pub fn rule(&self) -> RuleId {
        self.rule
    }

    /// The protocol's code for it (ITI TF-3, Table 4.2.4.1-2).
    pub fn code(&self) -> XdsCode {
        self.rule.code()
    }

    /// Error or warning.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where in the request: element names and positions, or what the code wants there.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What was found, alone: for codes whose codeContext is an id.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// codeContext: what was found, the rule in words, its id and section.
    pub fn context(&self) -> String {
        let rule = self.rule;
        let mut text = String::with_capacity(160);
        if !self.found.is_empty() {
            text.push_str(&self.found);
            text.push_str(": ");
        }
        text.push_str(rule.says());
        text.push_str(" [");
        text.push_str(rule.id());
        text.push_str(", ");
        text.push_str(rule.section());
        text.push(']');
        text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.rule.id(), self.code().as_str())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({}, {:?})", self.rule.id(), self.severity)
    }
}

/// Whether any of these is an error.
pub fn any_error(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| fault.severity() == Severity::Error)
}

/// `@severity` (ITI TF-3, 4.2.4.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Does not change the status.
    Warning,
    /// Fails the request, or the part of it that it is about.
    Error,
}

impl Severity {
    /// The full URN.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Warning => "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning",
            Self::Error => "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// `@errorCode` (ITI TF-3, Table 4.2.4.1-2, and the update and removal supplements).
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum XdsCode { $($(#[$doc])* $name,)+ }

        impl XdsCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The bare name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The code with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }
        }
    };
}

codes! {
    /// The recipient holds it for manual work (warning).
    DocumentQueued,
    /// Content does not fit the metadata.
    InvalidDocumentContent,
    /// An entryUUID cannot be resolved.
    UnresolvedReferenceException,
    /// The document is not available.
    XDSDocumentUniqueIdError,
    /// A SubmissionSet's or Folder's uniqueId is used already.
    XDSDuplicateUniqueIdInRegistry,
    /// A DocumentEntry without document.
    XDSMissingDocument,
    /// A document without DocumentEntry.
    XDSMissingDocumentMetadata,
    /// homeCommunityId is needed and absent.
    XDSMissingHomeCommunityId,
    /// uniqueId known with another hash.
    XDSNonIdenticalHash,
    /// uniqueId known with another size.
    XDSNonIdenticalSize,
    /// Patient ids that must be equal differ.
    XDSPatientIdDoesNotMatch,
    /// The registry is overloaded.
    XDSRegistryBusy,
    /// The repository is overloaded.
    XDSRepositoryBusy,
    /// An association to a Deprecated entry.
    XDSRegistryDeprecatedDocumentError,
    /// A uniqueId twice in one request, found by the registry.
    XDSRegistryDuplicateUniqueIdInMessage,
    /// A uniqueId twice in one request, found by the repository.
    XDSRepositoryDuplicateUniqueIdInMessage,
    /// Internal, at the registry.
    XDSRegistryError,
    /// Internal, at the repository.
    XDSRepositoryError,
    /// Metadata is wrong, found by the registry.
    XDSRegistryMetadataError,
    /// Metadata is wrong, found by the repository.
    XDSRepositoryMetadataError,
    /// The repository cannot reach the registry.
    XDSRegistryNotAvailable,
    /// Storage is low at the registry.
    XDSRegistryOutOfResources,
    /// Storage is low at the repository.
    XDSRepositoryOutOfResources,
    /// More than one patient in one answer.
    XDSResultNotSinglePatient,
    /// A required query parameter is absent.
    XDSStoredQueryMissingParam,
    /// Too many values of a query parameter.
    XDSStoredQueryParamNumber,
    /// More hits than the limit.
    XDSTooManyResults,
    /// A community cannot be reached.
    XDSUnavailableCommunity,
    /// homeCommunityId is unknown.
    XDSUnknownCommunity,
    /// The patient is unknown.
    XDSUnknownPatientId,
    /// repositoryUniqueId is unknown or not ours.
    XDSUnknownRepositoryId,
    /// The query id is unknown.
    XDSUnknownStoredQuery,
}
