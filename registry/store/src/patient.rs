//! Patients, as the identity feed tells of them.

use registry_core::patient::search_key::search_key;
use registry_core::patient::{Demographics, PatientChanges};
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;
use xds_model::{IdSource, PatientId};

use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::facts::patient;
use crate::pool::Store;
use crate::row::read;
use crate::sql;

/// What a message of the feed changed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FedPatients {
    /// Patients that were not known before.
    pub added: u64,
    /// Known patients whose names were kept.
    pub renamed: u64,
}

/// A known patient, for screens.
#[derive(Clone, Eq, PartialEq)]
pub struct KnownPatient {
    /// Its key.
    pub key: Uuid,
    /// Its identifier.
    pub patient: PatientId,
    /// The patient that it was merged into.
    pub surviving: Option<PatientId>,
    /// Names, date of birth and sex.
    pub demographics: Demographics,
}

impl Store {
    /// Adds or renames patients. Adding what is known keeps the newer names. `act`: who does it on the command line,
    /// for the journal to tell; the feed's handler has a record of its own.
    ///
    /// # Errors
    /// When the database cannot do it; then nothing is changed.
    pub async fn feed(
        &self,
        changes: &PatientChanges,
        ids: &dyn IdSource,
        now: OffsetDateTime,
        act: Option<(&Change, &Deed)>,
    ) -> Result<FedPatients, StoreError> {
        let (patients, demographics, adds) = match changes {
            PatientChanges::Add(patients, demographics) => (patients, demographics, true),
            PatientChanges::Rename(patients, demographics) => (patients, demographics, false),
        };
        let keys: Vec<Uuid> = patients.iter().map(|_| ids.ordered()).collect();
        self.run_tx("feed", || {
            self.feed_once(patients, demographics, adds.then_some(&keys), now, act)
        })
        .await
    }

    async fn feed_once(
        &self,
        patients: &[PatientId],
        person: &Demographics,
        keys: Option<&Vec<Uuid>>,
        now: OffsetDateTime,
        act: Option<(&Change, &Deed)>,
    ) -> Result<FedPatients, StoreError> {
        let (ids, authorities): (Vec<&str>, Vec<&str>) = (patients.iter())
            .map(|patient| (patient.id(), patient.authority().as_str()))
            .unzip();
        let search = person.search_key();
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        if let Some((change, deed)) = act {
            change::owe(session, change, deed).await?;
        }
        let mut fed = FedPatients::default();
        if let Some(keys) = keys {
            fed.added = session
                .execute(
                    &sql::ADD_PATIENTS,
                    &[
                        keys,
                        &ids,
                        &authorities,
                        &person.ideographic,
                        &person.phonetic,
                        &person.alphabetic,
                        &person.plain,
                        &person.birth_date,
                        &person.sex,
                        &search,
                        &now,
                    ],
                )
                .await?;
        }
        let known = usize::try_from(fed.added) != Ok(patients.len());
        if known && !person.is_empty() {
            fed.renamed = session
                .execute(
                    &sql::RENAME_PATIENTS,
                    &[
                        &ids,
                        &authorities,
                        &person.ideographic,
                        &person.phonetic,
                        &person.alphabetic,
                        &person.plain,
                        &person.birth_date,
                        &person.sex,
                        &search,
                        &now,
                    ],
                )
                .await?;
        }
        crate::tx::commit(transaction).await?;
        Ok(fed)
    }

    /// The patient with this identifier, merged or not.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn patient(&self, wanted: &PatientId) -> Result<Option<KnownPatient>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .session(&connection)
            .query(&sql::SHOW_PATIENT, &[&wanted.id(), &wanted.authority().as_str()])
            .await?;
        rows.first().map(known).transpose()
    }

    /// Patients whose name begins so, in the order of their kana; all of them without a name.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn patients(&self, name: Option<&str>, rows_max: u32) -> Result<Vec<KnownPatient>, StoreError> {
        let connection = self.connection().await?;
        let beginning = name.map(search_key).unwrap_or_default();
        let rows = self
            .session(&connection)
            .query(&sql::LIST_PATIENTS, &[&beginning, &i64::from(rows_max)])
            .await?;
        rows.iter().map(known).collect()
    }
}

fn known(row: &Row) -> Result<KnownPatient, StoreError> {
    const TABLE: &str = "patient";
    let surviving: Option<&str> = read(row, 3, TABLE, "id")?;
    Ok(KnownPatient {
        key: read(row, 0, TABLE, "key")?,
        patient: patient(read(row, 1, TABLE, "id")?, read(row, 2, TABLE, "authority")?)?,
        surviving: match surviving {
            Some(id) => Some(patient(id, read(row, 4, TABLE, "authority")?)?),
            None => None,
        },
        demographics: Demographics {
            ideographic: read(row, 5, TABLE, "ideographic")?,
            phonetic: read(row, 6, TABLE, "phonetic")?,
            alphabetic: read(row, 7, TABLE, "alphabetic")?,
            plain: read(row, 8, TABLE, "plain")?,
            birth_date: read(row, 9, TABLE, "birth_date")?,
            sex: read(row, 10, TABLE, "sex")?,
        },
    })
}
