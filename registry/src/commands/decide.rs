//! `decide`: what would be decided, from files alone. Described in `docs/decide.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use time::format_description::well_known::Rfc3339;
use xds_policy::basis::Basis;
use xds_policy::calendar::japan;
use xds_policy::decision::{Decision, Denial, Permit};
use xds_policy::engine;
use xds_policy::format::{self, FormatError};
use xds_policy::ledger::Facts;
use xds_policy::obligations::Obligation;
use xds_policy::reasons::Reason;
use xds_policy::version::InstrumentRef;
use xds_server::lang::{Lang, Say};

use super::output::Output;

/// Exit status of a denial. A permit has 0, and what cannot be read 2.
const DENIED: u8 = 3;
const UNREADABLE: u8 = 2;

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
enum DecideError {
    /// A file cannot be read.
    #[error("{}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something else.
    #[error("{}", file.display())]
    Format {
        /// Which.
        file: PathBuf,
        /// Why.
        source: FormatError,
    },
}

/// Decides, and prints the decision.
pub(super) fn run(domain: &Path, request: &Path, output: Output) -> ExitCode {
    match decide(domain, request) {
        Ok(decision) => {
            let say = Say {
                ja: explain(&decision, Lang::Ja),
                en: explain(&decision, Lang::En),
            };
            output.result(&say, &decision);
            if decision.is_permit() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(DENIED)
            }
        }
        Err(error) => {
            output.failure(&error);
            ExitCode::from(UNREADABLE)
        }
    }
}

fn decide(domain: &Path, request: &Path) -> Result<Decision, DecideError> {
    let domain = read(domain, format::from_str)?;
    let question = read(request, format::question_from_str)?;
    let (ledger, patient) = domain.into_facts();
    let facts = Facts {
        ledger: &ledger,
        patient: &patient,
    };
    Ok(engine::decide(facts, &question.request, &question.document))
}

fn read<T>(file: &Path, parse: impl Fn(&str) -> Result<T, FormatError>) -> Result<T, DecideError> {
    let text = fs::read_to_string(file).map_err(|source| DecideError::File {
        file: file.to_owned(),
        source,
    })?;
    parse(&text).map_err(|source| DecideError::Format {
        file: file.to_owned(),
        source,
    })
}

fn explain(decision: &Decision, lang: Lang) -> String {
    let text = match decision {
        Decision::Permit(permit) => permitted(permit, lang),
        Decision::Deny(denial) => denied(denial, lang),
    };
    text.trim_end().to_owned()
}

fn permitted(permit: &Permit, lang: Lang) -> String {
    let (head, rests_on, duties) = match lang {
        Lang::Ja => ("許可", "根拠となる文書", "義務"),
        Lang::En => ("permit", "rests on", "obligations"),
    };
    let mut text = format!("{head}: {}\n", basis(permit.basis, lang));
    line(&mut text, &format!("{rests_on}: {}", named(&permit.instrument)));
    line(&mut text, &format!("{duties}:"));
    for duty in permit.obligations.iter() {
        line(&mut text, &format!("  - {}", obligation(*duty, lang)));
    }
    text
}

fn denied(denial: &Denial, lang: Lang) -> String {
    let code = denial.code.code();
    let head = match lang {
        Lang::Ja => "不許可",
        Lang::En => "deny",
    };
    let mut text = format!("{head}: {code}\n");
    if let Some(shut) = denial.reason {
        line(&mut text, &reason(shut, lang));
    }
    for tried in &denial.why {
        let against = tried
            .instrument
            .as_ref()
            .map_or_else(String::new, |instrument| format!(" — {}", named(instrument)));
        let why = format!(
            "  {}: {}{against}",
            basis(tried.basis, lang),
            reason(tried.reason, lang)
        );
        line(&mut text, &why);
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn basis(basis: Basis, lang: Lang) -> String {
    let name = match lang {
        Lang::Ja => basis.ja(),
        Lang::En => basis.en(),
    };
    format!("{} {name}", basis.code())
}

fn reason(reason: Reason, lang: Lang) -> String {
    let text = match lang {
        Lang::Ja => reason.ja(),
        Lang::En => reason.en(),
    };
    format!("[{}] {text}", reason.code())
}

fn obligation(duty: Obligation, lang: Lang) -> String {
    let text = match lang {
        Lang::Ja => duty.ja(),
        Lang::En => duty.en(),
    };
    let in_japan = duty.instant().and_then(|at| at.checked_to_offset(japan()));
    match in_japan.and_then(|at| at.format(&Rfc3339).ok()) {
        Some(at) => format!("{text} ({at})"),
        None => text.to_owned(),
    }
}

fn named(instrument: &InstrumentRef) -> String {
    let InstrumentRef {
        kind,
        id,
        version,
        hash,
    } = instrument;
    format!("{} {id} v{version} (sha256 {hash})", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(domain: &str, request: &str) -> (String, String) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/decide");
        let (domain, request) = (folder.join(domain), folder.join(request));
        let output = Output {
            json: true,
            lang: Lang::En,
        };
        let status = format!("{:?}", run(&domain, &request, output));
        let text = decide(&domain, &request).map_or_else(
            |error| format!("{error}"),
            |decision| explain(&decision, Lang::Ja) + &explain(&decision, Lang::En),
        );
        (status, text)
    }

    fn status(code: u8) -> String {
        format!("{:?}", ExitCode::from(code))
    }

    #[test]
    fn a_permit_says_what_it_rests_on() {
        let (code, text) = asked("domain.json", "joint.request.json");
        assert_eq!(code, status(0));
        for part in [
            "許可: JOINT 共同利用",
            "permit: JOINT joint use",
            "joint_use_agreement JA-1 v1",
        ] {
            assert!(text.contains(part), "{text}");
        }
        // A deadline is in Japan's time.
        assert!(text.contains("2026-12-19T12:00:00+09:00"), "{text}");
    }

    #[test]
    fn a_denial_says_why_by_basis() {
        let (code, text) = asked("domain.json", "deny-refused.request.json");
        assert_eq!(code, status(DENIED));
        for part in [
            "不許可: no-basis",
            "JOINT joint use: [refused-document]",
            "患者がこの文書の提供を拒否",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let (code, text) = asked("domain.json", "deny-role.request.json");
        assert_eq!(code, status(DENIED));
        assert!(
            text.contains("deny: role") && text.contains("[role-class]"),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_answer() {
        let (code, _) = asked("nothing.json", "joint.request.json");
        assert_eq!(code, status(UNREADABLE));
        let (code, text) = asked("domain.json", "joint.answer.json");
        assert_eq!(code, status(UNREADABLE));
        assert!(text.contains("joint.answer.json"), "{text}");
    }
}
