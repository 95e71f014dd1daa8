//! Organisations and nodes: versions in force and before, each with the change that made it.

use std::collections::BTreeSet;

use registry_core::ledger::{Directory, InForce, Node, Organisation};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use xds_model::Transaction;
use xds_model::principal::{DefaultUser, EnrolledNode, EntityId, NodeName, OrganisationId, Right};

use crate::change::{self, Change, Deed};
use crate::error::StoreError;
use crate::instruments::add::apart;
use crate::instruments::{InLaw, Instrument, InstrumentError, two_sides};
use crate::pool::Store;
use crate::row::read;
use crate::session::Session;
use crate::sql;
use crate::tx::commit;

impl Store {
    /// Enters an organisation, or a new version of one; with it, in law, its legal entity and itself, unless what is in
    /// force there says the same. Returns what was entered in law.
    ///
    /// # Errors
    /// When the law's side says otherwise, or the database cannot do it.
    pub async fn add_organisation(
        &self,
        organisation: &Organisation,
        in_law: &InLaw,
        change: &Change,
    ) -> Result<Vec<Instrument>, InstrumentError> {
        self.run_tx("add_organisation", || async {
            apart(self.add_organisation_once(organisation, in_law, change).await)
        })
        .await?
    }

    async fn add_organisation_once(
        &self,
        organisation: &Organisation,
        in_law: &InLaw,
        change: &Change,
    ) -> Result<Vec<Instrument>, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        let id = &organisation.id.0;
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let before = self.organisation_in_force(session, id).await?;
        let news = two_sides::enter(session, organisation, in_law, change).await?;
        let deed = Deed::new("org add", id).with(before, told(value(organisation)?, &news)?);
        change::record(session, change, &deed).await?;
        session.execute(&sql::END_ORGANISATION, &[id, &change.at]).await?;
        session
            .execute(
                &sql::ADD_ORGANISATION,
                &[
                    id,
                    &organisation.name,
                    &organisation.kana,
                    &organisation.entity.0,
                    &organisation.entity_name,
                    &list(&organisation.facility_codes),
                    &list(&organisation.oids),
                    &change.at,
                    &change.id,
                ],
            )
            .await?;
        two_sides::write(session, &news, change).await?;
        commit(transaction).await?;
        Ok(news)
    }

    /// Ends an organisation, its nodes with it, and itself in law. Whether there was one in force.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn end_organisation(
        &self,
        id: &OrganisationId,
        change: &Change,
    ) -> Result<bool, InstrumentError> {
        self.run_tx("end_organisation", || async {
            apart(self.end_organisation_once(id, change).await)
        })
        .await?
    }

    async fn end_organisation_once(
        &self,
        id: &OrganisationId,
        change: &Change,
    ) -> Result<bool, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let before = self.organisation_in_force(session, &id.0).await?;
        let news: Vec<Instrument> = two_sides::end(session, id, change).await?.into_iter().collect();
        let deed = Deed::new("org end", &id.0).with(before, told(None, &news)?);
        change::record(session, change, &deed).await?;
        let none: Option<&str> = None;
        session
            .execute(&sql::END_NODE, &[&none, &id.0, &change.at])
            .await?;
        let ended = session
            .execute(&sql::END_ORGANISATION, &[&id.0, &change.at])
            .await?;
        if ended == 0 {
            return Ok(false);
        }
        two_sides::write(session, &news, change).await?;
        commit(transaction).await?;
        Ok(true)
    }

    /// Organisations by id: one or all, in force or also those that ended.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn organisations(
        &self,
        id: Option<&OrganisationId>,
        ended_too: bool,
    ) -> Result<Vec<InForce<Organisation>>, StoreError> {
        let connection = self.connection().await?;
        let id = id.map(|id| id.0.as_str());
        let rows = self
            .session(&connection)
            .query(&sql::ORGANISATIONS, &[&id, &ended_too])
            .await?;
        rows.iter().map(organisation).collect()
    }

    /// Who is who, now.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn directory(&self) -> Result<Directory, StoreError> {
        let organisations = self.organisations(None, false).await?;
        Ok(Directory::of(organisations.iter().map(|known| &known.value)))
    }

    /// Enrols a node, or a new version of one; with it, in law, the certificate of its organisation. False when its
    /// organisation is not in force.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] with `node_fingerprint` when the certificate is bound to another node;
    /// otherwise when the database cannot do it.
    pub async fn add_node(&self, node: &Node, change: &Change) -> Result<bool, InstrumentError> {
        self.run_tx("add_node", || async {
            apart(self.add_node_once(node, change).await)
        })
        .await?
    }

    async fn add_node_once(&self, node: &Node, change: &Change) -> Result<bool, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        let name = &node.name.0;
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let before = self.node_in_force(session, name).await?;
        let bound = (&node.organisation, node.fingerprint.as_str());
        let news = certificates(session, before.as_ref(), Some(bound), change).await?;
        let before = before.as_ref().map(value).transpose()?.flatten();
        let deed = Deed::new("node add", name).with(before, told(value(node)?, &news)?);
        change::record(session, change, &deed).await?;
        let none: Option<&str> = None;
        session
            .execute(&sql::END_NODE, &[name, &none, &change.at])
            .await?;
        if insert_node(session, node, change).await? == 0 {
            return Ok(false);
        }
        two_sides::write(session, &news, change).await?;
        commit(transaction).await?;
        Ok(true)
    }

    /// Ends a node; its certificate is its organisation's no more. Whether there was one in force.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn end_node(&self, name: &NodeName, change: &Change) -> Result<bool, InstrumentError> {
        self.run_tx("end_node", || async {
            apart(self.end_node_once(name, change).await)
        })
        .await?
    }

    async fn end_node_once(&self, name: &NodeName, change: &Change) -> Result<bool, InstrumentError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let session = self.within(&transaction);
        session.query(&sql::LOCK_DOMAIN, &[]).await?;
        let before = self.node_in_force(session, &name.0).await?;
        let news = certificates(session, before.as_ref(), None, change).await?;
        let before = before.as_ref().map(value).transpose()?.flatten();
        let deed = Deed::new("node end", &name.0).with(before, told(None, &news)?);
        change::record(session, change, &deed).await?;
        let none: Option<&str> = None;
        let ended = session
            .execute(&sql::END_NODE, &[&name.0, &none, &change.at])
            .await?;
        if ended == 0 {
            return Ok(false);
        }
        two_sides::write(session, &news, change).await?;
        commit(transaction).await?;
        Ok(true)
    }

    /// Nodes by name: one or all, in force or also those that ended.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn nodes(
        &self,
        name: Option<&NodeName>,
        ended_too: bool,
    ) -> Result<Vec<InForce<Node>>, StoreError> {
        let rows = self.node_rows(name, ended_too).await?;
        rows.iter().map(node).collect()
    }

    /// The nodes that may connect, with their legal entities: what authentication works with, and what
    /// repositories are told.
    ///
    /// # Errors
    /// When the database cannot do it.
    pub async fn enrolled_nodes(&self) -> Result<Vec<EnrolledNode>, StoreError> {
        let rows = self.node_rows(None, false).await?;
        let mut enrolled = Vec::with_capacity(rows.len());
        for row in &rows {
            // A node whose organisation is not in force may do nothing.
            let entity: Option<String> = read(row, 15, "organisation", "entity")?;
            if let Some(entity) = entity {
                enrolled.push(node(row)?.value.enrolled(EntityId(entity)));
            }
        }
        Ok(enrolled)
    }

    async fn organisation_in_force(
        &self,
        session: Session<'_>,
        id: &str,
    ) -> Result<Option<Value>, StoreError> {
        let rows = session.query(&sql::ORGANISATIONS, &[&Some(id), &false]).await?;
        match rows.first() {
            Some(row) => value(&organisation(row)?.value),
            None => Ok(None),
        }
    }

    async fn node_in_force(&self, session: Session<'_>, name: &str) -> Result<Option<Node>, StoreError> {
        let rows = session.query(&sql::NODES, &[&Some(name), &false]).await?;
        Ok(rows.first().map(node).transpose()?.map(|known| known.value))
    }

    async fn node_rows(&self, name: Option<&NodeName>, ended_too: bool) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection().await?;
        let name = name.map(|name| name.0.as_str());
        self.session(&connection)
            .query(&sql::NODES, &[&name, &ended_too])
            .await
    }
}

