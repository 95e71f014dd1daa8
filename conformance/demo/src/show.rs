//! Progress and the steps: what is shown while the demo runs, and what is counted for the table at its end.

use std::fmt::Display;
use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use xds_server::lang::{Lang, Say};

/// Wrong results of one step that are shown; the rest is counted only.
const WRONG_SHOWN_MAX: usize = 8;

/// What the demo says, and the steps that are done.
pub(crate) struct Show {
    lang: Lang,
    is_terminal: bool,
    steps: Vec<Step>,
}

/// One step: what was done, how often it came out right, and how long it took.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What was done.
    pub(crate) title: Say,
    /// Results that there must be; fewer mean that the step was broken off.
    pub(crate) expected: usize,
    /// Results that were as they must be.
    pub(crate) right: usize,
    /// Results that were not, each in words.
    pub(crate) wrong: Vec<String>,
    /// The whole step.
    pub(crate) total: Duration,
    /// Each request.
    pub(crate) requests: Vec<Duration>,
}

impl Step {
    /// Whether there is nothing wrong and nothing missing.
    pub(crate) fn is_right(&self) -> bool {
        self.wrong.is_empty() && self.right >= self.expected
    }

    /// The middle of the requests' times.
    pub(crate) fn median(&self) -> Option<Duration> {
        let mut times = self.requests.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }
}

impl Show {
    /// Nothing shown yet.
    pub(crate) fn new(lang: Lang) -> Self {
        Self {
            lang,
            is_terminal: io::stderr().is_terminal(),
            steps: Vec::new(),
        }
    }

    /// The language of what is shown.
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// A line of its own.
    pub(crate) fn line(&self, text: impl Display) {
        // Nobody may be listening; the exit status says it too.
        let _ = writeln!(io::stdout(), "{text}");
    }

    /// A line of its own in the language of the demo.
    pub(crate) fn say(&self, ja: impl Into<String>, en: impl Into<String>) {
        self.line(self.lang.pick(&Say::new(ja, en)));
    }

    /// Begins a step of so many results.
    pub(crate) fn step(&mut self, ja: &str, en: &str, expected: usize) -> Running<'_> {
        let title = Say::new(ja, en);
        let bar = if self.is_terminal {
            ProgressBar::new(expected as u64)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("  {msg} {bar:24} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(self.lang.pick(&title).to_owned());
        Running {
            show: self,
            step: Step {
                title,
                expected,
                right: 0,
                wrong: Vec::new(),
                total: Duration::ZERO,
                requests: Vec::new(),
            },
            bar,
            began: Instant::now(),
        }
    }

    /// The steps that are done.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether every result of every step was right.
    pub(crate) fn all_right(&self) -> bool {
        self.steps.iter().all(Step::is_right)
    }
}

/// A step that is going on. It counts when it is dropped, however it ends.
pub(crate) struct Running<'s> {
    show: &'s mut Show,
    step: Step,
    bar: ProgressBar,
    began: Instant,
}

impl Running<'_> {
    /// The title, to say where the demo stopped.
    pub(crate) fn title(&self) -> String {
        self.show.lang.pick(&self.step.title).to_owned()
    }

    /// A result that is as it must be.
    pub(crate) fn right(&mut self) {
        self.step.right += 1;
        self.bar.inc(1);
    }

    /// A result that is not.
    pub(crate) fn wrong(&mut self, expected: Say, came: impl Display) {
        let text = match self.show.lang {
            Lang::Ja => format!("期待: {}。実際: {came}", expected.ja),
            Lang::En => format!("expected: {}; came: {came}", expected.en),
        };
        self.step.wrong.push(text);
        self.bar.inc(1);
    }

    /// A result, right or wrong.
    pub(crate) fn check(&mut self, right: bool, expected: impl FnOnce() -> Say, came: impl Display) {
        match right {
            true => self.right(),
            false => self.wrong(expected(), came),
        }
    }

    /// Waits for a request and keeps its time.
    pub(crate) async fn timed<T>(&mut self, request: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let result = request.await;
        self.step.requests.push(began.elapsed());
        result
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.step.total = self.began.elapsed();
        self.bar.finish_and_clear();
        let mark = if self.step.is_right() { "✓" } else { "✗" };
        let seconds = self.step.total.as_secs_f64();
        let of = self.step.expected.max(self.step.right + self.step.wrong.len());
        self.show.line(format!(
            "  {mark} {} {}/{of} ({seconds:.2} s)",
            self.title(),
            self.step.right
        ));
        for wrong in self.step.wrong.iter().take(WRONG_SHOWN_MAX) {
            self.show.line(format!("      {wrong}"));
        }
        let step = self.step.clone();
        self.show.steps.push(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_result_makes_the_whole_wrong() {
        let mut show = Show::new(Lang::En);
        show.step("あ", "a", 1).right();
        assert!(show.all_right());
        drop(show.step("う", "c", 1));
        assert!(!show.all_right(), "a step that was broken off");
        let mut show = Show::new(Lang::En);
        show.step("い", "b", 1).wrong(Say::new("x", "x"), "y");
        assert!(!show.all_right());
        assert_eq!(show.steps().last().unwrap().wrong, ["expected: x; came: y"]);
    }

    #[test]
    fn the_median_is_the_middle() {
        let milliseconds = |times: &[u64]| Step {
            title: Say::new("", ""),
            expected: 0,
            right: 0,
            wrong: Vec::new(),
            total: Duration::ZERO,
            requests: times.iter().copied().map(Duration::from_millis).collect(),
        };
        assert_eq!(milliseconds(&[]).median(), None);
        assert_eq!(milliseconds(&[9, 1, 3]).median(), Some(Duration::from_millis(3)));
    }
}
