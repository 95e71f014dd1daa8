//! The walk through the main job, step by step.

use std::sync::Arc;

use time::OffsetDateTime;
use xds_model::Clock;
use xds_model::time::System;
use xds_server::lang::Say;

use crate::assertions::IdentityProvider;
use crate::caller::Caller;
use crate::checks::{self, REFUSALS, Tried};
use crate::commands::{self, Commands};
use crate::configuration::{self, Ports};
use crate::consume;
use crate::endpoints::Endpoints;
use crate::feed;
use crate::folders::{self, Folders};
use crate::law;
use crate::network::{C1, FIRST, PATIENTS, SECOND};
use crate::pki;
use crate::plan::{documents, plan};
use crate::publish::{Published, publish};
use crate::replies::{self, Replies};
use crate::servers::Server;
use crate::show::Show;
use crate::stopped::Stopped;
use crate::story;

/// The clinic that finds and opens what is used jointly.
const CLINIC: &str = "c1";

/// The servers that run. Each is taken out when it is stopped.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// The registry.
    pub(crate) registry: Option<Server>,
    /// The repository.
    pub(crate) repository: Option<Server>,
}

impl Network {
    /// Stops both, the repository first: it asks the registry. A step of its own, if anything runs.
    pub(crate) async fn stop(&mut self, show: &mut Show) {
        let servers = [self.repository.take(), self.registry.take()];
        let count = servers.iter().flatten().count();
        if count == 0 {
            return;
        }
        let mut step = show.step("サーバーをSIGTERMで止める", "stop the servers by SIGTERM", count);
        for server in servers.into_iter().flatten() {
            match server.stop().await {
                Ok(()) => step.right(),
                Err(stopped) => step.wrong(stopped.expected, stopped.came),
            }
        }
    }

    /// Waits for one of them to end by itself.
    pub(crate) async fn ended(&mut self) -> Stopped {
        match (&mut self.registry, &mut self.repository) {
            (Some(registry), Some(repository)) => tokio::select! {
                stopped = registry.ended() => stopped,
                stopped = repository.ended() => stopped,
            },
            (Some(server), None) | (None, Some(server)) => server.ended().await,
            (None, None) => std::future::pending().await,
        }
    }
}

/// Certificates, configuration, servers and domain data: until both servers are ready.
pub(crate) async fn build(
    commands: &Commands<'_>,
    network: &mut Network,
    show: &mut Show,
) -> Result<Ports, Stopped> {
    let folders = commands.folders;
    let now = System.now();
    {
        let mut step = show.step(
            "認証局と証明書を作る",
            "make the CA and certificates",
            pki::RESULTS,
        );
        pki::make(&folders.pki(), now, &mut step).map_err(|error| {
            Stopped::new(Say::new("証明書を作れること", "certificates can be made"), error)
        })?;
    }
    let ports = configure(folders, show)?;
    {
        let mut step = show.step(
            "データベースを作り、レジストリを起動する",
            "make the database, start the registry",
            2,
        );
        commands.run("registry", &["migrate"]).await?;
        step.right();
        let server = Server::start("registry", &commands.binary("registry"), folders)?;
        network
            .registry
            .insert(server)
            .wait_ready(ports.registry_status)
            .await?;
        step.right();
    }
    {
        let mut step = show.step(
            "コード表、協定と契約、機関、ノード、設定を入れる",
            "enter codes, agreement and contracts, organisations, nodes, settings",
            commands::RESULTS,
        );
        commands::fill(commands, &mut step).await?;
    }
    {
        let mut step = show.step(
            "文書の鍵を作り、リポジトリを起動する",
            "make a key for documents, start the repository",
            2,
        );
        commands.run("repository", &["init"]).await?;
        step.right();
        let server = Server::start("repository", &commands.binary("repository"), folders)?;
        network
            .repository
            .insert(server)
            .wait_ready(ports.repository_status)
            .await?;
        step.right();
    }
    Ok(ports)
}

fn configure(folders: &Folders, show: &mut Show) -> Result<Ports, Stopped> {
    let mut step = show.step(
        "設定ファイルと endpoints.json を書く",
        "write the configurations and endpoints.json",
        3,
    );
    let ports = Ports::pick().map_err(|error| {
        Stopped::new(
            Say::new("空いているポートがあること", "there are free ports"),
            error,
        )
    })?;
    folders::write(
        &folders.config("registry"),
        configuration::registry(&ports).as_bytes(),
    )?;
    step.right();
    folders::write(
        &folders.config("repository"),
        configuration::repository(&ports).as_bytes(),
    )?;
    step.right();
    let file = folders.endpoints();
    let endpoints = serde_json::to_vec_pretty(&Endpoints::new(folders, &ports))
        .map_err(|error| Stopped::file(&file, error))?;
    folders::write(&file, &endpoints)?;
    step.right();
    Ok(ports)
}

