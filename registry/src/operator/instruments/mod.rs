//! `/v1/instruments` and what belongs to it: what decisions rest on, kept like evidence. Operators only.
//!
//! A change is told in an event that is opened, with the versions before and after, when nothing is done yet; a look is
//! told before anything is shown. What is entered is judged, and kept, by `crate::instruments` and the store, as on
//! the command line.

mod bodies;
mod domain;
mod enter;
mod error;
mod evidence;
mod judge;
mod look;
mod names;
mod proposals;
mod told;

pub(super) use domain::{export, import, plan as import_plan};
pub(super) use enter::{create, end, next};
pub(super) use error::{field, of_refused};
pub(super) use evidence::{BYTES, download, upload};
pub(super) use judge::{impact, validate, validate_kept};
pub(super) use look::{history, list, of_patient, show, version};
pub(super) use names::parameters;
pub(super) use proposals::{approve, list as proposals, show as proposal, withdraw};
pub(super) use told::look as look_at;
