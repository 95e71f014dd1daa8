//! Delivery to a receiver that acknowledges: the cursor moves when it says that it has a message.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use super::aside::Aside;
use super::poster::{Poster, Verdict};
use super::status::Trouble;
use super::task::{Next, Task};
use super::window::{Fate, Line};

/// What is known of refusals.
#[derive(Debug)]
pub(super) struct Refusals {
    /// How often a message was refused that is not set aside yet.
    counts: BTreeMap<String, u32>,
    aside: Aside,
}

impl Refusals {
    pub(super) fn new(aside: Aside) -> Self {
        Self {
            counts: BTreeMap::new(),
            aside,
        }
    }

    fn count(&mut self, message: &str) -> u32 {
        let count = self.counts.entry(message.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

impl Task {
    /// Posts what is owed until it is told to stop.
    pub(super) async fn posts(&mut self, poster: &Arc<dyn Poster>) -> Result<Next, Trouble> {
        loop {
            self.fill().await;
            let lines = self.take_lines();
            if lines.is_empty() {
                if self.is_stopping() {
                    return Ok(Next::Stop);
                }
                self.save_if_due().await;
                self.wait(pending(), None).await?;
                continue;
            }
            let messages = lines.iter().map(|line| line.text.clone()).collect();
            let verdicts = poster.post(messages).await?;
            self.shared.lock().connected = true;
            self.judge(&lines, &verdicts).await?;
            self.save_if_due().await;
        }
    }

    /// What is taken, or set aside, is owed no more; for the rest there is a pause.
    async fn judge(&mut self, lines: &[Line], verdicts: &[Verdict]) -> Result<(), Trouble> {
        if verdicts.len() != lines.len() {
            return Err(Trouble::Answer);
        }
        // Who has never taken anything may be no Audit Record Repository at all: then it is not the message's fault.
        let is_proven = self.window.cursor().delivered > 0 || verdicts.contains(&Verdict::Taken);
        let (mut fates, mut trouble) = (Vec::with_capacity(lines.len()), None);
        for (line, verdict) in lines.iter().zip(verdicts) {
            let fate = match verdict {
                Verdict::Taken => Ok(Fate::Delivered),
                Verdict::Later => Err(Trouble::Status),
                Verdict::Refused { status } => self.refused(line, *status, is_proven).await,
            };
            fates.push(fate.unwrap_or_else(|why| {
                trouble = Some(why);
                Fate::Owed
            }));
        }
        self.settle_lines(&fates);
        trouble.map_or(Ok(()), Err)
    }

    async fn refused(&mut self, line: &Line, status: u16, is_proven: bool) -> Result<Fate, Trouble> {
        let count = self.refusals.count(&line.text);
        if !is_proven || count < self.limits().refusals_max {
            return Err(Trouble::Refused);
        }
        let (aside, sequence, text) = (self.refusals.aside.clone(), line.sequence, line.text.clone());
        let putting = tokio::task::spawn_blocking(move || aside.put(sequence, &text));
        match putting.await.map_err(|_| Trouble::Aside)? {
            Ok(path) => {
                self.refusals.counts.remove(&line.text);
                tracing::error!(
                    destination = %self.name(),
                    status,
                    sequence,
                    file = %path.display(),
                    "alarm: an Audit Record Repository refuses a message for good; it is set aside in a file"
                );
                self.shared.lock().set_aside += 1;
                Ok(Fate::SetAside)
            }
            Err(error) => {
                tracing::error!(destination = %self.name(), %error, "alarm: a refused audit message cannot be set aside");
                Err(Trouble::Aside)
            }
        }
    }
}
