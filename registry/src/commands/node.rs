//! `node`: certificates bound to organisations.

use std::fs;
use std::path::{Path, PathBuf};

use registry_core::ledger::{InForce, Node};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use xds_model::principal::{DefaultUser, NodeName, OrganisationId};
use xds_server::lang::Say;
use xds_tls::Fingerprint;

use super::Done;
use super::arguments::{By, NodeArguments, NodeCommand};
use super::instrument::not_entered;
use super::output::{NotThere, Output};
use super::session::{change, with_store};
use crate::config::Config;

pub(super) async fn run(config: &Config, command: NodeCommand, by: &By, output: Output) -> Done {
    let command = match command {
        NodeCommand::Add(arguments) => Prepared::Add(Box::new(node(*arguments)?.checked()?)),
        other => Prepared::Other(other),
    };
    with_store(config, async |store| match command {
        Prepared::Add(node) => {
            let added = store.add_node(&node, &change(by)).await;
            if !added.map_err(|error| not_entered(error, output))? {
                let say = Say::new(
                    format!("ノードを登録できません: 機関 {} が登録されていないか、この証明書は別の有効なノードのものです。", node.organisation),
                    format!("the node cannot be entered: there is no organisation {}, or the certificate is bound to another active node", node.organisation),
                );
                return Err(NotThere::new(output, &say).into());
            }
            let say = Say::new(
                format!("ノードを登録しました: {} ({})", node.name, node.organisation),
                format!("node entered: {} ({})", node.name, node.organisation),
            );
            Ok(output.result(&say, &node))
        }
        Prepared::Other(NodeCommand::Show { name }) => {
            let versions = store.nodes(Some(&NodeName(name.clone())), true).await?;
            if versions.is_empty() {
                return Err(missing(&name, output).into());
            }
            Ok(output.list(&headings(), versions.iter().map(row).collect(), &versions))
        }
        Prepared::Other(NodeCommand::End { name }) => {
            let ended = store.end_node(&NodeName(name.clone()), &change(by)).await;
            if !ended.map_err(|error| not_entered(error, output))? {
                return Err(missing(&name, output).into());
            }
            let say = Say::new(format!("ノードを終了しました: {name}"), format!("node ended: {name}"));
            Ok(output.result(&say, &serde_json::json!({ "ended": name })))
        }
        Prepared::Other(_) => {
            let all = store.nodes(None, false).await?;
            Ok(output.list(&headings(), all.iter().map(row).collect(), &all))
        }
    })
    .await
}

/// A command whose files are read.
enum Prepared {
    Add(Box<Node>),
    Other(NodeCommand),
}

/// Why a certificate file gives no fingerprint.
#[derive(Debug, thiserror::Error)]
enum CertificateError {
    /// It cannot be read.
    #[error("cannot read the certificate {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds none.
    #[error("{} holds no certificate in PEM or DER", file.display())]
    None {
        /// Which file.
        file: PathBuf,
    },
}

fn node(arguments: NodeArguments) -> Result<Node, CertificateError> {
    let fingerprint = match (&arguments.fingerprint, &arguments.certificate) {
        (Some(fingerprint), _) => fingerprint.clone(),
        (None, Some(file)) => fingerprint_of(file)?,
        (None, None) => String::new(),
    };
    let default_user = arguments
        .default_role
        .zip(arguments.default_purpose)
        .map(|(role, purpose)| DefaultUser {
            role,
            purpose,
            two_factor: arguments.default_two_factor,
        });
    Ok(Node {
        name: NodeName(arguments.name),
        fingerprint,
        organisation: OrganisationId(arguments.org),
        transactions: arguments.allow.into_iter().collect(),
        rights: arguments.rights.into_iter().collect(),
        allow_tls12: arguments.allow_tls12,
        acts_for_others: arguments.acts_for_others,
        in_flight_max: arguments.in_flight_max,
        source_ids: arguments.source_ids.into_iter().collect(),
        feeds: arguments.feeds.into_iter().collect(),
        default_user,
    })
}

/// The fingerprint of the first certificate in a file.
fn fingerprint_of(file: &Path) -> Result<String, CertificateError> {
    let bytes = fs::read(file).map_err(|source| CertificateError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let der = match CertificateDer::from_pem_slice(&bytes) {
        Ok(der) => der.to_vec(),
        // DER: a SEQUENCE with a length in two bytes.
        Err(_) if bytes.starts_with(&[0x30, 0x82]) => bytes,
        Err(_) => {
            return Err(CertificateError::None {
                file: file.to_owned(),
            });
        }
    };
    Ok(Fingerprint::of(&der).to_string())
}

fn missing(name: &str, output: Output) -> NotThere {
    let say = Say::new(
        format!("ノード {name} は登録されていません。`node list` で一覧を確かめてください。"),
        format!("there is no node {name}; see `node list`"),
    );
    NotThere::new(output, &say)
}

fn headings() -> [Say; 6] {
    [
        Say::new("ノード", "node"),
        Say::new("機関", "organisation"),
        Say::new("できること", "may"),
        Say::new("証明書 (SHA-256)", "certificate (SHA-256)"),
        Say::new("版", "version"),
        Say::new("終了", "to"),
    ]
}

fn row(node: &InForce<Node>) -> Vec<String> {
    let value = &node.value;
    let transactions = value.transactions.iter().map(|transaction| transaction.name());
    let rights = value.rights.iter().map(|right| right.name());
    let may: Vec<&str> = transactions.chain(rights).collect();
    vec![
        value.name.to_string(),
        value.organisation.to_string(),
        may.join(" "),
        value.fingerprint.get(..16).unwrap_or_default().to_owned() + "…",
        node.version.to_string(),
        node.until
            .map(|until| until.date().to_string())
            .unwrap_or_default(),
    ]
}
