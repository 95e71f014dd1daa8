//! Assertions about users at the door (ITI-40, the X-Service Provider): validated, checked for replay, and put into
//! the Principal.
//!
//! [`xds_xua`] judges one assertion; here are what it is judged by (`[xua]` and the providers' certificates, read
//! again when they change), who needs one, and which were used.

mod fault;
mod kind;
mod material;
mod memory;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use xds_model::time::SharedClock;
use xds_xml::{Document, Element, Limits};
use xds_xua::{Assertion, Refused};

use crate::authenticate::Caller;
use crate::config::XuaSection;

pub(crate) use fault::fault_of;
pub use kind::NodeKind;
pub use material::IssuerError;
pub(crate) use material::look;

use kind::Requirement;
use material::Live;
use memory::{Admitted, Memory, Message, NotAdmitted};

/// The namespace of wsse:Security.
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

/// Believes assertions, for one process.
pub struct Xua {
    live: Live,
    requirement: Requirement,
    memory: Mutex<Memory>,
    clock: SharedClock,
}

/// Why `[xua]` cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum XuaError {
    /// The certificate of an assertion provider.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The file of assertions that were used.
    #[error(
        "cannot use {}, where it is kept which assertions were used: {source}; make its folder writable, or, if the file is \
         damaged, stop this server for as long as assertions live and remove it",
        file.display()
    )]
    Memory {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a request goes no further.
#[derive(Debug)]
pub enum NotAsserted {
    /// Its assertion is refused, or it needs one and has none.
    Refused(Refused),
    /// It cannot be written down that the assertion was used.
    Unavailable,
}

impl Xua {
    /// Reads certificates and what was used before. `address`: this server's own; `file`: where it is kept which
    /// assertions were used.
    ///
    /// # Errors
    /// See [`XuaError`].
    pub fn open(
        section: &XuaSection,
        address: &str,
        file: PathBuf,
        clock: SharedClock,
    ) -> Result<Self, XuaError> {
        let per_issuer_max = usize::try_from(section.assertions_per_issuer_max).unwrap_or(usize::MAX);
        let memory = Memory::open(file.clone(), per_issuer_max, clock.now())
            .map_err(|source| XuaError::Memory { file, source })?;
        Ok(Self {
            live: Live::load(section, address)?,
            requirement: Requirement::of(section),
            memory: Mutex::new(memory),
            clock,
        })
    }

    /// The caller with the user of its assertion; none if there is no assertion and none is needed. `security`: the
    /// wsse:Security header within its message.
    ///
    /// # Errors
    /// See [`NotAsserted`]: nothing of the request may be done.
    pub fn admit(
        &self,
        security: Option<Element<'_>>,
        caller: &Caller,
        message: impl FnOnce() -> (String, String),
    ) -> Result<Option<Caller>, NotAsserted> {
        let node = caller.principal.node();
        let now = self.clock.now();
        let assertion = match self.live.validator().validate(security, node, now) {
            Ok(assertion) => assertion,
            Err(refused) if refused.is_absence() && !self.requirement.binds(node) => return Ok(None),
            Err(refused) => return Err(NotAsserted::Refused(refused)),
        };
        let (id, digest) = message();
        let message = Message {
            id: &id,
            digest: &digest,
        };
        let admitted = self.remember(&assertion, caller, message)?;
        Ok(Some(caller.asserted(&assertion, admitted == Admitted::Repeat)))
    }

    /// The same for an assertion that a repository passes on in a question of its own.
    ///
    /// # Errors
    /// See [`NotAsserted`].
    pub fn admit_forwarded(
        &self,
        assertion: Option<&str>,
        caller: &Caller,
        message: impl FnOnce() -> (String, String),
    ) -> Result<Option<Caller>, NotAsserted> {
        let Some(assertion) = assertion else {
            return self.admit(None, caller, message);
        };
        let header =
            format!("<forwarded:Security xmlns:forwarded=\"{WSSE}\">{assertion}</forwarded:Security>");
        match Document::parse(header.as_bytes(), &Limits::default()) {
            Ok(document) => self.admit(Some(document.root()), caller, message),
            Err(_) => Err(NotAsserted::Refused(Refused::malformed())),
        }
    }

    fn remember(
        &self,
        assertion: &Assertion,
        caller: &Caller,
        message: Message<'_>,
    ) -> Result<Admitted, NotAsserted> {
        let node = &caller.principal.node().name;
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory
            .admit(assertion, node, message, self.clock.now())
            .map_err(|error| match error {
                NotAdmitted::Refused(refused) => NotAsserted::Refused(refused),
                NotAdmitted::Write(error) => {
                    tracing::error!(%error, "alarm: the use of an assertion cannot be written down");
                    NotAsserted::Unavailable
                }
            })
    }

    /// Reads the providers' certificates again; whether they changed. Blocks on file access.
    ///
    /// # Errors
    /// When one cannot be used: those in force stay.
    pub fn reload(&self) -> Result<bool, IssuerError> {
        self.live.reload()
    }

    /// Reads them again and again. Never returns.
    pub async fn watch(self: Arc<Self>) {
        let mut told = false;
        loop {
            tokio::time::sleep(xds_tls::WATCH_EVERY).await;
            let xua = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || xua.reload()).await {
                Ok(Ok(changed)) => {
                    told = false;
                    if changed {
                        tracing::info!("the certificates of assertion providers were reloaded");
                    }
                }
                Ok(Err(error)) if !told => {
                    told = true;
                    tracing::error!(%error, "alarm: the certificates of assertion providers were not reloaded; the old ones stay in force");
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }
}

impl fmt::Debug for Xua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xua")
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}
