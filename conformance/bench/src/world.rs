//! The network that is measured, and what is in it before the first measurement.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use registry_cluster::{Cluster, ClusterOptions};
use renkei_network::{Network, Options, Pki, Program};
use tokio_postgres::NoTls;
use xds_model::Clock;
use xds_model::query::ReturnType;
use xds_model::time::System;
use xds_tls::{ClientSettings, ClientTls, CrlPolicy, LiveMaterial, MaterialPaths};

use crate::arguments::ReadingBasis;
use crate::case::{Case, RESULTS, Size};
use crate::check::Expect;
use crate::connection::{Request, Target};
use crate::content::Content;
use crate::error::BenchError;
use crate::load::{Bounds, Load, Source};
use crate::messages::{Ids, Message, Messages, numbered_oid, patient};
use crate::metadata::{READER, SENDER};
use crate::meter::{Meter, Watched};
use crate::progress::note;

/// Series of numbered OIDs.
const FRESH: u64 = 1;
const FOUND: u64 = 2;
const STORED: u64 = 3;

/// Lines of a log that are shown.
const LOG_LINES: usize = 10;
/// Filling may take this long.
const FILL_MAX: Duration = Duration::from_secs(1800);

/// The network, and messages for it.
pub(crate) struct World {
    /// Both programs.
    pub(crate) network: Network,
    /// Our share in the registry's private cluster.
    pub(crate) cluster: Cluster,
    messages: Arc<Messages>,
    /// Of who publishes.
    tls: ClientTls,
    /// Of a member of another legal entity.
    reader: ClientTls,
    patients: u64,
    /// Numbers of ids that nobody has had.
    fresh: Arc<AtomicU64>,
}