async fn insert_node(session: Session<'_>, node: &Node, change: &Change) -> Result<u64, StoreError> {
    let user = node.default_user.as_ref();
    let transactions: Vec<&str> = node.transactions.iter().map(|known| known.name()).collect();
    let rights: Vec<&str> = node.rights.iter().map(|known| known.name()).collect();
    let in_flight = node.in_flight_max.and_then(|max| i32::try_from(max).ok());
    session
        .execute(
            &sql::ADD_NODE,
            &[
                &node.name.0,
                &node.fingerprint,
                &node.organisation.0,
                &transactions,
                &node.allow_tls12,
                &node.acts_for_others,
                &in_flight,
                &list(&node.source_ids),
                &list(&node.feeds),
                &user.map(|user| user.role.as_str()),
                &user.map(|user| user.purpose.as_str()),
                &user.map(|user| user.two_factor),
                &change.at,
                &change.id,
                &rights,
            ],
        )
        .await
}

/// The certificates of organisations in law, when a node of one, or of none, comes in place of another.
async fn certificates(
    session: Session<'_>,
    before: Option<&Node>,
    bound: Option<(&OrganisationId, &str)>,
    change: &Change,
) -> Result<Vec<Instrument>, InstrumentError> {
    let mut news = Vec::new();
    let loosed: BTreeSet<String> = before.map(|node| node.fingerprint.clone()).into_iter().collect();
    let moved = before.filter(|node| bound.is_none_or(|(organisation, _)| *organisation != node.organisation));
    if let Some(node) = moved {
        news.extend(two_sides::certificates(session, &node.organisation, &loosed, None, change).await?);
    }
    if let Some((organisation, fingerprint)) = bound {
        let bound = Some(fingerprint);
        news.extend(two_sides::certificates(session, organisation, &loosed, bound, change).await?);
    }
    Ok(news)
}

