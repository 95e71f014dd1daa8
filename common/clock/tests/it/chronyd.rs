//! A real chronyd (Debian package chrony) that leaves the machine's clock alone.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

use crate::folder::Folder;

pub(crate) struct Chronyd {
    child: Child,
    folder: Folder,
    pub(crate) port: u16,
    command_port: u16,
}

impl Chronyd {
    /// One that answers NTP questions from its own clock, as stratum 5.
    pub(crate) fn server() -> Self {
        Self::start("local stratum 5\n")
    }

    /// One that follows a server.
    pub(crate) fn follower(server: u16) -> Self {
        Self::start(&format!(
            "server 127.0.0.1 port {server} iburst minpoll 0 maxpoll 0\n"
        ))
    }

    fn start(lines: &str) -> Self {
        let (folder, port, command_port) = (Folder::new(), free_port(), free_port());
        let at = folder.path().display();
        let text = format!(
            "{lines}port {port}\ncmdport {command_port}\nallow 127.0.0.1\nbindaddress 127.0.0.1\n\
             bindcmdaddress 127.0.0.1\npidfile {at}/pid\ncmdallow 127.0.0.1\n"
        );
        let file = folder.path().join("chrony.conf");
        std::fs::write(&file, text).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("chronyd")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["-x", "-d", "-U", "-u", &user(), "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("chronyd (Debian package chrony): {error}"));
        Self {
            child,
            folder,
            port,
            command_port,
        }
    }

    /// The arguments with which chronyc asks this one.
    pub(crate) fn chronyc(&self) -> Vec<String> {
        let port = self.command_port.to_string();
        ["-h", "127.0.0.1", "-p", &port].map(str::to_owned).to_vec()
    }

    pub(crate) fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Chronyd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever runs the tests.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
