//! `audit search`

use registry_trail::report::Directory;
use registry_trail::{Found, Page, Position, Question};
use serde_json::json;
use xds_model::Clock;
use xds_model::time::System;
use xds_server::lang::{Lang, Say};

use super::arguments::SearchArguments;
use super::event;
use super::index_state::{IndexState, index_state};
use super::names::directory;
use super::question::{asked, question};
use super::session::{tell, with_trail};
use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::output::{Output, table};
use crate::config::Config;
use crate::trail::TrailRole;

pub(super) async fn run(config: &Config, arguments: SearchArguments, by: &By, output: Output) -> Done {
    let (limit, after) = (usize::from(arguments.limit), arguments.after);
    let question = question(config, arguments.question)?;
    question.check()?;
    with_trail(config, TrailRole::Reader, async |store, trail| {
        let subject = asked(&question).with("limit", Some(limit)).with("after", after);
        tell(&store, by, "audit search", &subject.0, patients(&question)).await?;
        let found = trail.search(&question, Page { rows: limit, after }).await?;
        let state = index_state(&trail, &config.audit.journal, System.now()).await?;
        let directory = directory(&store).await?;
        let answer = Answer {
            next: (found.len() >= limit)
                .then(|| found.last().map(|last| last.position))
                .flatten(),
            found,
            state,
        };
        let text = Say::new(
            answer.text(&directory, Lang::Ja),
            answer.text(&directory, Lang::En),
        );
        Ok(output.verdict(output.lang.pick(&text), &answer.value(), true))
    })
    .await
}

/// Whom the look concerns: the patient asked for. Others are among the events that the question itself names.
fn patients(question: &Question) -> Vec<String> {
    question.patient.iter().cloned().collect()
}

/// A page.
struct Answer {
    found: Vec<Found>,
    /// Where the next page begins, if this one is full.
    next: Option<Position>,
    state: IndexState,
}

impl Answer {
    fn value(&self) -> serde_json::Value {
        json!({
            "events": self.found.iter().map(Found::value).collect::<Vec<_>>(),
            "next": self.next.map(|next| next.to_string()),
            "index": self.state,
        })
    }

    fn text(&self, directory: &Directory, lang: Lang) -> String {
        let pick = |ja: String, en: String| lang.pick(&Say::new(ja, en)).to_owned();
        let count = self.found.len();
        let mut text = if count == 0 {
            pick(
                "該当する事象はありません。".to_owned(),
                "No event was found.".to_owned(),
            )
        } else {
            let rows = self.found.iter().map(|found| event::row(found, directory, lang));
            table(event::headings(lang), rows.collect())
        };
        text += "\n";
        text += &match self.next {
            Some(next) => pick(
                format!("{count} 件。続きは同じ条件に --after {next} を付けて表示します。"),
                format!("{count} events. For the next page ask the same with --after {next}"),
            ),
            None => pick(format!("{count} 件。"), format!("{count} events.")),
        };
        text += "\n";
        text += lang.pick(&self.state.say());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::audit::index_state::Missing;

    #[test]
    fn an_answer_says_how_to_go_on_and_up_to_when_it_reaches() {
        let found = event::tests::found();
        let state = IndexState {
            latest: Some(found.told.began.at),
            missing: Some(Missing {
                events: 3,
                since: Some(found.told.began.at),
            }),
        };
        let mut answer = Answer {
            next: Some(found.position),
            found: vec![found],
            state,
        };
        let text = answer.text(&Directory::default(), Lang::Ja);
        assert!(text.contains("--after 1795482123000000.1.42.0"), "{text}");
        assert!(
            text.contains("2026-11-24 10:02:03(日本時間)") && text.contains("3 件が、まだ"),
            "{text}"
        );
        let value = answer.value();
        assert_eq!(value["next"], "1795482123000000.1.42.0");
        assert_eq!(value["index"]["missing"]["events"], 3);
        answer.next = None;
        let text = answer.text(&Directory::default(), Lang::En);
        assert!(!text.contains("--after") && text.contains("1 events."), "{text}");
        assert_eq!(answer.value()["next"], serde_json::Value::Null);
    }
}
