//! The registry's store on PostgreSQL.
//!
//! [`Store`] is the one door to the database: it lends connections from a bounded pool, runs named
//! transactions, and repeats them when the server asks for it. It sees no XML: objects are key columns
//! and a body of bytes. Every statement stands in [`statements`], opens with its name for the server's
//! logs, and is explained by a test.

mod apply;
mod change;
mod codes;
mod config;
mod error;
mod facts;
mod find;
mod instruments;
mod known_patients;
mod ledger;
mod mark;
mod migrate;
mod patient;
mod persons;
mod pool;
mod records;
mod replay;
mod retrieval;
mod row;
mod session;
mod settings;
mod sql;
mod submit;
mod surroundings;
mod tx;

pub use change::{Change, Deed, OwedAct, Telling};
pub use codes::{ImportedCodeFile, StoredCodeFile};
pub use config::{Endpoint, StatementMode, StoreConfig};
pub use error::{Busy, StoreError};
pub use instruments::{
    DraftError, EVIDENCE_BYTES_MAX, EvidenceError, EvidenceFolder, IMPORT_VERSIONS_MAX, ImportPlan, Imported,
    InLaw, Instrument, InstrumentError, PROPOSALS_MAX, Proposal,
};
pub use mark::AuditMark;
pub use migrate::{Migrated, MigrationError, SCHEMA_VERSIONS, grants};
pub use patient::{FedPatients, KnownPatient};
pub use pool::{PoolStatus, Store};
pub use records::{
    FaultyStrand, KeptRecord, KnownTask, LedgerRange, NewTask, Opened, PatientRange, RecordName,
    RecordNameError, RecordsError, StrandName, TaskCount, Verified,
};
pub use retrieval::{Retrievable, Submitted};
pub use settings::{DomainSettings, SettingError, StoredSetting};
pub use sql::{Statement, statements};
pub use tx::{Observer, TransactionReport};
