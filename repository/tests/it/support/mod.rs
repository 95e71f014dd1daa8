//! What the tests share.

mod fake_registry;
mod journal;
mod messages;
mod world;

pub(crate) use fake_registry::OnRegister;
pub(crate) use journal::events;
pub(crate) use messages::*;
pub(crate) use world::*;
