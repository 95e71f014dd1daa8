//! A PKI, a server that follows a script, and canned answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use xds_client::{Client, ClientSettings};
use xds_model::time::{Clock, System};
use xds_soap::write_response;
use xds_testkit::pki::{Issued, LeafSpec, TestCa, write_public};
use xds_tls::{ClientTls, CrlPolicy, LiveMaterial, MaterialPaths, init_provider};
use xds_xml::{Document, Limits};

pub(crate) const QUERY_RESPONSE: &str = "urn:ihe:iti:2007:RegistryStoredQueryResponse";
pub(crate) const REGISTER_RESPONSE: &str = "urn:ihe:iti:2007:RegisterDocumentSet-bResponse";
pub(crate) const PROVIDE_RESPONSE: &str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse";
pub(crate) const RETRIEVE_RESPONSE: &str = "urn:ihe:iti:2007:RetrieveDocumentSetResponse";

/// One CA that both sides trust, and the client's certificate on disk.
pub(crate) struct World {
    folder: PathBuf,
    pub(crate) ca: TestCa,
}

impl World {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        init_provider();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("renkei-client-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let ca = TestCa::new("Renkei Test Root", System.now()).unwrap();
        ca.leaf(&LeafSpec::node("repository"))
            .unwrap()
            .write(&folder, "client")
            .unwrap();
        let world = Self { folder, ca };
        world.trust(&world.ca);
        world
    }

    /// Makes this CA the only one that the client trusts, once the material is loaded.
    pub(crate) fn trust(&self, ca: &TestCa) {
        write_public(&self.folder.join("roots.pem"), ca.cert_pem().as_bytes()).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn material(&self) -> Arc<LiveMaterial> {
        let paths = MaterialPaths {
            certificate: self.folder.join("client.crt"),
            key: self.folder.join("client.key"),
            trusted_roots: vec![self.folder.join("roots.pem")],
            crls: Vec::new(),
            directly_trusted: Vec::new(),
            crl: CrlPolicy::None,
            crl_grace_h: 24,
        };
        LiveMaterial::load(paths, Arc::new(|| System.now())).unwrap()
    }

    pub(crate) fn tls(&self) -> ClientTls {
        ClientTls::new(self.material(), xds_tls::ClientSettings::default()).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(ClientSettings::default())
    }

    pub(crate) fn client_with(&self, settings: ClientSettings) -> Client {
        Client::new(&self.tls(), Arc::new(System), settings).unwrap()
    }

    /// A server whose certificate this CA signed, and which asks for one of this CA.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        server_config(&self.ca, &self.ca.leaf(&LeafSpec::node("registry")).unwrap())
    }

