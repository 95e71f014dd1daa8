//! Registry Stored Query, ITI-18 (ITI TF-2, 3.18): requests read and built, answers written and read.

mod builder;
pub mod parameters;
mod request;
mod response;
mod scan;
mod values;

pub use builder::QueryBuilder;
pub use request::{QueryLimits, raw_query, read_query};
pub use response::{
    QueryResponse, read_query_response, write_response_end, write_response_start, write_response_start_of,
    write_response_without_objects,
};
