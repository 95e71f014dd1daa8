//! Papers from instruments, as the command line and the operator API make them.

use std::collections::BTreeMap;

use registry_papers::{
    ClassNames, Connected, Connection, ConsentSource, Installation, Language, Material, Paper, consent_form,
    notice, responsibility,
};
use registry_store::{InstrumentError, Store};
use time::OffsetDateTime;
use xds_model::Transaction;
use xds_model::code::CodedAttribute;
use xds_model::principal::EnrolledNode;
use xds_policy::instruments::consent::ConsentModel;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;
use xds_server::lang::Lang;

use crate::config::Config;
use crate::instruments::Refused;

/// Which paper.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    /// 共同利用のお知らせ of an agreement.
    Notice {
        /// The agreement.
        agreement: InstrumentId,
        /// Its version; the one in force unless given.
        version: Option<u32>,
        /// How the responsible person is reached.
        contact: Option<String>,
    },
    /// 同意書 of a text that was entered.
    ConsentText {
        /// The text.
        text: InstrumentId,
        /// Its version; the one in force unless given.
        version: Option<u32>,
    },
    /// 同意書 with standard words of a model.
    ConsentModel(ConsentModel),
    /// 責任分界表.
    Responsibility,
}

impl Wanted {
    /// The verb, as the journal tells it.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Notice { .. } => "paper notice",
            Self::ConsentText { .. } | Self::ConsentModel(_) => "paper consent-form",
            Self::Responsibility => "paper responsibility",
        }
    }

    /// What it is made of, as the journal tells it.
    pub(crate) fn object(&self) -> String {
        match self {
            Self::Notice { agreement, .. } => format!("joint_use_agreement {agreement}"),
            Self::ConsentText { text, .. } => format!("consent_text {text}"),
            Self::ConsentModel(model) => format!("{model:?}"),
            Self::Responsibility => "domain".to_owned(),
        }
    }
}

/// What of the configuration a responsibility sheet tells.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    name: String,
    clinical: String,
    feed: Option<String>,
    operator: Option<String>,
    audit_in: Option<String>,
    audit_out: Vec<(String, String)>,
}

impl Site {
    /// From the configuration file.
    pub(crate) fn of(config: &Config) -> Self {
        let audit_out = config.audit.destination.iter().map(|destination| {
            let address = destination
                .url
                .clone()
                .unwrap_or_else(|| destination.address.clone());
            (destination.name.clone(), address)
        });
        Self {
            name: config.node.audit_source_id.clone(),
            clinical: config.clinical.public_url.clone(),
            feed: config.mllp.as_ref().map(|mllp| mllp.listen.to_string()),
            operator: config
                .operator
                .as_ref()
                .map(|operator| operator.public_url.clone()),
            audit_in: config
                .audit_repository
                .as_ref()
                .map(|repository| repository.listen.to_string()),
            audit_out: audit_out.collect(),
        }
    }

    fn installation(&self, nodes: &[EnrolledNode]) -> Installation {
        let peers = |is_peer: &dyn Fn(&EnrolledNode) -> bool| -> Vec<String> {
            let peers = nodes.iter().filter(|node| is_peer(node));
            peers
                .map(|node| format!("{} ({})", node.name, node.organisation))
                .collect()
        };
        let at = |address: &str, is_peer: &dyn Fn(&EnrolledNode) -> bool| Connected {
            address: address.to_owned(),
            peers: peers(is_peer),
        };
        let sends = |node: &EnrolledNode, transaction| node.transactions.contains(&transaction);
        let is_clinical = |node: &EnrolledNode| {
            !node.acts_for_others && node.transactions.iter().any(|sent| *sent != Transaction::Iti8)
        };
        let mut connections = vec![(Connection::Clinical, at(&self.clinical, &is_clinical))];
        if let Some(address) = &self.feed {
            let feeds = |node: &EnrolledNode| sends(node, Transaction::Iti8);
            connections.push((Connection::PatientFeed, at(address, &feeds)));
        }
        if nodes.iter().any(|node| node.acts_for_others) {
            let is_repository = |node: &EnrolledNode| node.acts_for_others;
            connections.push((Connection::Repository, at(&self.clinical, &is_repository)));
        }
        if let Some(address) = &self.operator {
            let has_right = |node: &EnrolledNode| !node.rights.is_empty();
            connections.push((Connection::Operator, at(address, &has_right)));
        }
        if let Some(address) = &self.audit_in {
            connections.push((Connection::AuditIn, at(address, &|_| true)));
        }
        for (name, address) in &self.audit_out {
            let connected = Connected {
                address: address.clone(),
                peers: vec![name.clone()],
            };
            connections.push((Connection::AuditOut, connected));
        }
        Installation {
            name: self.name.clone(),
            connections,
        }
    }
}