/// What the journal tells of an entry, with what was entered in law.
fn told(entry: Option<Value>, news: &[Instrument]) -> Result<Option<Value>, StoreError> {
    if news.is_empty() {
        return Ok(entry);
    }
    let in_law: Result<Vec<Value>, _> = news.iter().map(Instrument::value).collect();
    let in_law = in_law.map_err(|_| StoreError::row("owed_act", "after"))?;
    let mut after = entry.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    if let Value::Object(members) = &mut after {
        members.insert("in_law".to_owned(), Value::Array(in_law));
    }
    Ok(Some(after))
}

/// A value as the journal tells it.
fn value(of: &impl serde::Serialize) -> Result<Option<Value>, StoreError> {
    serde_json::to_value(of)
        .map(Some)
        .map_err(|_| StoreError::row("owed_act", "after"))
}

fn list(texts: &BTreeSet<String>) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn set(
    row: &Row,
    index: usize,
    table: &'static str,
    column: &'static str,
) -> Result<BTreeSet<String>, StoreError> {
    Ok(read::<Vec<String>>(row, index, table, column)?
        .into_iter()
        .collect())
}

fn organisation(row: &Row) -> Result<InForce<Organisation>, StoreError> {
    const TABLE: &str = "organisation";
    let from: OffsetDateTime = read(row, 8, TABLE, "from_at")?;
    Ok(InForce {
        version: read(row, 1, TABLE, "version")?,
        from,
        until: read(row, 9, TABLE, "until_at")?,
        value: Organisation {
            id: OrganisationId(read(row, 0, TABLE, "id")?),
            name: read(row, 2, TABLE, "name")?,
            kana: read(row, 3, TABLE, "kana")?,
            entity: EntityId(read(row, 4, TABLE, "entity")?),
            entity_name: read(row, 5, TABLE, "entity_name")?,
            facility_codes: set(row, 6, TABLE, "facility_codes")?,
            oids: set(row, 7, TABLE, "oids")?,
        },
    })
}

fn node(row: &Row) -> Result<InForce<Node>, StoreError> {
    const TABLE: &str = "node";
    let transactions = (set(row, 4, TABLE, "transactions")?.iter())
        .map(|name| Transaction::from_name(name).ok_or(StoreError::row(TABLE, "transactions")))
        .collect::<Result<_, _>>()?;
    let rights = (set(row, 16, TABLE, "rights")?.iter())
        .map(|name| Right::from_name(name).ok_or(StoreError::row(TABLE, "rights")))
        .collect::<Result<_, _>>()?;
    let in_flight: Option<i32> = read(row, 7, TABLE, "in_flight_max")?;
    Ok(InForce {
        version: read(row, 1, TABLE, "version")?,
        from: read(row, 13, TABLE, "from_at")?,
        until: read(row, 14, TABLE, "until_at")?,
        value: Node {
            name: NodeName(read(row, 0, TABLE, "name")?),
            fingerprint: read(row, 2, TABLE, "fingerprint")?,
            organisation: OrganisationId(read(row, 3, TABLE, "organisation")?),
            transactions,
            rights,
            allow_tls12: read(row, 5, TABLE, "allow_tls12")?,
            acts_for_others: read(row, 6, TABLE, "acts_for_others")?,
            in_flight_max: in_flight
                .map(|max| u32::try_from(max).map_err(|_| StoreError::row(TABLE, "in_flight_max")))
                .transpose()?,
            source_ids: set(row, 8, TABLE, "source_ids")?,
            feeds: set(row, 9, TABLE, "feeds")?,
            default_user: user(row)?,
        },
    })
}

fn user(row: &Row) -> Result<Option<DefaultUser>, StoreError> {
    const TABLE: &str = "node";
    let role: Option<String> = read(row, 10, TABLE, "user_role")?;
    let purpose: Option<String> = read(row, 11, TABLE, "user_purpose")?;
    let two_factor: Option<bool> = read(row, 12, TABLE, "user_two_factor")?;
    match (role, purpose, two_factor) {
        (Some(role), Some(purpose), Some(two_factor)) => Ok(Some(DefaultUser {
            role,
            purpose,
            two_factor,
        })),
        (None, None, None) => Ok(None),
        _ => Err(StoreError::row(TABLE, "user_role")),
    }
}
