//! Every verb of the command line is told in the journal, or works on files that its user has already, or is on the
//! list of those that need not be told. That list may only shrink.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::arguments::Arguments;

/// Verbs whose events commands owe: see `crate::acts`.
const TOLD: &[&str] = &[
    "agreement impact",
    "agreement validate",
    "audit expire",
    "audit report month",
    "audit report patient",
    "audit report sign",
    "audit search",
    "audit show",
    "codes import",
    "codes remove",
    "domain export",
    "domain import",
    "emergency list",
    "emergency notified",
    "emergency review",
    "emergency show",
    "instrument add",
    "instrument end",
    "instrument history",
    "instrument list",
    "instrument show",
    "instrument validate",
    "migrate",
    "node add",
    "node end",
    "org add",
    "org end",
    "paper consent-form",
    "paper notice",
    "paper responsibility",
    "patient add",
    "patient list",
    "patient show",
    "record expire",
    "record list",
    "record month",
    "record patient",
    "record received",
    "record show",
    "record verify",
    "setting set",
];

/// Verbs that read files which their user names and has already, and nothing of the running system: a third party has
/// them too.
const OFFLINE: &[&str] = &[
    "audit check-proof",
    "audit prove",
    "audit verify",
    "check-config",
    // From files; `decide --replay` is told, with the patients concerned (crate::commands::replay).
    "decide",
];

/// Verbs that touch neither patient data nor configuration, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("serve", "tells of its start, its stop and every request itself"),
    ("doctor", "looks at files, clock and disk; changes nothing"),
    ("org list", "shows who takes part; no patients"),
    ("org show", "shows who takes part; no patients"),
    ("node list", "shows who takes part; no patients"),
    ("node show", "shows who takes part; no patients"),
    ("codes list", "shows names and sizes of code lists"),
    ("setting list", "shows settings"),
    ("audit seal", "changes the form of segments, not what they say"),
];

#[test]
fn aud_11_every_verb_is_told_or_a_known_exception() {
    let mut verbs = BTreeSet::new();
    leaves(&Arguments::command(), "", &mut verbs);
    let known: BTreeSet<String> = TOLD
        .iter()
        .chain(OFFLINE)
        .copied()
        .chain(EXCEPTIONS.iter().map(|(verb, _)| *verb))
        .map(str::to_owned)
        .collect();
    let unknown: Vec<_> = verbs.difference(&known).collect();
    assert!(unknown.is_empty(), "verbs without an event: {unknown:?}");
    assert_eq!(EXCEPTIONS.len(), 9, "the list of exceptions may only shrink");
}

fn leaves(command: &clap::Command, path: &str, verbs: &mut BTreeSet<String>) {
    for sub in command.get_subcommands() {
        let verb = format!("{path} {}", sub.get_name()).trim().to_owned();
        if sub.has_subcommands() {
            leaves(sub, &verb, verbs);
        } else {
            verbs.insert(verb);
        }
    }
}
