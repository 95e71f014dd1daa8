//! What our kernel knows of a TCP connection (sock_diag(7), Linux): whether the other end took all that we sent.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// How a connection stands that both sides have ended, as far as our kernel knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    /// Our FIN is acknowledged, and so is everything before it.
    Acknowledged,
    /// Not yet.
    Open,
    /// The connection is gone: it was reset, or our FIN was acknowledged after the other one had come.
    Gone,
}

/// Asks the kernel about one connection.
#[derive(Debug)]
pub(super) struct Kernel {
    netlink: Socket,
    local: SocketAddr,
    remote: SocketAddr,
}

impl Kernel {
    /// Fails where netlink sockets are not to be had: not Linux, or a sandbox.
    pub(super) fn open(local: SocketAddr, remote: SocketAddr) -> io::Result<Self> {
        let netlink = Socket::new(
            Domain::from(AF_NETLINK),
            Type::DGRAM,
            Some(Protocol::from(NETLINK_SOCK_DIAG)),
        )?;
        netlink.set_read_timeout(Some(Duration::from_secs(1)))?;
        let mut kernel = Self {
            netlink,
            local,
            remote,
        };
        // Some sandboxes give the socket and no answer.
        match kernel.ending()? {
            Ending::Gone => Err(io::ErrorKind::Unsupported.into()),
            _ => Ok(kernel),
        }
    }

    pub(super) fn ending(&mut self) -> io::Result<Ending> {
        let question = question(self.local, self.remote).ok_or(io::ErrorKind::InvalidInput)?;
        self.netlink.write_all(&question)?;
        let mut answer = [0; 1024];
        let length = self.netlink.read(&mut answer)?;
        ending(answer.get(..length).unwrap_or_default()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// An `nlmsghdr` and an `inet_diag_req_v2` for exactly this connection; none for addresses of two families.
fn question(local: SocketAddr, remote: SocketAddr) -> Option<Vec<u8>> {
    let family = match (local, remote) {
        (SocketAddr::V4(_), SocketAddr::V4(_)) => AF_INET,
        (SocketAddr::V6(_), SocketAddr::V6(_)) => AF_INET6,
        _ => return None,
    };
    let mut question = Vec::with_capacity(QUESTION_BYTES);
    question.extend((QUESTION_BYTES as u32).to_ne_bytes());
    question.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    question.extend(NLM_F_REQUEST.to_ne_bytes());
    // Number and sender of the question: one is asked at a time, and the kernel fills in who we are.
    question.extend([0; 8]);
    question.extend([family, IPPROTO_TCP, 0, 0]);
    // In any state.
    question.extend(u32::MAX.to_ne_bytes());
    question.extend(local.port().to_be_bytes());
    question.extend(remote.port().to_be_bytes());
    question.extend(sixteen(local.ip()));
    question.extend(sixteen(remote.ip()));
    // On any interface, whatever its cookie.
    question.extend([0; 4]);
    question.extend([0xff; 8]);
    Some(question)
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

/// Reads an `nlmsghdr` with an `inet_diag_msg` or an error number behind it.
fn ending(answer: &[u8]) -> Option<Ending> {
    let (head, body) = answer.split_at_checked(16)?;
    match u16::from_ne_bytes([*head.get(4)?, *head.get(5)?]) {
        SOCK_DIAG_BY_FAMILY => Some(match *body.get(1)? {
            TCP_TIME_WAIT => Ending::Acknowledged,
            _ => Ending::Open,
        }),
        NLMSG_ERROR => {
            let number = i32::from_ne_bytes(body.get(..4)?.try_into().ok()?);
            (number == -ENOENT).then_some(Ending::Gone)
        }
        _ => None,
    }
}

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const AF_NETLINK: i32 = 16;
const NETLINK_SOCK_DIAG: i32 = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const IPPROTO_TCP: u8 = 6;
const TCP_TIME_WAIT: u8 = 6;
const ENOENT: i32 = 2;
const QUESTION_BYTES: usize = 72;

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::time::Instant;

    use super::*;

    fn pair(address: &str) -> (TcpStream, TcpStream, Kernel) {
        let listener = TcpListener::bind(address).unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (theirs, _) = listener.accept().unwrap();
        let kernel = Kernel::open(ours.local_addr().unwrap(), ours.peer_addr().unwrap()).unwrap();
        (ours, theirs, kernel)
    }

    fn until(kernel: &mut Kernel, expected: Ending) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while kernel.ending().unwrap() != expected {
            assert!(Instant::now() < deadline, "{:?}", kernel.ending());
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_has_read_everything_and_ends_leaves_an_acknowledged_end() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (mut ours, mut theirs, mut kernel) = pair(address);
            ours.write_all(b"abc").unwrap();
            ours.shutdown(Shutdown::Write).unwrap();
            assert_eq!(kernel.ending().unwrap(), Ending::Open);
            theirs.read_to_end(&mut Vec::new()).unwrap();
            drop(theirs);
            until(&mut kernel, Ending::Acknowledged);
        }
    }

    #[test]
    fn who_has_ended_before_our_bytes_came_leaves_nothing_but_an_error() {
        let (mut ours, theirs, mut kernel) = pair("127.0.0.1:0");
        drop(theirs);
        ours.write_all(b"abc").unwrap();
        let _ = ours.shutdown(Shutdown::Write);
        until(&mut kernel, Ending::Gone);
        assert!(ours.take_error().unwrap().is_some());
    }

    #[test]
    fn who_ended_first_and_took_our_end_leaves_nothing_and_no_error() {
        let (mut ours, mut theirs, mut kernel) = pair("127.0.0.1:0");
        ours.write_all(b"abc").unwrap();
        theirs.read_exact(&mut [0; 3]).unwrap();
        theirs.shutdown(Shutdown::Write).unwrap();
        ours.read_to_end(&mut Vec::new()).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        theirs.read_to_end(&mut Vec::new()).unwrap();
        until(&mut kernel, Ending::Gone);
        assert!(ours.take_error().unwrap().is_none());
    }
}
