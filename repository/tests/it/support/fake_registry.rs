//! A registry that knows just enough, and can misbehave: JSON questions and ITI-42 over mutual TLS.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use xds_model::principal::EnrolledNode;
use xds_model::time::{SharedClock, System};
use xds_server::foundation::now_of;
use xds_soap::{ReplyAddresses, SIMPLE_CONTENT_TYPE, read_request, write_response};
use xds_tls::{Admission, Admitted, Fingerprint, LiveMaterial, MaterialPaths, ServerSettings, ServerTls};
use xds_xml::{Document, Element, Limits};

use super::messages::{ENTRY_UNIQUE_ID, SET_UNIQUE_ID, attribute_of_identifier};

/// What the registry does with ITI-42.
#[derive(Clone, Debug)]
pub(crate) enum OnRegister {
    /// Registers it.
    Register,
    /// Registers it with this warning.
    Warn(&'static str),
    /// Turns it down with this error.
    Refuse(&'static str),
    /// Registers it and dies before the answer.
    DieAfter,
    /// Dies before it does anything.
    DieBefore,
    /// Registers it and never answers.
    Silent,
    /// Answers with this HTTP status and nothing else.
    Status(u16),
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) nodes: Vec<EnrolledNode>,
    pub(crate) on_register: Option<OnRegister>,
    /// The SubmissionSets that it has, and the documents that came with each, by uniqueId.
    pub(crate) registered: HashMap<String, BTreeSet<String>>,
    /// The patient of each document that may be released.
    pub(crate) permitted: HashMap<String, String>,
    /// Requests as they came: path, `renkei-submitting-node`, body.
    pub(crate) seen: Vec<(String, Option<String>, String)>,
    /// Answers to questions are this instead.
    pub(crate) broken_answer: Option<Value>,
}

#[derive(Clone)]
pub(crate) struct FakeRegistry {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    tls: ServerTls,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// Admits the one repository.
#[derive(Debug)]
struct Only(String);

impl Admission for Only {
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted {
        if fingerprint.to_string() == self.0 {
            Admitted::Tls13
        } else {
            Admitted::No
        }
    }
}

impl FakeRegistry {
    pub(crate) async fn start(paths: &MaterialPaths, repository: &str, nodes: Vec<EnrolledNode>) -> Self {
        let clock: SharedClock = Arc::new(System);
        let material = LiveMaterial::load(paths.clone(), now_of(&clock)).unwrap();
        let settings = ServerSettings {
            allow_tls12: false,
            alpn_http11: true,
            handshake_max: Duration::from_secs(10),
        };
        let tls = ServerTls::new(material, Arc::new(Only(repository.to_owned())), settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = Self {
            state: Arc::new(Mutex::new(State {
                nodes,
                ..State::default()
            })),
            address: listener.local_addr().unwrap(),
            tls,
            task: Arc::default(),
        };
        registry.accept_on(listener);
        registry
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    pub(crate) fn on_register(&self, what: OnRegister) {
        self.with(|state| state.on_register = Some(what));
    }

    /// Lets everybody have this document.
    pub(crate) fn permit(&self, document: &str) {
        self.with(|state| {
            state
                .permitted
                .insert(document.to_owned(), super::PATIENT.to_owned())
        });
    }

    /// Bodies of the ITI-42 that came.
    pub(crate) fn submissions(&self) -> Vec<(Option<String>, String)> {
        self.with(|state| {
            let submissions = state.seen.iter().filter(|(path, ..)| path == "/xds/registry");
            submissions
                .map(|(_, node, body)| (node.clone(), body.clone()))
                .collect()
        })
    }

    /// Closes its port and all connections.
    pub(crate) async fn go_down(&self) {
        let task = self.task.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Opens the same port again.
    pub(crate) async fn come_back(&self) {
        self.accept_on(TcpListener::bind(self.address).await.unwrap());
    }

    fn accept_on(&self, listener: TcpListener) {
        let this = self.clone();
        let task = tokio::spawn(async move {
            // Dropped with this task, and the connections with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((io, _)) = listener.accept().await {
                let this = this.clone();
                connections.spawn(async move {
                    // A connection that ends is nobody's failure.
                    let _ = this.serve(io).await;
                });
            }
        });
        *self.task.lock().unwrap() = Some(task);
    }

    async fn serve(&self, io: TcpStream) -> io::Result<()> {
        let Ok((mut stream, _)) = self.tls.accept(io).await else {
            return Ok(());
        };
        let mut buffer = Vec::new();
        loop {
            let Some((path, node, body)) = read_http(&mut stream, &mut buffer).await? else {
                return Ok(());
            };
            self.with(|state| state.seen.push((path.clone(), node, body.clone())));
            let answer = if path == "/xds/registry" {
                self.register(&body).await
            } else {
                Some(self.question(&path, &body))
            };
            let Some((status, content_type, body)) = answer else {
                return Ok(());
            };
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await?;
            stream.flush().await?;
        }
    }

    /// No answer: the connection ends.
    async fn register(&self, envelope: &str) -> Option<(u16, String, String)> {
        let document = Document::parse(envelope.as_bytes(), &Limits::default()).unwrap();
        let request = read_request(&document, ReplyAddresses::AnonymousOnly).unwrap();
        let set = submission_set(request.body);
        let behaviour = self
            .with(|state| state.on_register.clone())
            .unwrap_or(OnRegister::Register);
        let documents = documents(request.body);
        let commit = || self.with(|state| state.registered.insert(set.clone(), documents.clone()));
        let response = match behaviour {
            OnRegister::Register => {
                commit();
                response("urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success", None)
            }
            OnRegister::Warn(code) => {
                commit();
                response(
                    "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success",
                    Some((code, "Warning")),
                )
            }
            OnRegister::Refuse(code) => response(
                "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure",
                Some((code, "Error")),
            ),
            OnRegister::DieBefore => return None,
            OnRegister::DieAfter => {
                commit();
                return None;
            }
            OnRegister::Silent => {
                commit();
                std::future::pending::<()>().await;
                return None;
            }
            OnRegister::Status(status) => return Some((status, "text/plain".into(), String::new())),
        };
        let action = xds_soap::action::response_action(xds_model::Transaction::Iti42).unwrap();
        let id = "urn:uuid:3b5d1c1e-0d5b-4f0e-9a53-6d1f6c1f0001";
        let xml = write_response(action, &request.headers.message_id, id, |out| {
            out.push_str(&response)
        });
        Some((200, SIMPLE_CONTENT_TYPE.to_owned(), xml))
    }

    fn question(&self, path: &str, body: &str) -> (u16, String, String) {
        let question: Value = serde_json::from_str(body).unwrap();
        let name = path.strip_prefix("/xds/registry/").unwrap_or(path);
        let answer = self.with(|state| match (name, &state.broken_answer) {
            ("nodes", _) => json!({ "nodes": state.nodes }),
            (_, Some(broken)) => broken.clone(),
            ("registered", _) => {
                let known = state.registered.get(question["submission_set"].as_str().unwrap());
                let asked = question["documents"].as_array().map(|documents| {
                    let id = |document: &Value| document["unique_id"].as_str().unwrap().to_owned();
                    documents.iter().map(id).collect::<BTreeSet<String>>()
                });
                let registered = known.is_some_and(|known| asked.is_none_or(|asked| asked == *known));
                json!({ "registered": registered })
            }
            ("decision", _) => {
                assert_eq!(question["operation"], "retrieve");
                let documents = question["documents"].as_array().unwrap();
                let decisions: Vec<Value> = documents
                    .iter()
                    .map(|id| decision(state, id.as_str().unwrap()))
                    .collect();
                json!({ "decisions": decisions })
            }
            other => panic!("unknown question {other:?}"),
        });
        (200, "application/json".to_owned(), answer.to_string())
    }
}

fn decision(state: &State, document: &str) -> Value {
    match state.permitted.get(document) {
        None => json!({ "unique_id": document, "permitted": false }),
        Some(patient) => json!({
            "unique_id": document,
            "permitted": true,
            "decision": "8a1f7c2e-0000-4000-8000-000000000001",
            "basis": "OWN",
            "patient": patient,
        }),
    }
}

fn response(status: &str, error: Option<(&str, &str)>) -> String {
    let rs = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
    let list = error.map_or_else(String::new, |(code, severity)| {
        format!(
            "<rs:RegistryErrorList><rs:RegistryError errorCode=\"{code}\" codeContext=\"said by the registry\" \
             location=\"there\" severity=\"urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:{severity}\"/></rs:RegistryErrorList>"
        )
    });
    format!("<rs:RegistryResponse xmlns:rs=\"{rs}\" status=\"{status}\">{list}</rs:RegistryResponse>")
}

fn submission_set(body: Element<'_>) -> String {
    body.descendants()
        .find_map(|element| attribute_of_identifier(element, SET_UNIQUE_ID))
        .unwrap_or_default()
        .to_owned()
}

fn documents(body: Element<'_>) -> BTreeSet<String> {
    body.descendants()
        .filter_map(|element| attribute_of_identifier(element, ENTRY_UNIQUE_ID))
        .map(str::to_owned)
        .collect()
}

type HttpRequest = (String, Option<String>, String);

async fn read_http(
    stream: &mut (impl AsyncReadExt + Unpin),
    buffer: &mut Vec<u8>,
) -> io::Result<Option<HttpRequest>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(buffer.drain(..head_end).collect()).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").unwrap().parse().unwrap();
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = String::from_utf8(buffer.drain(..length).collect()).unwrap();
    Ok(Some((path, header("renkei-submitting-node"), body)))
}
