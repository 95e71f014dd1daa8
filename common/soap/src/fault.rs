use std::borrow::Cow;
use std::fmt;

use xds_xml::write::Writer;
use xds_xml::{XmlError, XmlErrorKind};

use crate::content_type::ContentTypeError;
use crate::envelope::{open_envelope, write_addressing};
use crate::mime::MimeError;
use crate::ns;

/// A SOAP 1.2 fault that we answer with (SOAP 1.2 part 1, section 5.4).
///
/// Its reason is a fixed English text of ours; nothing in it comes from the message or the store.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Fault {
    /// Who is at fault.
    pub code: FaultCode,
    /// What WS-Addressing or WS-Security calls it.
    pub subcode: Option<Subcode>,
    /// Why, in English.
    pub reason: Cow<'static, str>,
    /// What WS-Addressing wants to be told beside.
    pub detail: Option<Detail>,
    /// The header blocks that were not understood, for [`FaultCode::MustUnderstand`].
    pub not_understood: Vec<QName>,
}

/// Code of a SOAP 1.2 fault.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FaultCode {
    /// The message is wrong.
    Sender,
    /// The message may be right, but it cannot be answered.
    Receiver,
    /// A header block that must be understood is not.
    MustUnderstand,
    /// Not a SOAP 1.2 envelope.
    VersionMismatch,
    /// An encoding of the data that is not supported.
    DataEncodingUnknown,
}

/// Subcode of a fault, from WS-Addressing SOAP Binding section 6.4 and WS-Security 1.1 section 12.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Subcode {
    /// wsa:ActionNotSupported.
    ActionNotSupported,
    /// wsa:MessageAddressingHeaderRequired.
    MessageAddressingHeaderRequired,
    /// wsa:InvalidAddressingHeader, and below it what is wrong.
    InvalidAddressingHeader(AddressingProblem),
    /// wsse:SecurityTokenUnavailable: no token.
    SecurityTokenUnavailable,
    /// wsse:InvalidSecurityToken.
    InvalidSecurityToken,
    /// wsse:FailedAuthentication.
    FailedAuthentication,
    /// wsse:InvalidSecurity: a wrong wsse:Security header.
    InvalidSecurity,
    /// wsse:FailedCheck: a wrong signature or decryption.
    FailedCheck,
    /// wsse:UnsupportedAlgorithm.
    UnsupportedAlgorithm,
    /// wsse:UnsupportedSecurityToken.
    UnsupportedSecurityToken,
}

/// What is wrong with an addressing header.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AddressingProblem {
    /// Too many of it.
    InvalidCardinality,
    /// Its content is no address or not the one wanted.
    InvalidAddress,
    /// An endpoint reference without a wsa:Address.
    MissingAddressInEpr,
    /// An answer elsewhere than on this connection is asked for.
    OnlyAnonymousAddressSupported,
    /// Action and body do not belong together.
    ActionMismatch,
}

/// Detail of a fault that WS-Addressing defines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Detail {
    /// wsa:ProblemAction: the action that the client sent.
    ProblemAction(String),
    /// wsa:ProblemHeaderQName: the local name of a WS-Addressing header.
    ProblemHeader(&'static str),
}

/// An expanded name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct QName {
    /// The namespace URI; empty for none.
    pub namespace: String,
    /// The local name.
    pub local: String,
}

