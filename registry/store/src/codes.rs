//! Code files: imported as they are, kept in every version, read when the lists are needed.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use registry_core::codes::{AffinityDomain, CodeFile, CodeFileError, UnknownCodes};
use serde_json::{Map, Value};

use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

/// A code file to be imported.
#[derive(Clone, Debug)]
pub struct ImportedCodeFile {
    /// The name that it is kept and replaced under.
    pub name: String,
    /// Its text.
    json: String,
}

impl ImportedCodeFile {
    /// A file that can be read.
    ///
    /// # Errors
    /// When it cannot.
    pub fn new(name: String, json: String) -> Result<Self, CodeFileError> {
        CodeFile::parse(&json)?;
        Ok(Self { name, json })
    }
}

/// A code file in force.
#[derive(Clone, Debug)]
pub struct StoredCodeFile {
    /// Its name.
    pub name: String,
    /// Counted from 1 for each name.
    pub version: i32,
    /// What it says.
    pub file: CodeFile,
}

impl Store {
    /// Imports code files together; each replaces the one of its name.
    ///
    /// # Errors
    /// When the database cannot do it; then none is imported.
    pub async fn import_code_files(
        &self,
        files: &[ImportedCodeFile],
        change: &Change,
    ) -> Result<(), StoreError> {
        let files: Vec<_> = (files.iter())
            .map(|file| (file.name.as_str(), Some(file.json.as_str())))
            .collect();
        self.put_code_files("codes import", &files, change).await
    }

    /// Takes a code file out of force; its versions stay on record.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn remove_code_file(&self, name: &str, change: &Change) -> Result<(), StoreError> {
        self.put_code_files("codes remove", &[(name, None)], change).await
    }

    async fn put_code_files(
        &self,
        what: &str,
        files: &[(&str, Option<&str>)],
        change: &Change,
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let hashed: Vec<(&str, Option<Digest>)> = files
            .iter()
            .map(|(name, json)| (*name, json.map(|json| digest(&SHA256, json.as_bytes()))))
            .collect();
        self.run_tx("put_code_files", || async {
            let mut connection = self.connection().await?;
            let transaction = self.begin(&mut connection).await?;
            let session = self.within(&transaction);
            session.query(&sql::LOCK_DOMAIN, &[]).await?;
            let deed = Deed::new(what, &names.join(" ")).with(before(session, &names).await?, after(&hashed));
            change::record(session, change, &deed).await?;
            for ((name, json), (_, hash)) in files.iter().zip(&hashed) {
                let hash = hash.as_ref().map(AsRef::as_ref);
                session
                    .execute(&sql::ADD_CODE_FILE, &[name, &hash, json, &change.id])
                    .await?;
            }
            commit(transaction).await
        })
        .await
    }

    /// The code files in force.
    ///
    /// # Errors
    /// When the database cannot do it, or a file cannot be read any more.
    pub async fn code_files(&self) -> Result<Vec<StoredCodeFile>, StoreError> {
        const TABLE: &str = "code_file";
        let connection = self.connection().await?;
        let rows = self.session(&connection).query(&sql::CODE_FILES, &[]).await?;
        let mut files = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(json) = read::<Option<&str>>(row, 2, TABLE, "content")? {
                files.push(StoredCodeFile {
                    name: read(row, 0, TABLE, "name")?,
                    version: read(row, 1, TABLE, "version")?,
                    file: CodeFile::parse(json).map_err(|_| StoreError::row(TABLE, "content"))?,
                });
            }
        }
        Ok(files)
    }

    /// The affinity domain: all code files in force together.
    ///
    /// # Errors
    /// As [`Store::code_files`].
    pub async fn affinity_domain(&self, unknown_codes: UnknownCodes) -> Result<AffinityDomain, StoreError> {
        let files = self.code_files().await?;
        let files = files.iter().map(|stored| &stored.file);
        Ok(AffinityDomain::combine(files, unknown_codes))
    }
}

/// The SHA-256 of each of these files in force; none of one that is not there.
async fn before(session: Session<'_>, names: &[&str]) -> Result<Option<Value>, StoreError> {
    const TABLE: &str = "code_file";
    let rows = session.query(&sql::CODE_HASHES, &[&names]).await?;
    let mut hashes = Map::new();
    for row in &rows {
        let hash: Option<String> = read(row, 1, TABLE, "sha256")?;
        hashes.insert(read(row, 0, TABLE, "name")?, hash.into());
    }
    Ok((!hashes.is_empty()).then_some(Value::Object(hashes)))
}

fn after(files: &[(&str, Option<Digest>)]) -> Option<Value> {
    let hex = |hash: &Digest| {
        hash.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let hashes = files
        .iter()
        .map(|(name, hash)| ((*name).to_owned(), hash.as_ref().map(hex).into()));
    Some(Value::Object(hashes.collect()))
}
