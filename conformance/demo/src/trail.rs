//! Step 8: one patient's trail, from publication to each opening, and whether the journals are whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use time::UtcOffset;
use time::macros::format_description;
use xds_audit::{EventKind, Follower, Told};
use xds_model::Transaction;
use xds_server::lang::{Lang, Say};

use crate::commands::Commands;
use crate::folders::Folders;
use crate::network::{PATIENTS, Patient};
use crate::show::Show;
use crate::stopped::Stopped;
use crate::story::basis;

/// Events shown at most: the rest is counted.
const SHOWN_MAX: usize = 40;
const SERVERS: [&str; 2] = ["registry", "repository"];

/// Shows the first patient's trail, verifies both journals, and verifies a copy in which one byte was changed.
pub(crate) fn show_trail(commands: &Commands<'_>, show: &mut Show) -> Result<(), Stopped> {
    let folders = commands.folders;
    if let Some(patient) = PATIENTS.first() {
        one_patient(folders, patient, show)?;
    }
    verify(commands, show)
}

fn one_patient(folders: &Folders, patient: &Patient, show: &mut Show) -> Result<(), Stopped> {
    let id = patient.id();
    let mut told = Vec::new();
    for server in SERVERS {
        let events = events(&folders.journal(server), &id).map_err(|error| {
            Stopped::new(
                Say::new("ジャーナルを読めること", "the journal can be read"),
                error,
            )
        })?;
        told.extend(events.into_iter().map(|event| (server, event)));
    }
    told.sort_by_key(|(_, told)| told.began.at);
    let is_of = |told: &Told, transaction: Transaction| matches!(&told.event.opening.kind, EventKind::Received { transaction: known, .. } if *known == transaction);
    let mut step = show.step(
        "患者1人の履歴を監査記録からたどる",
        "follow one patient through the audit trail",
        3,
    );
    for transaction in [Transaction::Iti41, Transaction::Iti18, Transaction::Iti43] {
        let found = told.iter().any(|(_, told)| is_of(told, transaction));
        let expected = || {
            let name = transaction.name();
            Say::new(
                format!("{name} の記録があること"),
                format!("there is an event of {name}"),
            )
        };
        step.check(found, expected, "none");
    }
    drop(step);
    let lang = show.lang();
    show.say(
        format!("\n患者 {id} の履歴 ({}件)", told.len()),
        format!("\nThe trail of patient {id} ({} events)", told.len()),
    );
    show.line(table(&told, lang));
    Ok(())
}

fn events(journal: &Path, patient: &str) -> Result<Vec<Told>, xds_audit::JournalError> {
    let mut follower = Follower::open(journal, 0)?;
    let mut found = Vec::new();
    while let Some(told) = follower.next()? {
        let (opening, closing) = (&told.event.opening.objects, &told.event.closing.objects);
        if opening
            .patients
            .iter()
            .chain(&closing.patients)
            .any(|known| known == patient)
        {
            found.push(told);
        }
    }
    Ok(found)
}

fn table(told: &[(&str, Told)], lang: Lang) -> String {
    let headings = [
        Say::new("時刻(日本時間)", "time (Japan)"),
        Say::new("記録した側", "written by"),
        Say::new("誰が", "who"),
        Say::new("何を", "what"),
        Say::new("根拠", "basis"),
        Say::new("結果", "outcome"),
    ];
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(headings.iter().map(|heading| lang.pick(heading)));
    for (server, told) in told.iter().take(SHOWN_MAX) {
        table.add_row(row(server, told, lang));
    }
    let left = told.len().saturating_sub(SHOWN_MAX);
    match (left, lang) {
        (0, _) => table.to_string(),
        (_, Lang::Ja) => format!("{table}\nほか{left}件"),
        (_, Lang::En) => format!("{table}\nand {left} more"),
    }
}

fn row(server: &str, told: &Told, lang: Lang) -> [String; 6] {
    let (opening, closing) = (&told.event.opening, &told.event.closing);
    let japan = UtcOffset::from_hms(9, 0, 0).unwrap_or(UtcOffset::UTC);
    let time = told
        .began
        .at
        .to_offset(japan)
        .format(format_description!(
            "[hour]:[minute]:[second].[subsecond digits:3]"
        ))
        .unwrap_or_default();
    let caller = &opening.caller;
    let user = caller.user.as_ref().map(|user| user.id.as_str());
    let node = caller.node.as_deref().or(user).unwrap_or("-");
    let organisation = caller.organisation.as_deref().unwrap_or_default();
    let bases: BTreeSet<&str> = closing
        .decisions
        .iter()
        .map(|decision| decision.basis.as_str())
        .collect();
    let bases: Vec<String> = bases
        .into_iter()
        .map(|code| lang.pick(&basis(code)).to_owned())
        .collect();
    let outcome = match closing.outcome.code() {
        0 => Say::new("成功", "success"),
        _ => Say::new("失敗", "failure"),
    };
    [
        time,
        server.to_owned(),
        format!("{node} {organisation}"),
        lang.pick(&what(&opening.kind)).to_owned(),
        bases.join(" "),
        lang.pick(&outcome).to_owned(),
    ]
}