impl Fault {
    /// Sender: the message is wrong in a way that no subcode names.
    pub fn sender(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Sender, reason)
    }

    /// Receiver: no answer can be given. Rare: a failure inside is normally an XDS error in a response.
    pub fn receiver(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Receiver, reason)
    }

    /// VersionMismatch: an envelope of SOAP 1.1 or of no SOAP at all. Written with an Upgrade header.
    pub fn version_mismatch() -> Self {
        Self::new(FaultCode::VersionMismatch, "only SOAP 1.2 envelopes are accepted")
    }

    /// MustUnderstand: header blocks that we do not know and must not pass over.
    pub fn must_understand(not_understood: Vec<QName>) -> Self {
        Self {
            not_understood,
            ..Self::new(
                FaultCode::MustUnderstand,
                "a header block that must be understood is not known here",
            )
        }
    }

    /// Sender / wsa:ActionNotSupported: an action that is unknown or not offered at this endpoint. It is
    /// reflected to its sender, cut to 256 characters.
    pub fn action_not_supported(action: &str) -> Self {
        let action = action.chars().take(ACTION_CHARS_MAX).collect();
        Self::new(
            FaultCode::Sender,
            "the wsa:Action is not supported at this endpoint",
        )
        .with(Subcode::ActionNotSupported)
        .about(Detail::ProblemAction(action))
    }

    /// Sender / wsa:MessageAddressingHeaderRequired: `header` is the local name, `Action` or `MessageID`.
    pub fn addressing_header_required(header: &'static str) -> Self {
        Self::new(FaultCode::Sender, format!("the header wsa:{header} is required"))
            .with(Subcode::MessageAddressingHeaderRequired)
            .about(Detail::ProblemHeader(header))
    }

    /// Sender / wsa:InvalidAddressingHeader: `header` is the local name.
    pub fn invalid_addressing_header(header: &'static str, problem: AddressingProblem) -> Self {
        let reason = match problem {
            AddressingProblem::InvalidCardinality => format!("the header wsa:{header} stands more than once"),
            AddressingProblem::InvalidAddress => format!("the content of wsa:{header} is invalid"),
            AddressingProblem::MissingAddressInEpr => {
                format!("wsa:{header} must hold exactly one wsa:Address")
            }
            AddressingProblem::OnlyAnonymousAddressSupported => {
                format!("wsa:{header} must be the anonymous address")
            }
            AddressingProblem::ActionMismatch => "wsa:Action and the body do not agree".to_owned(),
        };
        Self::new(FaultCode::Sender, reason)
            .with(Subcode::InvalidAddressingHeader(problem))
            .about(Detail::ProblemHeader(header))
    }

    /// Sender with a subcode of WS-Security, as ITI-40 asks for.
    pub fn security(subcode: Subcode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Sender, reason).with(subcode)
    }

    /// Sender: the envelope exceeds the limit for it; says what to do instead of inline base64.
    pub fn envelope_too_large() -> Self {
        Self::sender(format!("the SOAP envelope is too large: {USE_XOP}"))
    }

    /// HTTP status: 400 for Sender, 500 for all others (SOAP 1.2 part 2, table 20).
    pub fn http_status(&self) -> u16 {
        match self.code {
            FaultCode::Sender => 400,
            FaultCode::Receiver
            | FaultCode::MustUnderstand
            | FaultCode::VersionMismatch
            | FaultCode::DataEncodingUnknown => 500,
        }
    }

    /// wsa:Action of the message that carries the fault (WS-Addressing SOAP Binding, section 6).
    pub fn action(&self) -> &'static str {
        match self.subcode.map(Subcode::names) {
            Some((WSA_PREFIX, ..)) => ns::WSA_FAULT_ACTION,
            _ => ns::SOAP_FAULT_ACTION,
        }
    }

    /// The whole envelope. `relates_to`: MessageID of the request, where it could be read; `message_id`:
    /// that of this answer, a URI.
    pub fn write(&self, relates_to: Option<&str>, message_id: &str) -> String {
        let mut writer = Writer::with_capacity(1024);
        open_envelope(&mut writer);
        writer.attribute("xmlns:wsse", ns::WSSE);
        writer.open("soap12:Header");
        write_addressing(&mut writer, self.action(), message_id, relates_to, ns::ANONYMOUS);
        self.write_headers(&mut writer);
        writer.close().open("soap12:Body").open("soap12:Fault");
        self.write_code(&mut writer);
        writer.open("soap12:Reason").open("soap12:Text");
        writer.attribute("xml:lang", "en").text(&self.reason);
        writer.close().close();
        self.write_detail(&mut writer);
        writer.finish()
    }

    fn new(code: FaultCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            subcode: None,
            reason: reason.into(),
            detail: None,
            not_understood: Vec::new(),
        }
    }

    fn with(self, subcode: Subcode) -> Self {
        let subcode = Some(subcode);
        Self { subcode, ..self }
    }

    fn about(self, detail: Detail) -> Self {
        let detail = Some(detail);
        Self { detail, ..self }
    }

    fn write_headers(&self, writer: &mut Writer) {
        if self.code == FaultCode::VersionMismatch {
            writer.open("soap12:Upgrade").open("soap12:SupportedEnvelope");
            writer.attribute("qname", "soap12:Envelope").close().close();
        }
        for name in self.not_understood.iter().take(NOT_UNDERSTOOD_MAX) {
            writer.open("soap12:NotUnderstood");
            match name.namespace.is_empty() {
                true => writer.attribute("qname", &name.local),
                false => writer
                    .attribute("qname", &format!("block:{}", name.local))
                    .attribute("xmlns:block", &name.namespace),
            };
            writer.close();
        }
    }

    fn write_code(&self, writer: &mut Writer) {
        writer.open("soap12:Code");
        writer.text_element("soap12:Value", &format!("soap12:{}", self.code));
        if let Some((prefix, name, below)) = self.subcode.map(Subcode::names) {
            writer.open("soap12:Subcode");
            writer.text_element("soap12:Value", &format!("{prefix}:{name}"));
            if let Some(below) = below {
                writer.open("soap12:Subcode");
                writer.text_element("soap12:Value", &format!("{prefix}:{below}"));
                writer.close();
            }
            writer.close();
        }
        writer.close();
    }

    fn write_detail(&self, writer: &mut Writer) {
        let Some(detail) = &self.detail else { return };
        writer.open("soap12:Detail");
        match detail {
            Detail::ProblemAction(action) => {
                writer.open("wsa:ProblemAction");
                writer.text_element("wsa:Action", action).close();
            }
            Detail::ProblemHeader(header) => {
                writer.text_element("wsa:ProblemHeaderQName", &format!("wsa:{header}"));
            }
        }
        writer.close();
    }
}

