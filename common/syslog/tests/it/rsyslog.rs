//! rsyslog as an Audit Record Repository: a child process with its own configuration and folders.
//!
//! Direct queues: it writes a message before it reads the next one, so that what it has read survives SIGKILL.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::source::numbers;
use crate::world::{SENDER, World, read_or_empty, until};

/// The TLS library that rsyslog uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Driver {
    /// rsyslog-gnutls: ends a session with a bare FIN.
    Gtls,
    /// rsyslog-openssl: ends a session with close_notify.
    Ossl,
}

pub(crate) struct Rsyslog {
    address: SocketAddr,
    config: PathBuf,
    pid_file: PathBuf,
    log: PathBuf,
    /// The network namespace it lives in.
    namespace: Option<String>,
    child: Option<Child>,
}

impl Rsyslog {
    /// A receiver that is configured and does not run yet.
    pub(crate) fn receiver(world: &World, driver: Driver, address: SocketAddr) -> Self {
        let file = |name: &str| world.file(name).display().to_string();
        let work = world.file("rsyslog");
        fs::create_dir_all(&work).unwrap();
        let (driver, ip, port) = (driver.name(), address.ip(), address.port());
        let text = format!(
            r#"
global(workDirectory="{work}" maxMessageSize="8m" parser.escapeControlCharactersOnReceive="off"
    DefaultNetstreamDriverCAFile="{ca}" DefaultNetstreamDriverCertFile="{cert}" DefaultNetstreamDriverKeyFile="{key}")
main_queue(queue.type="Direct")
module(load="imtcp" StreamDriver.Name="{driver}" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/name"
    PermittedPeer=["{SENDER}"] MaxFrameSize="8388608")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="arr" queue.type="Direct") {{
    action(type="omfile" file="{log}" template="raw" queue.type="Direct" asyncWriting="off" flushOnTXEnd="on")
}}
input(type="imtcp" address="{ip}" port="{port}" ruleset="arr")
"#,
            work = work.display(),
            ca = file("roots.pem"),
            cert = file("receiver.crt"),
            key = file("receiver.key"),
            log = file("arrived.log"),
        );
        Self::with_config(world, address, &text)
    }

    /// A sender: what is written to `input.log` goes to `address` by TLS.
    pub(crate) fn sender(world: &World, driver: Driver, address: SocketAddr) -> Self {
        let file = |name: &str| world.file(name).display().to_string();
        let work = world.file("rsyslog");
        fs::create_dir_all(&work).unwrap();
        let text = format!(
            r#"
global(workDirectory="{work}" maxMessageSize="8m"
    DefaultNetstreamDriverCAFile="{ca}" DefaultNetstreamDriverCertFile="{cert}" DefaultNetstreamDriverKeyFile="{key}")
module(load="imfile" mode="polling" pollingInterval="1")
template(name="whole" type="string" string="%msg%")
input(type="imfile" file="{input}" tag="x" ruleset="out")
ruleset(name="out") {{
    action(type="omfwd" target="{ip}" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="whole"
        StreamDriver="{driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
        StreamDriverPermittedPeers="arr.test" action.resumeRetryCount="-1" action.resumeInterval="1")
}}
"#,
            work = work.display(),
            ca = file("roots.pem"),
            cert = file("sender.crt"),
            key = file("sender.key"),
            input = file("input.log"),
            ip = address.ip(),
            port = address.port(),
            driver = driver.name(),
        );
        Self::with_config(world, address, &text)
    }

    fn with_config(world: &World, address: SocketAddr, text: &str) -> Self {
        let config = world.file("rsyslog.conf");
        fs::write(&config, text).unwrap();
        Self {
            address,
            config,
            pid_file: world.file("rsyslog.pid"),
            log: world.file("arrived.log"),
            namespace: None,
            child: None,
        }
    }

    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Starts it, and waits for its port where it is a receiver.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        let address = self.address;
        let listens = move || TcpStream::connect(address).is_ok();
        until(20, listens, || "rsyslog does not listen".to_owned()).await;
    }

    pub(crate) fn spawn(&mut self) {
        let _ = fs::remove_file(&self.pid_file);
        let program = program().expect("asked for before");
        let mut command = match &self.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, program]);
                command
            }
        };
        let child = command
            .arg("-n")
            .arg("-f")
            .arg(&self.config)
            .arg("-i")
            .arg(&self.pid_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // `ip netns exec` becomes the program it starts: the child is rsyslog in both cases.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        read_or_empty(&self.log)
    }

    pub(crate) fn arrived(&self) -> Vec<u64> {
        numbers(&self.text())
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Driver {
    fn name(self) -> &'static str {
        match self {
            Self::Gtls => "gtls",
            Self::Ossl => "ossl",
        }
    }
}

/// Whether the test may go on. Without rsyslog it fails, unless RENKEI_SKIP_OUTSIDE=1 says that it need not.
pub(crate) fn is_there(driver: Driver) -> bool {
    let module = format!("lmnsd_{}.so", driver.name());
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
    ];
    let found = folders
        .iter()
        .any(|folder| fs::exists(format!("{folder}/rsyslog/{module}")).unwrap_or(false));
    if program().is_some() && found {
        return true;
    }
    assert!(
        std::env::var("RENKEI_SKIP_OUTSIDE").as_deref() == Ok("1"),
        "rsyslogd with {module} is not installed: docker/install-packages.sh test, or set RENKEI_SKIP_OUTSIDE=1"
    );
    println!("skipped: no rsyslogd with {module}");
    false
}

fn program() -> Option<&'static str> {
    ["/usr/sbin/rsyslogd", "/usr/bin/rsyslogd"]
        .into_iter()
        .find(|path| fs::exists(path).unwrap_or(false))
}
