//! How far the author of a document lets it be shared.

/// How far a document is shared: slot `urn:renkei:sharing-scope`.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
pub enum SharingScope {
    /// With whoever has a basis.
    #[default]
    #[serde(rename = "SHARED")]
    Shared,
    /// Within the author's legal entity.
    #[serde(rename = "ORG_ONLY")]
    OrganisationOnly,
    /// With the addressed recipient only.
    #[serde(rename = "PUSH_ONLY")]
    PushOnly,
}

impl SharingScope {
    /// The slot's name in a DocumentEntry.
    pub const SLOT: &str = "urn:renkei:sharing-scope";

    /// The slot's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "SHARED",
            Self::OrganisationOnly => "ORG_ONLY",
            Self::PushOnly => "PUSH_ONLY",
        }
    }

    /// The scope with this value.
    pub fn from_value(value: &str) -> Option<Self> {
        [Self::Shared, Self::OrganisationOnly, Self::PushOnly]
            .into_iter()
            .find(|scope| scope.as_str() == value)
    }
}
