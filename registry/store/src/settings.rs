//! Settings of the domain, in every version.

use registry_core::codes::UnknownCodes;
use registry_core::register::UnknownInstitution;
use serde_json::Value;

use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::sql;
use crate::tx::commit;

/// The settings in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainSettings {
    /// `unknown_codes`: whether codes outside the lists are refused or warned of.
    pub unknown_codes: UnknownCodes,
    /// `unknown_author_institution`: whether a document whose author names no known organisation is attributed to the one
    /// that publishes it, or refused.
    pub unknown_author_institution: UnknownInstitution,
    /// `default_user_allowed`: whether node entries may vouch for a user.
    pub default_user_allowed: bool,
    /// `home_community_id`: the domain's own, for answers; empty for none.
    pub home_community_id: Option<String>,
    /// The version of the whole: that of the last change, 0 before any.
    pub version: u64,
}

impl Default for DomainSettings {
    /// The strict side of each; an author whom nobody knows is attributed, as every sender of today needs it.
    fn default() -> Self {
        Self {
            unknown_codes: UnknownCodes::Refuse,
            unknown_author_institution: UnknownInstitution::Attribute,
            default_user_allowed: false,
            home_community_id: None,
            version: 0,
        }
    }
}

/// Settings of older releases that decide nothing any more.
const RETIRED: [&str; 1] = ["shared_with_all"];

/// One setting as stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredSetting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The version of the whole that it came with.
    pub version: i64,
}

/// Why a setting cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none of this name.
    #[error(
        "there is no domain setting \"{0}\"; known are unknown_codes, unknown_author_institution, default_user_allowed, home_community_id"
    )]
    Unknown(String),
    /// It cannot have this value.
    #[error("{name} is {expected}")]
    Value {
        /// The setting.
        name: String,
        /// What it may be.
        expected: &'static str,
    },
}

impl DomainSettings {
    /// Takes over one setting.
    ///
    /// # Errors
    /// When there is none of this name, or it cannot have this value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let wrong = |expected| SettingError::Value {
            name: name.to_owned(),
            expected,
        };
        let switch = || match value {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong("true or false")),
        };
        match name {
            "default_user_allowed" => self.default_user_allowed = switch()?,
            "unknown_codes" => {
                self.unknown_codes = match value {
                    "refuse" => UnknownCodes::Refuse,
                    "warn" => UnknownCodes::Warn,
                    _ => return Err(wrong("refuse or warn")),
                }
            }
            "unknown_author_institution" => {
                self.unknown_author_institution = match value {
                    "attribute" => UnknownInstitution::Attribute,
                    "refuse" => UnknownInstitution::Refuse,
                    _ => return Err(wrong("attribute or refuse")),
                }
            }
            "home_community_id" if value.is_empty() => self.home_community_id = None,
            "home_community_id" => {
                if value.parse::<xds_model::HomeCommunityId>().is_err() {
                    return Err(wrong("urn:oid: and an OID, or empty"));
                }
                self.home_community_id = Some(value.to_owned());
            }
            _ => return Err(SettingError::Unknown(name.to_owned())),
        }
        Ok(())
    }
}

impl Store {
    /// Changes a setting of the domain.
    ///
    /// # Errors
    /// When there is none of this name, it cannot have this value, or the database cannot do it.
    pub async fn set_domain_setting(
        &self,
        name: &str,
        value: &str,
        change: &Change,
    ) -> Result<(), SettingError> {
        DomainSettings::default().set(name, value)?;
        self.run_tx("set_domain_setting", || async {
            let mut connection = self.connection().await?;
            let transaction = self.begin(&mut connection).await?;
            let session = self.within(&transaction);
            session.query(&sql::LOCK_DOMAIN, &[]).await?;
            let stored = session.query(&sql::SETTINGS, &[]).await?;
            let before = stored.iter().find_map(|row| {
                let known: &str = row.try_get(0).ok()?;
                (known == name).then(|| row.try_get::<_, &str>(1).ok().map(Value::from))?
            });
            let deed = Deed::new("setting set", name).with(before, Some(Value::from(value)));
            change::record(session, change, &deed).await?;
            session
                .execute(&sql::ADD_SETTING, &[&name, &value, &change.id])
                .await?;
            commit(transaction).await
        })
        .await?;
        Ok(())
    }

    /// The settings in force, as stored.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn stored_settings(&self) -> Result<Vec<StoredSetting>, StoreError> {
        const TABLE: &str = "domain_setting";
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::SETTINGS, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredSetting {
                    name: read(row, 0, TABLE, "name")?,
                    value: read(row, 1, TABLE, "value")?,
                    version: read(row, 2, TABLE, "version")?,
                })
            })
            .collect()
    }

    /// The version of the domain's data, of all that [`Store::domain_settings`], [`Store::affinity_domain`],
    /// [`Store::directory`] and [`Store::enrolled_nodes`] read: as long as it is the same, they say the same. It costs
    /// far less than they do.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn domain_version(&self) -> Result<String, StoreError> {
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::DOMAIN_VERSION, &[]).await?;
        let row = rows.first().ok_or(StoreError::row("organisation", "version"))?;
        read(row, 0, "organisation", "version")
    }

    /// The settings in force. One that this release does not know, or cannot read, is an error: the
    /// registry does not guess what was meant.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn domain_settings(&self) -> Result<DomainSettings, StoreError> {
        const TABLE: &str = "domain_setting";
        let mut settings = DomainSettings::default();
        for stored in self.stored_settings().await? {
            if RETIRED.contains(&stored.name.as_str()) {
                continue;
            }
            settings
                .set(&stored.name, &stored.value)
                .map_err(|_| StoreError::row(TABLE, "value"))?;
            let version = u64::try_from(stored.version).map_err(|_| StoreError::row(TABLE, "version"))?;
            settings.version = settings.version.max(version);
        }
        Ok(settings)
    }
}
