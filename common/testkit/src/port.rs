//! Ports for servers that are started later, stopped and started again.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Where Linux says from where on it gives ports to outgoing connections by itself.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// What it says where nobody changed it.
const EPHEMERAL_FROM: u16 = 32_768;
/// The lowest port that is tried.
const LOWEST: u16 = 10_000;

/// The locks on the ports that this process was given: they last as long as it does.
static TAKEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port of the loopback interface that no other caller, in this or another process, is given while this process lives,
/// and that no outgoing connection takes, though nobody listens there yet.
///
/// # Errors
/// When all are taken, or the temporary folder cannot be written to.
pub fn port() -> io::Result<u16> {
    let folder = std::env::temp_dir().join("renkei-ports");
    fs::create_dir_all(&folder)?;
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let span = ephemeral_from().saturating_sub(LOWEST).max(1);
    // Each process begins somewhere else.
    let first = u16::try_from(std::process::id() % u32::from(span)).unwrap_or_default();
    for step in 0..span {
        let number = LOWEST + (first + step) % span;
        // Of a file of another user nothing is known: somebody has it.
        let Ok(lock) = File::create(folder.join(number.to_string())) else {
            continue;
        };
        if lock.try_lock().is_ok() && nobody_listens(number) {
            taken.push(lock);
            return Ok(number);
        }
    }
    Err(ErrorKind::AddrInUse.into())
}

fn ephemeral_from() -> u16 {
    let range = fs::read_to_string(EPHEMERAL).unwrap_or_default();
    let from = range.split_whitespace().next();
    from.and_then(|text| text.parse().ok()).unwrap_or(EPHEMERAL_FROM)
}

fn nobody_listens(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_port_is_given_once_and_is_out_of_the_way_of_connections() {
        let ports: BTreeSet<u16> = (0..50).map(|_| port().unwrap()).collect();
        assert_eq!(ports.len(), 50);
        assert!(ports.iter().all(|port| *port < ephemeral_from()));
        // Another process would not get them: the lock is not there for it.
        let lock = std::env::temp_dir()
            .join("renkei-ports")
            .join(ports.first().unwrap().to_string());
        assert!(File::open(lock).unwrap().try_lock().is_err());
    }
}
