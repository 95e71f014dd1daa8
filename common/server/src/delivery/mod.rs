//! Delivery of audit events to Audit Record Repositories (ITI-20): a cursor, a window and an alarm for each.

mod fhir;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::ServerName;
use xds_atna::Source as Writer;
use xds_audit::Journal;
use xds_client::CallError;
use xds_model::time::{SharedClock, SharedIds};
use xds_syslog::sender::{Destination, DestinationStatus, Limits, Sender, Surroundings, Transport};
use xds_tls::{ClientSettings, ClientTls, LiveMaterial, MaterialError};

use crate::config::{AuditSection, DestinationSection, FeedProtocol, NodeSection, SyslogTransport};
use crate::foundation::now_of;
use crate::metrics::SharedMetrics;
use fhir::FhirFeed;
use source::{Form, JournalSource};

/// An event that is older and not delivered raises the alarm.
const LATE: Duration = Duration::from_secs(300);
/// So many failures one after the other raise it too.
const FAILURES_MAX: u32 = 3;
/// How long the stop waits for what is owed to go out.
const STOP_MAX: Duration = Duration::from_secs(5);
/// Bytes of the longest datagram: what is longer is truncated. IPv4 carries 65,507.
const DATAGRAM_BYTES_MAX: usize = 60_000;

/// Why delivery cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Certificates.
    #[error("audit.destination {name}: {source}")]
    Material {
        /// The destination.
        name: String,
        /// Why.
        source: MaterialError,
    },
    /// rustls refuses the configuration.
    #[error("audit.destination {name}: {source}")]
    Tls {
        /// The destination.
        name: String,
        /// Why.
        source: rustls::Error,
    },
    /// The HTTP client does not take the configuration.
    #[error("audit.destination {name}: {source}")]
    Http {
        /// The destination.
        name: String,
        /// Why.
        source: CallError,
    },
    /// A name that cannot be.
    #[error("audit.destination {name}: \"{value}\" is no {what}")]
    Value {
        /// The destination.
        name: String,
        /// What it is.
        value: String,
        /// What it should be.
        what: &'static str,
    },
    /// The file that remembers how far delivery got.
    #[error("audit.destination {name}: {reason}")]
    Cursor {
        /// The destination.
        name: String,
        /// Why.
        reason: String,
    },
}

/// What delivery starts from.
pub struct Plan<'c> {
    /// `[audit]`
    pub audit: &'c AuditSection,
    /// `[node]`
    pub node: &'c NodeSection,
    /// Our address, for the host in each message.
    pub public_url: &'c str,
    /// The journal.
    pub journal: Journal,
    /// TLS material for destinations that have none of their own.
    pub material: Arc<LiveMaterial>,
    /// The time.
    pub clock: SharedClock,
    /// Chance, for pauses.
    pub ids: SharedIds,
    /// What is counted.
    pub metrics: SharedMetrics,
}

/// The running deliveries of one process.
pub struct Delivery {
    senders: Mutex<Vec<Sender>>,
    /// Destinations that the alarm was raised for.
    alarmed: Mutex<BTreeMap<String, bool>>,
    metrics: SharedMetrics,
    /// Material of their own, which is to be watched.
    own_material: Vec<Arc<LiveMaterial>>,
}

impl Delivery {
    /// Starts a delivery to each destination, from where it stood.
    ///
    /// # Errors
    /// See [`DeliveryError`].
    pub fn start(plan: Plan<'_>) -> Result<Self, DeliveryError> {
        let writer = Arc::new(writer(plan.node, plan.public_url));
        let folder = plan.audit.delivery_folder();
        let mut senders = Vec::new();
        let mut own_material = Vec::new();
        for section in &plan.audit.destination {
            let destination = destination(section, &plan, &mut own_material)?;
            let source = JournalSource::new(plan.journal.clone(), Arc::clone(&writer), form(section));
            let surroundings = Surroundings {
                clock: Arc::clone(&plan.clock),
                ids: Arc::clone(&plan.ids),
            };
            let failed = |reason: String| DeliveryError::Cursor {
                name: section.name.clone(),
                reason,
            };
            make(&folder).map_err(|error| failed(error.to_string()))?;
            let newest = plan.journal.durable_watch();
            let sender = Sender::start(destination, Box::new(source), newest, &folder, surroundings)
                .map_err(|error| failed(error.to_string()))?;
            senders.push(sender);
        }
        if senders.is_empty() {
            tracing::warn!(
                "no Audit Record Repository is configured ([[audit.destination]]): events stay in the local journal"
            );
        }
        Ok(Self {
            senders: Mutex::new(senders),
            alarmed: Mutex::default(),
            metrics: plan.metrics,
            own_material,
        })
    }

    /// How each destination stands.
    pub fn status(&self) -> Vec<DestinationStatus> {
        lock(&self.senders).iter().map(Sender::status).collect()
    }

