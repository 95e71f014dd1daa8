//! The transactions and their wsa:Action values.

/// An IHE transaction that a node may be allowed to send.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transaction {
    /// Patient Identity Feed, HL7 v2.
    Iti8,
    /// Registry Stored Query.
    Iti18,
    /// Provide and Register Document Set-b.
    Iti41,
    /// Register Document Set-b.
    Iti42,
    /// Retrieve Document Set.
    Iti43,
    /// Patient Identity Feed, HL7 v3.
    Iti44,
    /// Multi-Patient Stored Query.
    Iti51,
    /// Update Document Set.
    Iti57,
    /// Register On-Demand Document Entry.
    Iti61,
    /// Remove Metadata.
    Iti62,
    /// Remove Documents.
    Iti86,
    /// Restricted Update Document Set.
    Iti92,
    /// What a repository asks the registry beside ITI-42: decisions and the list of nodes.
    Decision,
}

impl Transaction {
    /// Every transaction.
    pub const ALL: [Self; 13] = [
        Self::Iti8,
        Self::Iti18,
        Self::Iti41,
        Self::Iti42,
        Self::Iti43,
        Self::Iti44,
        Self::Iti51,
        Self::Iti57,
        Self::Iti61,
        Self::Iti62,
        Self::Iti86,
        Self::Iti92,
        Self::Decision,
    ];

    /// The short name, as in configuration and audit: `ITI-42`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iti8 => "ITI-8",
            Self::Iti18 => "ITI-18",
            Self::Iti41 => "ITI-41",
            Self::Iti42 => "ITI-42",
            Self::Iti43 => "ITI-43",
            Self::Iti44 => "ITI-44",
            Self::Iti51 => "ITI-51",
            Self::Iti57 => "ITI-57",
            Self::Iti61 => "ITI-61",
            Self::Iti62 => "ITI-62",
            Self::Iti86 => "ITI-86",
            Self::Iti92 => "ITI-92",
            Self::Decision => "DECISION",
        }
    }

    /// The transaction with this short name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|transaction| transaction.name().eq_ignore_ascii_case(name))
    }

    /// wsa:Action of the request, for those that travel in SOAP with one action.
    pub fn request_action(self) -> Option<&'static str> {
        Some(match self {
            Self::Iti18 => "urn:ihe:iti:2007:RegistryStoredQuery",
            Self::Iti41 => "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
            Self::Iti42 => "urn:ihe:iti:2007:RegisterDocumentSet-b",
            Self::Iti43 => "urn:ihe:iti:2007:RetrieveDocumentSet",
            Self::Iti51 => "urn:ihe:iti:2009:MultiPatientStoredQuery",
            Self::Iti57 => "urn:ihe:iti:2010:UpdateDocumentSet",
            Self::Iti61 => "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry",
            Self::Iti62 => "urn:ihe:iti:2010:DeleteDocumentSet",
            Self::Iti86 => "urn:ihe:iti:2017:RemoveDocuments",
            Self::Iti92 => "urn:ihe:iti:2018:RestrictedUpdateDocumentSet",
            Self::Iti8 | Self::Iti44 | Self::Decision => return None,
        })
    }

    /// wsa:Action of the response.
    pub fn response_action(self) -> Option<&'static str> {
        Some(match self {
            Self::Iti18 => "urn:ihe:iti:2007:RegistryStoredQueryResponse",
            Self::Iti41 => "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
            Self::Iti42 => "urn:ihe:iti:2007:RegisterDocumentSet-bResponse",
            Self::Iti43 => "urn:ihe:iti:2007:RetrieveDocumentSetResponse",
            Self::Iti51 => "urn:ihe:iti:2009:MultiPatientStoredQueryResponse",
            Self::Iti57 => "urn:ihe:iti:2010:UpdateDocumentSetResponse",
            Self::Iti61 => "urn:ihe:iti:2010:RegisterOnDemandDocumentResponse",
            Self::Iti62 => "urn:ihe:iti:2010:DeleteDocumentSetResponse",
            Self::Iti86 => "urn:ihe:iti:2017:RemoveDocumentsResponse",
            Self::Iti92 => "urn:ihe:iti:2018:RestrictedUpdateDocumentSetResponse",
            Self::Iti8 | Self::Iti44 | Self::Decision => return None,
        })
    }
}
