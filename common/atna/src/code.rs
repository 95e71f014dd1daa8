//! Coded values, and those of the standards (DICOM PS3.16 CID 400 to 403, ITI TF-2 3.20.7, RFC 3881).

use std::borrow::Cow;

use xds_model::Transaction;

/// A code with its system and text: `EV(code, system, text)`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CodedValue {
    /// `csd-code`.
    pub code: Cow<'static, str>,
    /// `codeSystemName`.
    pub system: Cow<'static, str>,
    /// `originalText`.
    pub text: Cow<'static, str>,
    /// `displayName`.
    pub display: Option<String>,
}

impl CodedValue {
    /// A code of ours.
    pub const fn fixed(code: &'static str, system: &'static str, text: &'static str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            system: Cow::Borrowed(system),
            text: Cow::Borrowed(text),
            display: None,
        }
    }

    /// Whether it is the same code of the same system, whatever its text. Systems are compared without case.
    pub fn is(&self, other: &Self) -> bool {
        self.code == other.code && self.system.eq_ignore_ascii_case(&other.system)
    }
}

/// The name of DICOM's code system.
pub const DCM: &str = "DCM";
/// The name of the system of EventTypeCodes of transactions.
pub const IHE_TRANSACTIONS: &str = "IHE Transactions";
/// The name of the system of kinds of registry objects.
pub const IHE_XDS_METADATA: &str = "IHE XDS Metadata";
/// The name of the system of RFC 3881's numbers.
pub const RFC_3881: &str = "RFC-3881";
/// The name of the system of our own codes.
pub const OURS: &str = "Renkei";

macro_rules! coded {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $system:expr, $text:literal;)*) => {
        $($(#[$meta])* pub const $name: CodedValue = CodedValue::fixed($code, $system, $text);)*
    };
}

// EventID.
coded! {
    /// A program started or stopped.
    APPLICATION_ACTIVITY = "110100", DCM, "Application Activity";
    /// The audit trail was read.
    AUDIT_LOG_USED = "110101", DCM, "Audit Log Used";
    /// Data left.
    EXPORT = "110106", DCM, "Export";
    /// Data came.
    IMPORT = "110107", DCM, "Import";
    /// A patient's record was made, changed or deleted.
    PATIENT_RECORD = "110110", DCM, "Patient Record";
    /// A query.
    QUERY = "110112", DCM, "Query";
    /// Something that concerns security.
    SECURITY_ALERT = "110113", DCM, "Security Alert";
    /// A log-in or log-off.
    USER_AUTHENTICATION = "110114", DCM, "User Authentication";
}

// EventTypeCode.
coded! {
    /// Of [`APPLICATION_ACTIVITY`].
    APPLICATION_START = "110120", DCM, "Application Start";
    /// Of [`APPLICATION_ACTIVITY`].
    APPLICATION_STOP = "110121", DCM, "Application Stop";
    /// Of [`USER_AUTHENTICATION`].
    LOGIN = "110122", DCM, "Login";
    /// Of [`SECURITY_ALERT`], as all that follow.
    NODE_AUTHENTICATION = "110126", DCM, "Node Authentication";
    /// Addresses and destinations.
    NETWORK_CONFIGURATION = "110128", DCM, "Network Configuration";
    /// Who may do what.
    SECURITY_CONFIGURATION = "110129", DCM, "Security Configuration";
    /// Any other setting.
    SOFTWARE_CONFIGURATION = "110131", DCM, "Software Configuration";
    /// Something that was not allowed was asked for.
    USE_OF_RESTRICTED_FUNCTION = "110132", DCM, "Use of Restricted Function";
    /// The audit trail ends here.
    AUDIT_RECORDING_STOPPED = "110133", DCM, "Audit Recording Stopped";
    /// The audit trail goes on.
    AUDIT_RECORDING_STARTED = "110134", DCM, "Audit Recording Started";
    /// Consents and agreements.
    OBJECT_SECURITY_ATTRIBUTES_CHANGED = "110135", DCM, "Object Security Attributes Changed";
    /// Roles.
    SECURITY_ROLES_CHANGED = "110136", DCM, "Security Roles Changed";
    /// Users.
    USER_SECURITY_ATTRIBUTES_CHANGED = "110137", DCM, "User Security Attributes Changed";
}

// RoleIDCode.
coded! {
    /// The program.
    APPLICATION = "110150", DCM, "Application";
    /// Who started it.
    APPLICATION_LAUNCHER = "110151", DCM, "Application Launcher";
    /// Where data goes.
    DESTINATION = "110152", DCM, "Destination Role ID";
    /// Where data comes from.
    SOURCE = "110153", DCM, "Source Role ID";
    /// A medium or address that data goes to.
    DESTINATION_MEDIA = "110154", DCM, "Destination Media";
    /// [`DESTINATION`] with the text of ITI-8 (ITI TF-2 3.8.5.1).
    FEED_DESTINATION = "110152", DCM, "Destination";
    /// [`SOURCE`] with the text of ITI-8 (ITI TF-2 3.8.5.1).
    FEED_SOURCE = "110153", DCM, "Source";
}

// ParticipantObjectIDTypeCode.
coded! {
    /// Of a patient.
    PATIENT_NUMBER = "2", RFC_3881, "Patient Number";
    /// Of a document, by uniqueId.
    REPORT_NUMBER = "9", RFC_3881, "Report Number";
    /// Of something that is named by a URI.
    URI = "12", RFC_3881, "URI";
    /// Of a node.
    NODE_ID = "110182", DCM, "Node ID";
    /// Of a SubmissionSet.
    SUBMISSION_SET = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd", IHE_XDS_METADATA,
        "submission set classificationNode";
    /// Of any registry object.
    OBJECT_REF = "urn:ihe:iti:2017:ObjectRef", IHE_XDS_METADATA, "registry object reference";
    /// Of a user's assertion.
    ASSERTION = "assertion", OURS, "Assertion";
    /// Of a setting, node or other thing that the operator changed.
    CONFIGURATION_ITEM = "configuration", OURS, "Configuration Item";
    /// Of the object that carries the event's own name.
    EVENT = "renkei-event", OURS, "Event";
}

/// EventTypeCode of a transaction. The questions of a repository are no transaction of IHE and have a code of ours.
pub const fn transaction(transaction: Transaction) -> CodedValue {
    let (code, text) = match transaction {
        Transaction::Iti8 => ("ITI-8", "Patient Identity Feed"),
        Transaction::Iti18 => ("ITI-18", "Registry Stored Query"),
        Transaction::Iti41 => ("ITI-41", "Provide and Register Document Set-b"),
        Transaction::Iti42 => ("ITI-42", "Register Document Set-b"),
        Transaction::Iti43 => ("ITI-43", "Retrieve Document Set"),
        Transaction::Iti44 => ("ITI-44", "Patient Identity Feed"),
        Transaction::Iti51 => ("ITI-51", "Multi-Patient Stored Query"),
        Transaction::Iti57 => ("ITI-57", "Update Document Set"),
        Transaction::Iti61 => ("ITI-61", "Register On-Demand Document Entry"),
        Transaction::Iti62 => ("ITI-62", "Remove Metadata"),
        Transaction::Iti86 => ("ITI-86", "Remove Documents"),
        Transaction::Iti92 => ("ITI-92", "Restricted Update Document Set"),
        Transaction::Decision => return CodedValue::fixed("DECISION", OURS, "Repository Question"),
    };
    CodedValue::fixed(code, IHE_TRANSACTIONS, text)
}