    pub(crate) async fn serve(&self, script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Server {
        Server::start(self.server_config(), script).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// `clients`: who signs the certificates of those that may come.
pub(crate) fn server_config(clients: &TestCa, leaf: &Issued) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(clients.cert_der().to_vec()))
        .unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let chain = CertificateDer::pem_slice_iter(leaf.chain_pem.as_bytes())
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Counts the connections, from 0.
    pub(crate) connection: usize,
    /// Counts the requests on this connection, from 0.
    pub(crate) on_connection: usize,
    pub(crate) head: String,
    pub(crate) body: Bytes,
    /// Bytes of the body, kept or not.
    pub(crate) bytes: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    pub(crate) fn message_id(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let (_, rest) = text.split_once("<wsa:MessageID>").expect("a MessageID");
        rest.split_once('<').unwrap().0.to_owned()
    }

    /// An envelope that answers this request.
    pub(crate) fn response(&self, action: &str, body: &str) -> String {
        write_response(action, &self.message_id(), "urn:uuid:answer", |out| {
            out.push_str(body)
        })
    }
}

/// What a server does next.
pub(crate) enum Act {
    Write(Vec<u8>),
    /// Writes this many bytes of zeros, a little at a time.
    Zeros(usize),
    /// Writes a byte every so many milliseconds for ever.
    Drip(u64),
    /// Waits until the client goes away.
    Hang,
    Close,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Script = dyn Fn(&Seen) -> Vec<Act> + Send + Sync;

/// A body longer than this is counted, not kept.
const KEPT_BYTES_MAX: usize = 4 << 20;

impl Server {
    pub(crate) async fn start(
        tls: Arc<ServerConfig>,
        script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let count = AtomicUsize::new(0);
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let connection = count.fetch_add(1, Ordering::SeqCst);
                let (tls, script, log) = (Arc::clone(&tls), Arc::clone(&script), Arc::clone(&log));
                tokio::spawn(async move {
                    if let Ok(stream) = TlsAcceptor::from(tls).accept(tcp).await {
                        let _ = talk(stream, connection, &*script, &log).await;
                    }
                });
            }
        });
        Self { port, seen, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/xds", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn talk(
    mut stream: TlsStream<TcpStream>,
    connection: usize,
    script: &Script,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    for on_connection in 0.. {
        let Some((head, body, bytes)) = read_request(&mut stream).await? else {
            return Ok(());
        };
        let seen = Seen {
            connection,
            on_connection,
            head,
            body,
            bytes,
        };
        log.lock().unwrap().push(seen.clone());
        for act in script(&seen) {
            match act {
                Act::Write(bytes) => stream.write_all(&bytes).await?,
                Act::Zeros(mut left) => {
                    let zeros = vec![0; 64 << 10];
                    while left > 0 {
                        let length = left.min(zeros.len());
                        stream.write_all(&zeros[..length]).await?;
                        left -= length;
                    }
                }
                Act::Drip(millis) => loop {
                    stream.write_all(b" ").await?;
                    stream.flush().await?;
                    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                },
                Act::Hang => {
                    stream.flush().await?;
                    while stream.read(&mut [0; 64]).await? > 0 {}
                    return Ok(());
                }
                Act::Close => return stream.shutdown().await,
            }
        }
        stream.flush().await?;
    }
    Ok(())
}

/// Head, body, length of the body. The body is dropped where it is longer than `KEPT_BYTES_MAX`.
async fn read_request(stream: &mut TlsStream<TcpStream>) -> std::io::Result<Option<(String, Bytes, usize)>> {
    let mut buffer = Vec::new();
    let head_end = loop {
        if let Some(at) = position(&buffer, b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let mut rest = buffer.split_off(head_end + 4);
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    let (body, bytes) = match length {
        Some(length) => read_exactly(stream, rest, length).await?,
        None => {
            while !rest.ends_with(b"\r\n0\r\n\r\n") {
                if stream.read_buf(&mut rest).await? == 0 {
                    return Ok(None);
                }
            }
            let body = unchunked(&rest);
            let bytes = body.len();
            (body, bytes)
        }
    };
    Ok(Some((head, body.into(), bytes)))
}

async fn read_exactly(
    stream: &mut TlsStream<TcpStream>,
    mut body: Vec<u8>,
    length: usize,
) -> std::io::Result<(Vec<u8>, usize)> {
    let mut read = body.len();
    let mut buffer = vec![0; 64 << 10];
    while read < length {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read += count;
        if body.len() < KEPT_BYTES_MAX {
            body.extend_from_slice(&buffer[..count]);
        }
    }
    Ok((body, read))
}

fn unchunked(mut wire: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = position(wire, b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&wire[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        wire = &wire[line + 2..];
        body.extend_from_slice(&wire[..length]);
        wire = &wire[length + 2..];
    }
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

pub(crate) const SOAP: &str = "application/soap+xml; charset=UTF-8";

/// An HTTP answer with Content-Length.
pub(crate) fn http(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Act::Write(bytes)
}

/// An HTTP answer in chunks of `chunk` bytes.
pub(crate) fn http_chunked(content_type: &str, body: &[u8], chunk: usize) -> Act {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .into_bytes();
    for piece in body.chunks(chunk) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    Act::Write(bytes)
}

pub(crate) const MTOM: &str = "multipart/related; type=\"application/xop+xml\"; boundary=\"b1\"; \
                               start=\"<root@x>\"; start-info=\"application/soap+xml\"";

/// A multipart body for [`MTOM`].
pub(crate) fn multipart(envelope: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = multipart_open(envelope, parts);
    body.extend_from_slice(b"\r\n--b1--\r\n");
    body
}

/// The same without the closing delimiter.
pub(crate) fn multipart_open(envelope: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = format!(
        "--b1\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
         Content-ID: <root@x>\r\n\r\n{envelope}"
    )
    .into_bytes();
    for (id, content) in parts {
        body.extend_from_slice(
            format!("\r\n--b1\r\nContent-Type: application/pdf\r\nContent-ID: <{id}>\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
    }
    body
}

/// The value of the element `local` in a body that has a text.
pub(crate) fn text_of(xml: &[u8], namespace: &str, local: &str) -> Option<String> {
    let document = Document::parse(xml, &Limits::default()).unwrap();
    let root = document.root();
    let found = root.descendants().find(|element| element.is(namespace, local))?;
    Some(found.text().unwrap().to_owned())
}