fn what(kind: &EventKind) -> Say {
    let (transaction, sent) = match kind {
        EventKind::Received { transaction, .. } => (*transaction, false),
        EventKind::Sent { transaction, .. } => (*transaction, true),
        other => return Say::new(other.name(), other.name()),
    };
    let name = transaction.name();
    let (ja, en) = match transaction {
        Transaction::Iti8 => ("患者の登録", "patient fed"),
        Transaction::Iti18 => ("文書の検索", "documents looked for"),
        Transaction::Iti41 => ("文書の公開", "documents published"),
        Transaction::Iti42 => ("文書の登録", "documents registered"),
        Transaction::Iti43 => ("文書を開く", "documents opened"),
        Transaction::Decision => ("開示してよいかの確認", "may it be released?"),
        _ => ("問い合わせ", "question"),
    };
    let (to_ja, to_en) = if sent { ("(送信)", " (sent)") } else { ("", "") };
    Say::new(format!("{ja} {name}{to_ja}"), format!("{en} {name}{to_en}"))
}

/// `audit verify` on both journals, and on a copy in which one byte was changed.
fn verify(commands: &Commands<'_>, show: &mut Show) -> Result<(), Stopped> {
    let folders = commands.folders;
    let mut said = Vec::new();
    let mut step = show.step(
        "監査ジャーナルを検証し、1バイト変えた写しも検証する",
        "verify the audit journals, and a copy with one byte changed",
        SERVERS.len() + 1,
    );
    for server in SERVERS {
        let output = run(commands, server, &folders.journal(server), folders)?;
        let expected = || {
            Say::new(
                format!("{server} のジャーナルが完全"),
                format!("{server}'s journal is whole"),
            )
        };
        step.check(output.status.success(), expected, text(&output));
        said.push((server.to_owned(), text(&output)));
    }
    let copy = changed_copy(folders).map_err(|error| Stopped::file(&copy_folder(folders), error))?;
    let output = run(commands, "registry", &copy, folders)?;
    let expected = || Say::new("変えた写しが見破られること", "the changed copy is found out");
    step.check(output.status.code() == Some(1), expected, text(&output));
    said.push((show_name(&copy, folders), text(&output)));
    drop(step);
    for (name, text) in said {
        show.line(format!("  audit verify {name}: {text}"));
    }
    Ok(())
}

fn show_name(copy: &Path, folders: &Folders) -> String {
    copy.strip_prefix(&folders.base)
        .unwrap_or(copy)
        .display()
        .to_string()
}

fn copy_folder(folders: &Folders) -> PathBuf {
    folders.base.join("journal-changed")
}

/// A copy of the registry's journal with one byte in its middle changed.
fn changed_copy(folders: &Folders) -> std::io::Result<PathBuf> {
    let copy = copy_folder(folders);
    fs::create_dir_all(&copy)?;
    let mut largest: Option<(u64, PathBuf)> = None;
    for entry in fs::read_dir(folders.journal("registry"))? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let to = copy.join(entry.file_name());
        fs::copy(entry.path(), &to)?;
        let is_segment = to.extension().is_some_and(|extension| extension == "seg");
        let bytes = entry.metadata()?.len();
        if is_segment && largest.as_ref().is_none_or(|(most, _)| bytes > *most) {
            largest = Some((bytes, to));
        }
    }
    if let Some((_, file)) = largest {
        let mut bytes = fs::read(&file)?;
        // The segment ends with room for what comes next: a record in the middle of what is written.
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        let middle = written / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        fs::write(&file, bytes)?;
    }
    Ok(copy)
}

fn run(commands: &Commands<'_>, server: &str, journal: &Path, folders: &Folders) -> Result<Output, Stopped> {
    let binary = commands.binary(server);
    let mut key = folders.journal(server).into_os_string();
    key.push("-key.pk8.pub");
    Command::new(&binary)
        .args(["audit", "verify", "--journal"])
        .arg(journal)
        .arg("--public-key")
        .arg(key)
        .output()
        .map_err(|error| Stopped::file(&binary, error))
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).trim().to_owned()
}