/// Makes a paper as of an instant.
pub(crate) async fn paper(
    store: &Store,
    site: &Site,
    wanted: &Wanted,
    at: OffsetDateTime,
    lang: Lang,
) -> Result<Paper, Refused> {
    let language = match lang {
        Lang::Ja => Language::Japanese,
        Lang::En => Language::English,
    };
    let names = class_names(store).await?;
    let material = Material::new(store.export_domain(false).await?, names);
    Ok(match wanted {
        Wanted::Notice {
            agreement,
            version,
            contact,
        } => {
            let found = material.agreement(agreement, *version, at);
            let found =
                found.ok_or_else(|| missing(InstrumentKind::JointUseAgreement, agreement, *version))?;
            notice(&material, found, contact.as_deref(), at, language)
        }
        Wanted::ConsentText { text, version } => {
            let found = material.text(text, *version, at);
            let found = found.ok_or_else(|| missing(InstrumentKind::ConsentText, text, *version))?;
            consent_form(&material, ConsentSource::Text(found), at, language)
        }
        Wanted::ConsentModel(model) => consent_form(&material, ConsentSource::Model(*model), at, language),
        Wanted::Responsibility => {
            let nodes = store.enrolled_nodes().await?;
            responsibility(&material, &site.installation(&nodes), at, language)
        }
    })
}

fn missing(kind: InstrumentKind, id: &InstrumentId, version: Option<u32>) -> Refused {
    match version {
        Some(_) => Refused::NoVersion,
        None => InstrumentError::Missing { kind, id: id.clone() }.into(),
    }
}

/// What the domain's code lists call classes of documents.
async fn class_names(store: &Store) -> Result<ClassNames, Refused> {
    let files = store.code_files().await?;
    let listed = files
        .into_iter()
        .filter_map(|mut stored| stored.file.lists.remove(&CodedAttribute::ClassCode))
        .flatten();
    let names: BTreeMap<String, String> = listed.map(|listed| (listed.code.code, listed.display)).collect();
    Ok(ClassNames(names))
}

/// The consent model of this name: `scoped`, `on-query`, `enrolment`.
pub(crate) fn model_called(text: &str) -> Option<ConsentModel> {
    Some(match text.replace('_', "-").to_ascii_lowercase().as_str() {
        "scoped" => ConsentModel::Scoped,
        "on-query" => ConsentModel::OnQuery,
        "enrolment" => ConsentModel::Enrolment,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use xds_model::principal::{EntityId, NodeName, OrganisationId, Right};

    use super::*;

    fn node(name: &str, sends: &[Transaction], rights: &[Right], acts_for_others: bool) -> EnrolledNode {
        EnrolledNode {
            name: NodeName(name.to_owned()),
            fingerprint: String::new(),
            organisation: OrganisationId("H1".to_owned()),
            entity: EntityId("E1".to_owned()),
            transactions: sends.iter().copied().collect(),
            rights: rights.iter().copied().collect(),
            allow_tls12: false,
            acts_for_others,
            in_flight_max: None,
            source_ids: BTreeSet::new(),
            feeds: BTreeSet::new(),
            default_user: None,
        }
    }

    #[test]
    fn each_node_stands_at_the_connection_that_it_uses() {
        let site = Site {
            name: "registry-1".to_owned(),
            clinical: "https://r:1/xds".to_owned(),
            feed: Some("r:2".to_owned()),
            operator: Some("https://r:3".to_owned()),
            audit_in: None,
            audit_out: vec![("siem".to_owned(), "s:4".to_owned())],
        };
        let nodes = [
            node("clinic", &[Transaction::Iti18], &[], false),
            node("adt", &[Transaction::Iti8], &[], false),
            node("repo", &[Transaction::Iti42], &[], true),
            node("ops", &[], &[Right::Operator], false),
        ];
        let installation = site.installation(&nodes);
        let told: Vec<(Connection, Vec<String>)> = installation
            .connections
            .into_iter()
            .map(|(connection, connected)| (connection, connected.peers))
            .collect();
        let peer = |name: &str| vec![format!("{name} (H1)")];
        assert_eq!(
            told,
            [
                (Connection::Clinical, peer("clinic")),
                (Connection::PatientFeed, peer("adt")),
                (Connection::Repository, peer("repo")),
                (Connection::Operator, peer("ops")),
                (Connection::AuditOut, vec!["siem".to_owned()]),
            ]
        );
        assert_eq!(model_called("ON_QUERY"), Some(ConsentModel::OnQuery));
        assert_eq!(model_called("implied"), None);
    }
}
