//! From a connection to a Principal. The only place that makes one.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use xds_audit::Caller as AuditCaller;
use xds_model::Principal;
use xds_model::principal::NodeName;
use xds_tls::{PeerIdentity, ServerTls};
use xds_xua::Assertion;

use crate::http::Connected;
use crate::ledger::NodeList;

/// The header by which a repository names the node that it acts for.
pub const SUBMITTING_NODE: &str = "renkei-submitting-node";

/// Tells who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Authenticator {
    tls: ServerTls,
    nodes: Arc<NodeList>,
}

/// Who sent a request, and from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who is asking.
    pub principal: Principal,
    /// The address of the other end.
    pub address: SocketAddr,
    /// Whether the same message with the same assertion came before.
    pub repeat: bool,
}

impl Caller {
    /// A caller at this address, known by its node.
    pub fn new(principal: Principal, address: SocketAddr) -> Self {
        Self {
            principal,
            address,
            repeat: false,
        }
    }

    /// The same, with the user of its assertion.
    pub(crate) fn asserted(&self, assertion: &Assertion, repeat: bool) -> Self {
        Self {
            principal: self.principal.clone().with_users(assertion.users()),
            address: self.address,
            repeat,
        }
    }

    /// As the audit tells of it.
    pub fn audited(&self) -> AuditCaller {
        AuditCaller {
            repeat: self.repeat,
            ..AuditCaller::of(&self.principal, Some(self.address))
        }
    }
}

/// The request comes from nobody that may be served: the connection is to be closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAuthenticated {
    /// The connection was not made by the clinical listener.
    #[error("the connection carries no judged certificate")]
    NoCertificate,
    /// The certificate was good when the connection was made and is not any more.
    #[error("the certificate is not good any more ({0})")]
    NoLonger(xds_tls::RefusalReason),
    /// The certificate is bound to no active node any more.
    #[error("the certificate is bound to no active node any more")]
    NotEnrolled,
    /// The node that the caller acts for is not enrolled, or the caller may act for nobody.
    #[error("the caller may not act for the node that it names")]
    NotOnBehalf,
}

impl NotAuthenticated {
    /// A fixed word, for the audit.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoCertificate => "no_certificate",
            Self::NoLonger(reason) => reason.as_str(),
            Self::NotEnrolled => "not_enrolled",
            Self::NotOnBehalf => "not_on_behalf",
        }
    }
}

impl Authenticator {
    /// With this material and ledger.
    pub fn new(tls: ServerTls, nodes: Arc<NodeList>) -> Self {
        Self { tls, nodes }
    }

    /// Who sent an HTTP request on a connection that may have been opened long ago.
    ///
    /// # Errors
    /// See [`NotAuthenticated`].
    pub fn caller(&self, request: &HttpRequest) -> Result<Caller, NotAuthenticated> {
        let connected = request
            .conn_data::<Connected>()
            .ok_or(NotAuthenticated::NoCertificate)?;
        let principal = self.principal(&connected.peer)?;
        let principal = match request.headers().get(SUBMITTING_NODE) {
            None => principal,
            Some(name) => self.on_behalf(
                principal,
                name.to_str().map_err(|_| NotAuthenticated::NotOnBehalf)?,
            )?,
        };
        Ok(Caller::new(principal, connected.address))
    }

    /// The node behind a certificate, judged again as of now.
    ///
    /// # Errors
    /// See [`NotAuthenticated`].
    pub fn principal(&self, peer: &PeerIdentity) -> Result<Principal, NotAuthenticated> {
        self.tls.still_good(peer).map_err(NotAuthenticated::NoLonger)?;
        let node = self
            .nodes
            .by_fingerprint(&peer.fingerprint())
            .ok_or(NotAuthenticated::NotEnrolled)?;
        Ok(Principal::authenticated((*node).clone()))
    }

    fn on_behalf(&self, repository: Principal, name: &str) -> Result<Principal, NotAuthenticated> {
        if !repository.node().acts_for_others {
            return Err(NotAuthenticated::NotOnBehalf);
        }
        let node = self
            .nodes
            .by_name(&NodeName(name.to_owned()))
            .ok_or(NotAuthenticated::NotOnBehalf)?;
        Ok(Principal::on_behalf_of((*node).clone(), &repository))
    }
}