/// The main job: patients, documents, queries, retrievals, refusals; and the judgement of every reply.
pub(crate) async fn main_job(commands: &Commands<'_>, ports: Ports, show: &mut Show) -> Result<(), Stopped> {
    let folders = commands.folders;
    let replies = Arc::new(Replies::new(folders.replies()));
    let caller = |name| Caller::new(name, &folders.pki(), ports, &replies);
    let first = caller(FIRST.node)?;
    let provider = IdentityProvider::open(&folders.pki())?;
    let treating = |node, organisation, user| {
        let spec = IdentityProvider::spec(organisation, user, "TREAT");
        Ok::<_, Stopped>(caller(node)?.with_assertion(provider.sign(&spec)?))
    };
    let second = treating(SECOND.node, SECOND.organisation, "watanabe")?;
    let clinic = treating(CLINIC, &C1, "sakurai")?;
    let now = System.now();

    feed::feed(
        &first,
        &mut show.step(
            "患者を登録する (ITI-8, h1)",
            "feed patients (ITI-8, h1)",
            PATIENTS.len(),
        ),
    )
    .await;
    law::enter(
        commands,
        now,
        &mut show.step(
            "患者の同意を取り込み、共同利用の掲載を確かめる",
            "take over consents, look at the published notice",
            law::RESULTS,
        ),
    )
    .await?;
    let published = publish_all(&first, &second, now, show).await;
    use_jointly(&clinic, &published, show).await;
    use_all(&second, &published, show).await;

    let plan = plan();
    if let Some(planned) = plan.first() {
        let found = consume::find_documents(planned.patient, xds_model::query::ReturnType::LeafClass);
        let entries = second.query("find-documents", &found).await;
        let entries = entries
            .map(|response| response.objects.entries)
            .unwrap_or_default();
        let tried = Tried {
            folders,
            ports,
            replies: &replies,
            publisher: &first,
            planned,
            entry: entries.first(),
            now,
        };
        let mut step = show.step(
            "拒否すべきものを拒否する",
            "refuse what must be refused",
            REFUSALS,
        );
        checks::refusals(&tried, &mut step).await?;
    }
    story::tell(commands, ports, &published, &replies, show).await?;
    judge_replies(&replies, show)
}

async fn publish_all(
    first: &Caller,
    second: &Caller,
    now: OffsetDateTime,
    show: &mut Show,
) -> Vec<Published> {
    let plan = plan();
    let count = documents(&plan);
    let mut step = show.step(
        &format!("文書{count}件を公開する (ITI-41, h1・h2)"),
        &format!("publish {count} documents (ITI-41, h1 and h2)"),
        plan.len(),
    );
    publish(&plan, &[first, second], now, &mut step).await
}

/// The clinic: everything that the agreement covers, and nothing else.
async fn use_jointly(clinic: &Caller, published: &[Published], show: &mut Show) {
    let published: Vec<Published> = published
        .iter()
        .filter(|document| law::is_used_jointly(document))
        .cloned()
        .collect();
    let mut step = show.step(
        "診療所として共同利用の文書を探す (ITI-18, c1)",
        "find what is used jointly, as a clinic (ITI-18, c1)",
        3 * PATIENTS.len(),
    );
    consume::wait_in_force(clinic, &published).await;
    let entries = consume::find(clinic, &published, &mut step).await;
    drop(step);
    let mut step = show.step(
        "診療所として開く (ITI-43, c1)",
        "open as a clinic (ITI-43, c1)",
        in_force(&published),
    );
    consume::open(clinic, &entries, &published, &mut step).await;
    drop(step);
    let sets = consume::sets(&published).len();
    let mut step = show.step(
        "提出単位をたどる (ITI-18, c1)",
        "follow submissions (ITI-18, c1)",
        sets,
    );
    consume::submission_sets(clinic, &published, &mut step).await;
    drop(step);
    let mut step = show.step(
        "差し替え、追記、フォルダーを確かめる (ITI-18, c1)",
        "check replacement, addendum, folders (ITI-18, c1)",
        checks::relation_results(&published),
    );
    checks::relations(clinic, &published, &mut step).await;
}

fn in_force(published: &[Published]) -> usize {
    published
        .iter()
        .filter(|document| !consume::is_replaced(document, published))
        .count()
}

async fn use_all(hospital: &Caller, published: &[Published], show: &mut Show) {
    let mut step = show.step(
        "病院として探す (ITI-18, h2)",
        "find as a hospital (ITI-18, h2)",
        3 * PATIENTS.len(),
    );
    let entries = consume::find(hospital, published, &mut step).await;
    drop(step);
    let mut step = show.step(
        "病院として開く (ITI-43, h2)",
        "open as a hospital (ITI-43, h2)",
        in_force(published),
    );
    consume::open(hospital, &entries, published, &mut step).await;
}

fn judge_replies(replies: &Replies, show: &mut Show) -> Result<(), Stopped> {
    let files = replies.files();
    if !replies::can_judge() {
        show.say(
            "  – xmllint がないので、応答のスキーマ検証は省きます",
            "  – xmllint is not installed: replies are not judged by the schema",
        );
        return Ok(());
    }
    let mut step = show.step(
        "応答をスキーマで検証する (xmllint)",
        "judge replies by the schema (xmllint)",
        files.len(),
    );
    for (file, complaint) in replies::judge(&files)? {
        let name = file.display().to_string();
        let expected = || Say::new(format!("{name} がスキーマに合うこと"), format!("{name} is valid"));
        step.check(complaint.is_none(), expected, complaint.unwrap_or_default());
    }
    Ok(())
}
