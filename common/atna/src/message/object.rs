//! ParticipantObjectIdentification.

use crate::code::CodedValue;

/// ParticipantObjectIdentification.
#[derive(Clone, Eq, PartialEq)]
pub struct ParticipantObject {
    /// ParticipantObjectID. Some of IHE's messages have none.
    pub id: Option<String>,
    /// ParticipantObjectTypeCode.
    pub kind: Option<ObjectType>,
    /// ParticipantObjectTypeCodeRole.
    pub role: Option<ObjectRole>,
    /// ParticipantObjectDataLifeCycle.
    pub life_cycle: Option<ObjectLifeCycle>,
    /// ParticipantObjectSensitivity.
    pub sensitivity: Option<String>,
    /// ParticipantObjectIDTypeCode.
    pub id_type: CodedValue,
    /// ParticipantObjectName or ParticipantObjectQuery.
    pub name_or_query: Option<NameOrQuery>,
    /// ParticipantObjectDetail.
    pub details: Vec<Detail>,
}

impl ParticipantObject {
    /// An object with the four values that nearly all have.
    pub fn new(kind: ObjectType, role: ObjectRole, id_type: CodedValue, id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            kind: Some(kind),
            role: Some(role),
            life_cycle: None,
            sensitivity: None,
            id_type,
            name_or_query: None,
            details: Vec::new(),
        }
    }

    /// The same with one detail more.
    #[must_use]
    pub fn with(mut self, kind: &str, value: &str) -> Self {
        self.details.push(Detail::text(kind, value));
        self
    }

    /// The text of the first detail of this type, whatever its case.
    pub fn detail(&self, kind: &str) -> Option<&str> {
        self.details
            .iter()
            .find(|detail| detail.kind.eq_ignore_ascii_case(kind))
            .and_then(Detail::as_text)
    }
}

/// The two that exclude each other.
#[derive(Clone, Eq, PartialEq)]
pub enum NameOrQuery {
    /// ParticipantObjectName.
    Name(String),
    /// ParticipantObjectQuery: the bytes, before base64.
    Query(Vec<u8>),
}

/// ParticipantObjectDetail.
#[derive(Clone, Eq, PartialEq)]
pub struct Detail {
    /// `type`.
    pub kind: String,
    /// `value`: the bytes, before base64.
    pub value: Vec<u8>,
}

impl Detail {
    /// A text.
    pub fn text(kind: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            value: value.into().into_bytes(),
        }
    }

    /// The value, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }
}

/// An enumeration that travels as a number.
macro_rules! numbered {
    ($(#[$outer:meta])* $name:ident { $($(#[$meta:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name {
            $(#[doc = $code] $(#[$meta])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number on the wire.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The one with this number.
            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

numbered! {
    /// ParticipantObjectTypeCode.
    ObjectType {
        Person = "1",
        SystemObject = "2",
        Organization = "3",
        Other = "4",
    }
}

numbered! {
    /// ParticipantObjectTypeCodeRole.
    ObjectRole {
        Patient = "1",
        Location = "2",
        Report = "3",
        Resource = "4",
        MasterFile = "5",
        User = "6",
        List = "7",
        Doctor = "8",
        Subscriber = "9",
        Guarantor = "10",
        SecurityUserEntity = "11",
        SecurityUserGroup = "12",
        SecurityResource = "13",
        SecurityGranularityDefinition = "14",
        Provider = "15",
        DataDestination = "16",
        DataRepository = "17",
        Schedule = "18",
        Customer = "19",
        Job = "20",
        JobStream = "21",
        Table = "22",
        RoutingCriteria = "23",
        Query = "24",
        DataSource = "25",
        ProcessingElement = "26",
    }
}

numbered! {
    /// ParticipantObjectDataLifeCycle.
    ObjectLifeCycle {
        Creation = "1",
        Import = "2",
        Amendment = "3",
        Verification = "4",
        Translation = "5",
        Access = "6",
        Deidentification = "7",
        Aggregation = "8",
        Report = "9",
        Export = "10",
        Disclosure = "11",
        ReceiptOfDisclosure = "12",
        Archiving = "13",
        LogicalDeletion = "14",
        PermanentErasure = "15",
    }
}
