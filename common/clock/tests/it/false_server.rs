//! An NTP server that lies, or does worse.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use xds_clock::packet::Timestamp;
use xds_model::Clock;
use xds_model::time::System;

/// What it does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Tells a time that is ahead by this many milliseconds.
    Ahead(i64),
    /// Never answers.
    Silent,
    /// Repeats another number than it was asked with.
    WrongOriginate,
    /// First what a stranger would send, then the truth.
    StrangerFirst,
    /// Kiss-o'-death RATE.
    Kiss,
    /// Leap indicator 3.
    LeapAlarm,
    /// Stratum 16.
    Stratum16,
    /// Answers from another port.
    OtherAddress,
    /// Half an answer.
    Short,
}

pub(crate) struct FalseServer {
    pub(crate) name: String,
    asked: Arc<AtomicUsize>,
}

impl FalseServer {
    pub(crate) fn start(manner: Manner) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let name = socket.local_addr().unwrap().to_string();
        // A minute after the last question it ends by itself.
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut question = [0; 48];
            while let Ok((48, from)) = socket.recv_from(&mut question) {
                count.fetch_add(1, Ordering::SeqCst);
                answer(&socket, from, &question, manner);
            }
        });
        Self { name, asked }
    }

    /// How many questions it had.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(socket: &UdpSocket, from: SocketAddr, question: &[u8; 48], manner: Manner) {
    let ahead = if let Manner::Ahead(ms) = manner { ms } else { 0 };
    let now = Timestamp::of(System.now() + time::Duration::milliseconds(ahead));
    let mut answer = [0; 48];
    answer[0] = 0x24;
    answer[1] = 2;
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&now.0.to_be_bytes());
    answer[40..48].copy_from_slice(&now.0.to_be_bytes());
    let mut length = 48;
    match manner {
        Manner::Ahead(_) => {}
        Manner::Silent => return,
        Manner::WrongOriginate => answer[24] ^= 1,
        Manner::StrangerFirst => {
            let mut stranger = answer;
            stranger[31] ^= 1;
            stranger[33] = 0;
            socket.send_to(&stranger, from).unwrap();
            socket.send_to(&stranger[..3], from).unwrap();
        }
        Manner::Kiss => {
            answer[1] = 0;
            answer[12..16].copy_from_slice(b"RATE");
        }
        Manner::LeapAlarm => answer[0] |= 0xc0,
        Manner::Stratum16 => answer[1] = 16,
        Manner::OtherAddress => {
            let other = UdpSocket::bind("127.0.0.1:0").unwrap();
            other.send_to(&answer, from).unwrap();
            return;
        }
        Manner::Short => length = 40,
    }
    // A client that is gone hears no more.
    let _ = socket.send_to(&answer[..length], from);
}