    /// Looks at every destination: metrics, and the alarm when one falls behind. Call it every few seconds.
    pub fn look(&self) {
        for status in self.status() {
            self.metrics.audit_destination(&status);
            let age = status.oldest.map_or(Duration::ZERO, |oldest| oldest.age);
            let behind = age > LATE || status.failures_in_a_row >= FAILURES_MAX;
            let name = status.name.to_string();
            let before = lock(&self.alarmed).insert(name, behind).unwrap_or(false);
            let (destination, oldest_seconds) = (&status.name, age.as_secs());
            if behind && !before {
                let why = status
                    .last_error
                    .map_or_else(String::new, |trouble| trouble.to_string());
                tracing::error!(%destination, oldest_seconds, why, "alarm: audit events are not delivered; they wait in the journal");
            } else if before && !behind {
                tracing::info!(%destination, "audit events are delivered again");
            }
        }
    }

    /// Follows changes of the certificates that destinations have of their own. Never returns while there are any.
    pub async fn watch_material(&self) {
        let watching = self.own_material.iter().map(|material| {
            let metrics = SharedMetrics::clone(&self.metrics);
            Arc::clone(material).watch(xds_tls::WATCH_EVERY, move |outcome| {
                metrics.tls_reload(outcome.is_ok());
            })
        });
        futures_util::future::join_all(watching).await;
    }

    /// Delivers what is owed by now, as far as that goes quickly; the rest goes out after the next start.
    pub async fn stop(&self) {
        let senders = std::mem::take(&mut *lock(&self.senders));
        futures_util::future::join_all(senders.into_iter().map(|sender| sender.stop(STOP_MAX))).await;
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who writes the messages of this process: the values of `[node]`, and our address for the host.
pub fn writer(node: &NodeSection, public_url: &str) -> Writer {
    let program = std::env::current_exe().ok();
    let program = program
        .as_deref()
        .and_then(|path| path.file_stem())
        .and_then(|name| name.to_str());
    let host = public_url
        .split_once("://")
        .map_or(public_url, |(_, rest)| rest)
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    Writer {
        enterprise_site_id: node.enterprise_site_id.clone(),
        ..Writer::new(
            &node.audit_source_id,
            program.unwrap_or("renkei"),
            std::process::id().to_string(),
            host,
        )
    }
}

fn destination(
    section: &DestinationSection,
    plan: &Plan<'_>,
    own_material: &mut Vec<Arc<LiveMaterial>>,
) -> Result<Destination, DeliveryError> {
    let wrong = |value: &str, what| DeliveryError::Value {
        name: section.name.clone(),
        value: value.to_owned(),
        what,
    };
    let transport = match (section.protocol, section.transport) {
        (FeedProtocol::Fhir, _) => {
            let (tls, material) = tls(section, plan, own_material)?;
            let url = section.url.as_deref().unwrap_or_default();
            let feed = FhirFeed::new(url, &tls, material, Arc::clone(&plan.ids)).map_err(|source| {
                DeliveryError::Http {
                    name: section.name.clone(),
                    source,
                }
            })?;
            Transport::Posts {
                poster: Arc::new(feed),
            }
        }
        (FeedProtocol::Syslog, SyslogTransport::Udp) => Transport::Udp {
            address: section.address.clone(),
            datagram_bytes_max: DATAGRAM_BYTES_MAX,
        },
        (FeedProtocol::Syslog, SyslogTransport::Tls) => {
            let (tls, _) = tls(section, plan, own_material)?;
            let name = section.server_name.as_deref().unwrap_or(section.host());
            Transport::Tls {
                address: section.address.clone(),
                server_name: ServerName::try_from(name.to_owned()).map_err(|_| wrong(name, "server name"))?,
                config: tls.config(),
            }
        }
    };
    Ok(Destination {
        name: section
            .name
            .parse()
            .map_err(|_| wrong(&section.name, "name of a destination"))?,
        transport,
        limits: Limits::default(),
    })
}

fn form(section: &DestinationSection) -> Form {
    match section.protocol {
        FeedProtocol::Syslog => Form::Syslog,
        FeedProtocol::Fhir => Form::Fhir,
    }
}

/// The client's side of TLS for a destination, and the material it is made of.
fn tls(
    section: &DestinationSection,
    plan: &Plan<'_>,
    own_material: &mut Vec<Arc<LiveMaterial>>,
) -> Result<(ClientTls, Arc<LiveMaterial>), DeliveryError> {
    let name = || section.name.clone();
    let material = match &section.tls {
        None => Arc::clone(&plan.material),
        Some(paths) => {
            let loaded = LiveMaterial::load(paths.clone(), now_of(&plan.clock));
            let material = loaded.map_err(|source| DeliveryError::Material { name: name(), source })?;
            own_material.push(Arc::clone(&material));
            material
        }
    };
    let settings = ClientSettings {
        allow_tls12: section.allow_tls12,
        fqdn_check: section.fqdn_check,
        ..ClientSettings::default()
    };
    let tls = ClientTls::new(Arc::clone(&material), settings)
        .map_err(|source| DeliveryError::Tls { name: name(), source })?;
    Ok((tls, material))
}

fn make(folder: &PathBuf) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
