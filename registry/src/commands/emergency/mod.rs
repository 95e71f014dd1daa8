//! `emergency`: break-glass sessions 緊急時アクセス, and what people have to do after one (Article 27(1)(2), rules B5 to B8).
//!
//! Every verb is told in the journal: a change with it, a look before anything is shown.

mod act;
mod arguments;
mod look;
#[cfg(test)]
mod tests;
mod words;

use registry_core::records::TaskKind;
use registry_store::{Instrument, KnownTask, Store, StoreError};
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::version::{InstrumentKind, Version};
use xds_policy::words::InstrumentId;
use xds_server::lang::{Lang, Say};

use super::Done;
use super::arguments::By;
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;

pub(super) use arguments::EmergencyCommand;
pub(super) use words::JAPANESE;

/// Does what the verb says.
pub(super) async fn run(config: &Config, command: EmergencyCommand, by: &By, output: Output) -> Done {
    let change = change(by);
    let change = &change;
    with_store(config, async |store| match command {
        EmergencyCommand::List { all } => look::list(&store, all, change, output).await,
        EmergencyCommand::Show { session } => look::show(&store, &session, change, output).await,
        EmergencyCommand::Review {
            session,
            outcome,
            text,
        } => act::review(&store, &session, outcome.into(), &text, change, output).await,
        EmergencyCommand::Notified(arguments) => act::notified(&store, &arguments, change, output).await,
    })
    .await
}

/// The latest version of a session, if there is such.
async fn session(store: &Store, id: &str) -> Result<Option<Version<BreakGlassSession>>, StoreError> {
    let kind = InstrumentKind::BreakGlassSession;
    let history = store
        .instrument_history(kind, &InstrumentId(id.to_owned()))
        .await?;
    Ok(history.into_iter().rev().find_map(|known| match known {
        Instrument::BreakGlassSession(version) => Some(version),
        _ => None,
    }))
}

fn missing(id: &str, output: Output) -> NotThere {
    let say = Say::new(
        format!("緊急時アクセス {id} はありません。"),
        format!("there is no break-glass session {id}"),
    );
    NotThere::new(output, &say)
}

/// What has to be done, in words.
fn kind(kind: TaskKind, lang: Lang) -> &'static str {
    let [ja, en] = match kind {
        TaskKind::TellAuthor => ["作成機関への通知", "tell the author institution"],
        TaskKind::TellOperator => ["運営主体への通知", "tell the operator"],
        TaskKind::TellPrivacyOfficer => ["個人情報保護責任者への通知", "tell the privacy officer"],
        TaskKind::TellPatient => ["患者への通知", "tell the patient"],
        TaskKind::Review => ["本人以外による点検", "review by somebody else"],
    };
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}

/// Where a task stands, in words.
fn state(task: &KnownTask, now: time::OffsetDateTime, lang: Lang) -> &'static str {
    let [ja, en] = match (task.done_at.is_some(), task.is_late(now)) {
        (true, _) => ["済", "done"],
        (false, true) => ["期限超過", "overdue"],
        (false, false) => ["未", "to do"],
    };
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}
