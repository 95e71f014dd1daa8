//! The registry's use cases, pure: what a request needs to know, what it may change, what it may see.
//!
//! No I/O, no clock, no SQL, no XML. The store loads the facts that a decision needs, a function of
//! this crate turns facts and request into changes or faults, and the store applies the changes in the
//! same transaction:
//!
//! ```text
//! ITI-42  ReceivedSubmission -> FactsWanted -> Facts -> register::decide -> Changes
//! ITI-18  StoredQuery -> plan::plan -> Plan -> Candidates -> answer::answer -> Answer
//! ITI-8   Feed -> patient::feed -> PatientChanges
//! answers Disclosure, Facts -> records::written -> Entries, Tasks
//! ```

pub mod answer;
pub mod asking;
pub mod codes;
pub mod decisions;
pub mod facts;
pub mod ledger;
pub mod object;
pub mod patient;
pub mod persons;
pub mod plan;
pub mod policy_facts;
pub mod records;
pub mod register;
pub mod replay;
pub mod view;

pub use answer::{Answer, AnswerObject, Candidates, Ends, answer};
pub use codes::{AffinityDomain, CodeFile};
pub use facts::{Facts, FactsWanted};
pub use ledger::Directory;
pub use object::{BodyEncoder, ObjectKind};
pub use persons::{Person, Persons};
pub use plan::{Plan, plan};
pub use register::{Changes, Context, Refusal};
pub use view::Viewer;
