//! An Audit Record Repository that we did not write: rsyslog, with a certificate of the network's authority.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::NetworkError;
use crate::network::Network;

/// The name of its certificate.
const NAME: &str = "arr";

/// rsyslog as a receiver of syslog over mutual TLS, killed when it goes out of scope. Each message becomes a line of its
/// file before the next one is read.
#[derive(Debug)]
pub struct Rsyslog(Child);

impl Rsyslog {
    /// Where it is installed (Debian packages rsyslog and rsyslog-gnutls).
    pub fn program() -> Option<&'static Path> {
        ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"]
            .into_iter()
            .map(Path::new)
            .find(|program| program.exists())
    }

    /// Starts `program`; it writes what arrives at `port` of 127.0.0.1 to `log`.
    ///
    /// # Errors
    /// When its certificate or files cannot be written, or it does not start.
    pub fn start(program: &Path, network: &Network, port: u16, log: &Path) -> Result<Self, NetworkError> {
        let pki = network.pki();
        pki.issue(NAME)?;
        let work = network.folder().join("rsyslog");
        fs::create_dir_all(&work).map_err(NetworkError::io(&work))?;
        let text = format!(
            r#"
global(workDirectory="{work}" maxMessageSize="8m" parser.escapeControlCharactersOnReceive="off"
    DefaultNetstreamDriverCAFile="{ca}" DefaultNetstreamDriverCertFile="{certificate}" DefaultNetstreamDriverKeyFile="{key}")
main_queue(queue.type="Direct")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid" MaxFrameSize="8388608")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="arr" queue.type="Direct") {{
    action(type="omfile" file="{log}" template="raw" queue.type="Direct" asyncWriting="off" flushOnTXEnd="on")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="arr")
"#,
            work = work.display(),
            ca = pki.ca_file().display(),
            certificate = pki.certificate(NAME).display(),
            key = pki.key(NAME).display(),
            log = log.display(),
        );
        let config = work.join("rsyslog.conf");
        fs::write(&config, text).map_err(NetworkError::io(&config))?;
        let child = Command::new(program)
            .args(["-n", "-f"])
            .arg(&config)
            .arg("-i")
            .arg(work.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.map(Self).map_err(NetworkError::io(program))
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
