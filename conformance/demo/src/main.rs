//! Builds the demo network and walks through the main job.

mod assertions;
mod caller;
mod checks;
mod codes;
mod commands;
mod configuration;
mod consume;
mod documents;
mod endpoints;
mod feed;
mod folders;
mod law;
mod metadata;
mod network;
mod pki;
mod plan;
mod publish;
mod replies;
mod report;
mod servers;
mod show;
mod stopped;
mod story;
mod trail;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use tokio::signal::unix::{SignalKind, signal};
use xds_server::lang::{Lang, Say, localised};

use crate::commands::Commands;
use crate::folders::Folders;
use crate::show::Show;
use crate::stopped::Stopped;
use crate::walk::Network;

/// The demo network of Renkei: builds it, walks through the main job, and stays up until Ctrl-C.
///
/// Own CA, registry, repository, hospitals h1 and h2, clinics c1 to c3, reading centre rad. Each run starts clean.
#[derive(Debug, Parser)]
#[command(name = "renkei-demo", version)]
struct Arguments {
    /// Folder of everything that the demo makes; made empty at the start.
    #[arg(long, default_value = "var/demo")]
    directory: PathBuf,
    /// End after the walk, with exit status 0 only if every step was right.
    #[arg(long)]
    once: bool,
    /// Leave both servers running at the end; the next run stops them.
    #[arg(long)]
    keep: bool,
    /// Folder of the binaries renkei-registry and renkei-repository; this program's own unless given.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Language: ja or en. Default: RENKEI_LANG or the locale.
    #[arg(long)]
    lang: Option<Lang>,
}

const JAPANESE: &[(&str, &str)] = &[
    (
        "",
        "Renkeiのデモ環境を作り、主な業務を一通り実行し、Ctrl-Cまで動かします。",
    ),
    (
        "#directory",
        "デモが作るものすべてのフォルダー。開始時に空にします",
    ),
    ("#once", "一通り実行して終わります。すべて正しいときだけ終了状態0"),
    (
        "#keep",
        "終了時に両サーバーを動かしたままにします。次の実行が止めます",
    ),
    (
        "#binaries",
        "renkei-registry と renkei-repository のフォルダー。省略時はこのプログラムと同じ",
    ),
    ("#lang", "言語: ja または en。省略時は RENKEI_LANG かロケール"),
];

#[tokio::main]
async fn main() -> ExitCode {
    xds_tls::init_provider();
    let matches = localised(Arguments::command(), Lang::from_environment(), JAPANESE).get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let mut show = Show::new(arguments.lang.unwrap_or_else(Lang::from_environment));
    let mut network = Network::default();
    let outcome = tokio::select! {
        outcome = run(&arguments, &mut network, &mut show) => outcome,
        stopped = told_to_stop() => stopped.map(|()| End::Interrupted),
    };
    finish(&arguments, outcome, &mut network, &mut show).await
}

/// How the demo ended.
enum End {
    /// By itself.
    Done,
    /// By Ctrl-C, SIGTERM or the end of the terminal.
    Interrupted,
}

async fn run(arguments: &Arguments, network: &mut Network, show: &mut Show) -> Result<End, Stopped> {
    let folders = Folders::new(&arguments.directory)?;
    servers::stop_earlier(&folders).await;
    folders.start_clean()?;
    show.say("Renkei デモ", "Renkei demo");
    let commands = Commands {
        binaries: binaries(arguments)?,
        folders: &folders,
    };
    let ports = walk::build(&commands, network, show).await?;
    walk::main_job(&commands, ports, show).await?;
    trail::show_trail(&commands, show)?;
    show.line(report::table(show));
    let stays = arguments.keep || !arguments.once;
    show.line(show.lang().pick(&report::next(&folders, &ports, stays)));
    if arguments.once || arguments.keep {
        return Ok(End::Done);
    }
    show.say("Ctrl-C で終わります。", "Ctrl-C ends the demo.");
    Err(network.ended().await)
}

fn binaries(arguments: &Arguments) -> Result<PathBuf, Stopped> {
    if let Some(folder) = &arguments.binaries {
        return Ok(folder.clone());
    }
    let own = std::env::current_exe().map_err(|error| Stopped::file(&PathBuf::from("renkei-demo"), error))?;
    Ok(own.parent().map(PathBuf::from).unwrap_or_default())
}

async fn told_to_stop() -> Result<(), Stopped> {
    let heard = |kind| {
        signal(kind).map_err(|error| {
            Stopped::new(
                Say::new("シグナルを受け取れること", "signals can be heard"),
                error,
            )
        })
    };
    let (mut interrupt, mut terminate) = (heard(SignalKind::interrupt())?, heard(SignalKind::terminate())?);
    // The terminal was closed.
    let mut hang_up = heard(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Says why the demo stopped, stops the servers, and gives the exit status.
async fn finish(
    arguments: &Arguments,
    outcome: Result<End, Stopped>,
    network: &mut Network,
    show: &mut Show,
) -> ExitCode {
    if let Err(stopped) = &outcome {
        explain(stopped, show);
    }
    if !(arguments.keep && matches!(outcome, Ok(End::Done))) {
        network.stop(show).await;
    }
    let ended_as_asked = match outcome {
        Ok(End::Done) => true,
        // Ctrl-C is how the demo ends, unless it was to end by itself.
        Ok(End::Interrupted) => !arguments.once,
        Err(_) => false,
    };
    if ended_as_asked && show.all_right() {
        show.say("すべて正しく終わりました。", "Every step was right.");
        ExitCode::SUCCESS
    } else {
        show.say(
            "正しく終わりませんでした。上を見てください。",
            "Not everything was right: see above.",
        );
        ExitCode::FAILURE
    }
}

fn explain(stopped: &Stopped, show: &Show) {
    if let Some(step) = show.steps().iter().rev().find(|step| !step.is_right()) {
        let step = show.lang().pick(&step.title);
        show.say(
            format!("手順「{step}」で止まりました。"),
            format!("Stopped at the step \"{step}\"."),
        );
    }
    show.say(
        format!("期待: {}\n実際: {}", stopped.expected.ja, stopped.came),
        format!("expected: {}\ncame: {}", stopped.expected.en, stopped.came),
    );
    if let Some(log) = &stopped.log {
        show.say(
            format!("ログ: {}", log.display()),
            format!("log: {}", log.display()),
        );
    }
}