impl World {
    /// Starts a network with nothing in it but patients: those that are queried for, and as many that are registered
    /// for.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub(crate) async fn start(options: Options, patients: u64) -> Result<Self, BenchError> {
        note("starting a registry with a private PostgreSQL, and a repository");
        let network = blocking(move || Network::start(&options)).await??;
        let folder = network.folder().join("registry/postgresql");
        let cluster = Cluster::ensure(folder, ClusterOptions::default()).await?;
        let world = Self {
            messages: Messages::new(&network.registry_url(), &network.repository_url())?,
            tls: client(network.pki(), SENDER)?,
            reader: client(network.pki(), READER)?,
            network,
            cluster,
            patients,
            fresh: Arc::new(AtomicU64::new(1)),
        };
        world.feed().await?;
        Ok(world)
    }

    /// The ends of the programs' logs, on standard error: for when something went wrong.
    pub(crate) fn show_logs(&self) {
        for program in [Program::Registry, Program::Repository] {
            note(&format!("the end of the log of the {}:", program.name()));
            let log = self.network.server(program).log();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines
                .get(lines.len().saturating_sub(LOG_LINES)..)
                .unwrap_or_default();
            end.iter().for_each(|line| note(line));
        }
    }

    async fn feed(&self) -> Result<(), BenchError> {
        note(&format!("feeding {} patients (ITI-8)", 2 * self.patients));
        let node = self.network.node(SENDER)?;
        for kind in ["R", "W"] {
            for number in 0..self.patients {
                let id = patient(&format!("{kind}{number}")).ok_or(BenchError::Message("a patient id"))?;
                let answer = node.feed_patient(&id, ("検査", "太郎")).await;
                match answer {
                    Ok(answer) if answer.contains("MSA|AA") => {}
                    Ok(answer) => return Err(BenchError::Feed(answer.replace('\r', " "))),
                    Err(error) => return Err(BenchError::Feed(error.to_string())),
                }
            }
        }
        Ok(())
    }

    /// Registers and publishes what these cases look for.
    ///
    /// # Errors
    /// When one of the answers is wrong.
    pub(crate) async fn fill(&self, cases: &[Case], connections: u64) -> Result<(), BenchError> {
        let finds = |case: &Case| case.program() == Program::Registry && *case != Case::Register;
        if cases.iter().any(finds) {
            let documents = self.patients * RESULTS;
            note(&format!("registering {documents} documents (ITI-42)"));
            self.send(Program::Registry, connections, documents, self.found_documents())
                .await?;
        }
        for size in Size::ALL {
            if cases.contains(&Case::Retrieve(size)) {
                note(&format!(
                    "publishing {} documents of {} bytes (ITI-41)",
                    size.pool(),
                    size.bytes()
                ));
                let source = self.provide(Content::new(size.bytes()), size.bytes())?;
                self.send(Program::Repository, connections.min(4), size.pool(), source)
                    .await?;
            }
        }
        self.tidy().await
    }

    /// What autovacuum does within a minute: so many rows at once are seldom new.
    async fn tidy(&self) -> Result<(), BenchError> {
        let login = self.cluster.connection_parameters().connection_string();
        let (client, connection) = tokio_postgres::connect(&login, NoTls).await?;
        let connection = tokio::spawn(connection);
        client.batch_execute("VACUUM ANALYZE").await?;
        drop(client);
        // Its end is the end of the session; a fault of it would have been the statement's.
        drop(connection.await);
        Ok(())
    }

    async fn send(
        &self,
        program: Program,
        connections: u64,
        requests: u64,
        source: Source,
    ) -> Result<(), BenchError> {
        let bounds = Bounds {
            time: FILL_MAX,
            requests_max: requests,
        };
        let sent = async {
            let mut load = Load::open(&self.target(program), connections).await?;
            load.run(&source, bounds).await
        };
        sent.await.map(drop).map_err(BenchError::load("filling"))
    }

    /// Where to send a case to, and as whom.
    pub(crate) fn target_of(&self, case: Case, basis: ReadingBasis) -> Target {
        let target = self.target(case.program());
        match (case.reads(), basis) {
            (true, ReadingBasis::Joint) => Target {
                tls: self.reader.clone(),
                ..target
            },
            (true, ReadingBasis::Own) | (false, _) => target,
        }
    }

    /// Where to send to, as who publishes.
    pub(crate) fn target(&self, program: Program) -> Target {
        let ports = self.network.ports();
        let (port, path) = match program {
            Program::Registry => (ports.registry, "/xds/registry"),
            Program::Repository => (ports.repository, "/xds/repository"),
        };
        self.target_at(port, path)
    }

    /// Any server of the network's authority.
    pub(crate) fn target_at(&self, port: u16, path: &'static str) -> Target {
        Target {
            tls: self.tls.clone(),
            port,
            path,
        }
    }

    /// The registry, the repository and PostgreSQL.
    ///
    /// # Errors
    /// When one of them has ended.
    pub(crate) fn meter(&self) -> Result<Meter, BenchError> {
        let pid = |program| {
            let server = self.network.server(program);
            server
                .pid()
                .ok_or_else(|| BenchError::Proc(PathBuf::from(program.name())))
        };
        Ok(Meter(vec![
            Watched::Process(pid(Program::Registry)?),
            Watched::Process(pid(Program::Repository)?),
            Watched::Family(self.postmaster()?),
        ]))
    }

    /// The process id of the private cluster's postmaster: the first line of its lock file.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn postmaster(&self) -> Result<u32, BenchError> {
        let path = self.cluster.data_folder().join("postmaster.pid");
        let text = std::fs::read_to_string(&path).map_err(BenchError::file(&path))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        pid.ok_or(BenchError::Proc(path))
    }

    /// The requests of a case.
    ///
    /// # Errors
    /// When a message cannot be written.
    pub(crate) fn source(&self, case: Case) -> Result<Source, BenchError> {
        let messages = Arc::clone(&self.messages);
        let patients = self.patients;
        let reader = move |number: u64| format!("R{}", number % patients);
        Ok(match case {
            Case::Register => self.registrations(),
            Case::FindLeaves => Arc::new(move |number| messages.find(ReturnType::LeafClass, &reader(number))),
            Case::FindReferences => {
                Arc::new(move |number| messages.find(ReturnType::ObjectRef, &reader(number)))
            }
            Case::GetDocuments => {
                let documents = patients * RESULTS;
                Arc::new(move |number| {
                    let document = numbered_oid(FOUND, scattered(number, documents));
                    messages.get.request(document_ids(&document), Expect::Leaves(1))
                })
            }
            Case::Provide(size) => self.provide(Content::new(size.bytes()), 0)?,
            Case::Retrieve(size) => self.retrieve(&Content::new(size.bytes()), size.bytes(), size.pool()),
        })
    }

    /// ITI-42 with fresh ids, in turn for each patient that is registered for.
    fn registrations(&self) -> Source {
        let (messages, fresh, patients) =
            (Arc::clone(&self.messages), Arc::clone(&self.fresh), self.patients);
        Arc::new(move |_| {
            let number = fresh.fetch_add(1, Ordering::Relaxed);
            let patient = format!("W{}", number % patients);
            submission(
                &messages.register,
                &patient,
                &numbered_oid(FRESH, 2 * number),
                number,
            )
        })
    }

    /// ITI-42 of the documents that queries find.
    fn found_documents(&self) -> Source {
        let (messages, fresh) = (Arc::clone(&self.messages), Arc::clone(&self.fresh));
        Arc::new(move |number| {
            let patient = format!("R{}", number / RESULTS);
            let set = fresh.fetch_add(1, Ordering::Relaxed);
            submission(&messages.register, &patient, &numbered_oid(FOUND, number), set)
        })
    }

    /// ITI-41 of a document. `series` 0: with fresh ids; else with those that [`retrieve`](Self::retrieve) asks for.
    ///
    /// # Errors
    /// When the message cannot be written.
    pub(crate) fn provide(&self, content: Content, series: u64) -> Result<Source, BenchError> {
        let message = Message::provide(&self.network.repository_url(), content)?;
        let (fresh, patients) = (Arc::clone(&self.fresh), self.patients);
        Ok(Arc::new(move |number| {
            let set = fresh.fetch_add(1, Ordering::Relaxed);
            let patient = format!("W{}", set % patients);
            let document = match series {
                0 => numbered_oid(FRESH, 2 * set),
                series => numbered_oid(STORED + series, number),
            };
            submission(&message, &patient, &document, set)
        }))
    }

    /// ITI-43 of the first `pool` documents of a series.
    pub(crate) fn retrieve(&self, content: &Content, series: u64, pool: u64) -> Source {
        let messages = Arc::clone(&self.messages);
        let (bytes, sha1) = (content.bytes, content.sha1);
        Arc::new(move |number| {
            let document = numbered_oid(STORED + series, number % pool);
            messages
                .retrieve
                .request(document_ids(&document), Expect::Document { bytes, sha1 })
        })
    }
}

fn submission(message: &Message, patient: &str, document: &str, number: u64) -> Request {
    let set = numbered_oid(FRESH, 2 * number + 1);
    let ids = Ids {
        patient,
        document,
        set: &set,
    };
    message.request(ids, Expect::Success)
}

fn document_ids(document: &str) -> Ids<'_> {
    Ids {
        document,
        ..Ids::default()
    }
}

/// Visits all of them, neighbours far from each other.
fn scattered(number: u64, of: u64) -> u64 {
    number.wrapping_mul(7_919) % of
}

fn client(pki: &Pki, name: &str) -> Result<ClientTls, BenchError> {
    let paths = MaterialPaths {
        certificate: pki.certificate(name),
        key: pki.key(name),
        trusted_roots: vec![pki.ca_file()],
        crls: Vec::new(),
        directly_trusted: Vec::new(),
        crl: CrlPolicy::None,
        crl_grace_h: 24,
    };
    let material = LiveMaterial::load(paths, Arc::new(|| System.now()))?;
    Ok(ClientTls::new(material, ClientSettings::default())?)
}

/// Work that blocks, off the senders' threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BenchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| BenchError::io("a task")(std::io::Error::other(error)))
}