impl FaultCode {
    /// The code with this local name.
    pub fn from_local(local: &str) -> Option<Self> {
        [
            Self::Sender,
            Self::Receiver,
            Self::MustUnderstand,
            Self::VersionMismatch,
            Self::DataEncodingUnknown,
        ]
        .into_iter()
        .find(|code| code.local() == local)
    }

    fn local(self) -> &'static str {
        match self {
            Self::Sender => "Sender",
            Self::Receiver => "Receiver",
            Self::MustUnderstand => "MustUnderstand",
            Self::VersionMismatch => "VersionMismatch",
            Self::DataEncodingUnknown => "DataEncodingUnknown",
        }
    }
}

/// The local name.
impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.local())
    }
}

const WSA_PREFIX: &str = "wsa";
const WSSE_PREFIX: &str = "wsse";

impl Subcode {
    /// Prefix, local name, and local name of the subcode below it.
    fn names(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::ActionNotSupported => (WSA_PREFIX, "ActionNotSupported", None),
            Self::MessageAddressingHeaderRequired => (WSA_PREFIX, "MessageAddressingHeaderRequired", None),
            Self::InvalidAddressingHeader(problem) => {
                (WSA_PREFIX, "InvalidAddressingHeader", Some(problem.local()))
            }
            Self::SecurityTokenUnavailable => (WSSE_PREFIX, "SecurityTokenUnavailable", None),
            Self::InvalidSecurityToken => (WSSE_PREFIX, "InvalidSecurityToken", None),
            Self::FailedAuthentication => (WSSE_PREFIX, "FailedAuthentication", None),
            Self::InvalidSecurity => (WSSE_PREFIX, "InvalidSecurity", None),
            Self::FailedCheck => (WSSE_PREFIX, "FailedCheck", None),
            Self::UnsupportedAlgorithm => (WSSE_PREFIX, "UnsupportedAlgorithm", None),
            Self::UnsupportedSecurityToken => (WSSE_PREFIX, "UnsupportedSecurityToken", None),
        }
    }
}

impl AddressingProblem {
    fn local(self) -> &'static str {
        match self {
            Self::InvalidCardinality => "InvalidCardinality",
            Self::InvalidAddress => "InvalidAddress",
            Self::MissingAddressInEpr => "MissingAddressInEPR",
            Self::OnlyAnonymousAddressSupported => "OnlyAnonymousAddressSupported",
            Self::ActionMismatch => "ActionMismatch",
        }
    }
}

/// Sender, naming the rule and the place.
impl From<XmlError> for Fault {
    fn from(error: XmlError) -> Self {
        match error.kind() {
            XmlErrorKind::DocumentTooLarge | XmlErrorKind::TextTooLong => {
                Self::sender(format!("the message is not acceptable XML: {error}; {USE_XOP}"))
            }
            _ => Self::sender(format!("the message is not acceptable XML: {error}")),
        }
    }
}

/// Sender. A refusal that is rather answered with HTTP status 415 is told by
/// [`ContentTypeError::refusal`].
impl From<ContentTypeError> for Fault {
    fn from(error: ContentTypeError) -> Self {
        Self::sender(error.to_string())
    }
}

/// Sender.
impl From<MimeError> for Fault {
    fn from(error: MimeError) -> Self {
        Self::sender(error.to_string())
    }
}

const USE_XOP: &str = "send documents as MTOM/XOP parts";
/// Characters of an unknown action that are reflected.
const ACTION_CHARS_MAX: usize = 256;
/// Header blocks that are named in one fault.
const NOT_UNDERSTOOD_MAX: usize = 16;
