//! Who takes part: legal entities, organisations, users.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::{EntityId, OrganisationId};

use crate::version::{Evidence, InstrumentKind, Terms};
use crate::words::UserId;

/// A legal entity 事業者: organisations of one entity are no third parties to each other. Its instrument id is
/// its [`EntityId`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LegalEntity {
    /// Name.
    pub name: String,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Name of the representative, if it is a corporation.
    #[serde(default)]
    pub representative: String,
}

impl Terms for LegalEntity {
    const KIND: InstrumentKind = InstrumentKind::LegalEntity;
}

/// An organisation of the network. Its instrument id is its [`OrganisationId`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// The legal entity that it belongs to.
    pub entity: EntityId,
    /// Its standing under the Act.
    #[serde(default)]
    pub appi_status: AppiStatus,
    /// Whether it takes part at the moment.
    #[serde(default)]
    pub status: Status,
    /// When it became a member: consents to "all members" that were signed before reach it only on conditions.
    #[serde(with = "crate::instant")]
    pub joined: OffsetDateTime,
    /// From when patients were told that it joined.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub joining_notified: Option<OffsetDateTime>,
    /// SHA-256 of its certificates, 64 lower-case hexadecimal digits each.
    #[serde(default)]
    pub certificates: BTreeSet<String>,
    /// Organisations whose nodes may ask for it: gateways.
    #[serde(default)]
    pub gateways: BTreeSet<OrganisationId>,
    /// ISO 3166 code of the country that it is in.
    #[serde(default = "japan")]
    pub country: String,
    /// Countries that it stores documents in, when others.
    #[serde(default)]
    pub storage_countries: BTreeSet<String>,
    /// The purpose of use as posted in the institution 院内掲示.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl Terms for Organisation {
    const KIND: InstrumentKind = InstrumentKind::Organisation;
}

impl Organisation {
    /// Whether its own notice is posted.
    pub fn notice_posted(&self, at: OffsetDateTime) -> bool {
        self.notices
            .iter()
            .any(|notice| notice.from <= at && notice.to.is_none_or(|to| at < to))
    }

    /// Whether it is in Japan.
    pub fn in_japan(&self) -> bool {
        self.country == JAPAN
    }

    /// Whether it stores in Japan only.
    pub fn stores_in_japan(&self) -> bool {
        if self.storage_countries.is_empty() {
            self.in_japan()
        } else {
            self.storage_countries.iter().all(|country| country == JAPAN)
        }
    }
}

const JAPAN: &str = "JP";

fn japan() -> String {
    JAPAN.to_owned()
}

/// What kind of organisation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrganisationKind {
    /// 病院
    Hospital,
    /// 診療所
    Clinic,
    /// 歯科診療所
    DentalClinic,
    /// 薬局
    Pharmacy,
    /// 訪問看護ステーション
    VisitingNursing,
    /// 介護事業所
    Care,
    /// 読影センター
    ReadingCentre,
    /// 検査センター
    Laboratory,
    /// 運営主体
    Operator,
    /// 自治体
    Municipality,
    /// その他
    Other,
}

/// Standing under the Act on the Protection of Personal Information.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum AppiStatus {
    /// A business operator as any other.
    #[default]
    #[serde(rename = "PRIVATE")]
    Private,
    /// A body of Article 16(2): state, local government and the like.
    #[serde(rename = "ART16_2_BODY")]
    PublicBody,
    /// 規律移行法人等: public, under the rules for private operators.
    #[serde(rename = "TRANSITIONAL")]
    Transitional,
}

/// Whether something that is in force is used at the moment.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Used.
    #[default]
    Active,
    /// Not for now.
    Suspended,
    /// Not any more.
    Terminated,
}

/// A notice posted in an institution 院内掲示.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// First instant.
    #[serde(with = "crate::instant")]
    pub from: OffsetDateTime,
    /// First instant that its evidence does not cover.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub to: Option<OffsetDateTime>,
    /// A photograph, or the text.
    pub evidence: Evidence,
}

/// An entry of the ID ledger. Its instrument id is free.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Whose user.
    pub organisation: OrganisationId,
    /// As assertions name the user.
    pub user: UserId,
    /// Whether the user may work at the moment.
    #[serde(default)]
    pub status: Status,
}

impl Terms for User {
    const KIND: InstrumentKind = InstrumentKind::User;
}
