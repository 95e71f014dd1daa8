//! The ledgers of provision and receipt: what is written down when somebody gets something of somebody else.
//!
//! Articles 29 and 30 of the Act on the Protection of Personal Information have provider and receiver each keep a record
//! of a provision to a third party (第三者提供の記録、第三者提供を受ける際の確認・記録). Whether they have to depends on the
//! basis; a record is written in any case, and says whether the law demands it.
//!
//! ```text
//! Disclosure (request, decision id, released documents with their permits), Facts -> written() -> [Entry], [Task]
//! ```
//!
//! A record is a snapshot: names and addresses are those of that time. It is kept as one text, whose hash the next record
//! of the same [strand](chain) is over.

pub mod chain;
mod disclosure;
mod party;
mod record;
mod task;
mod write;

pub use disclosure::{Disclosure, Released};
pub use party::Party;
pub use record::{ConsentGiven, Entry, Item, Person, Provided, Record, RecordError, Side};
pub use task::{Task, TaskKind};
pub use write::{Written, written};
