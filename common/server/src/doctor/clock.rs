//! The clock, against NTP servers (IHE CT, ITI-1: within one second).

use std::net::UdpSocket;
use std::time::Duration;

use time::OffsetDateTime;
use xds_model::Clock;

use super::Finding;
use crate::lang::Say;

const PART: &str = "clock";
/// Seconds from 1900 (NTP) to 1970 (Unix).
const NTP_EPOCH: i128 = 2_208_988_800;
const PATIENCE: Duration = Duration::from_secs(2);
/// What IHE CT allows.
const OFFSET_MILLIS_MAX: i128 = 1000;

/// Asks each server for the time. No server: a loud warning.
pub fn clock(servers: &[String], clock: &dyn Clock) -> Vec<Finding> {
    if servers.is_empty() {
        let found = Say::new(
            "時刻の基準が設定されていません",
            "no time source is configured: nobody checks the clock",
        );
        let repair = Say::new(
            "[time] ntp_servers に NTP サーバーを書いてください(ずれは 1 秒以内)。",
            "name NTP servers in [time] ntp_servers (the clock must be within 1 second)",
        );
        return vec![Finding::warning(PART, found, repair)];
    }
    servers.iter().map(|server| one(server, clock)).collect()
}

fn one(server: &str, clock: &dyn Clock) -> Finding {
    match offset_millis(server, clock) {
        Ok(offset) if offset.abs() <= OFFSET_MILLIS_MAX => Finding::good(
            PART,
            Say::new(
                format!("{server} とのずれ {offset} ミリ秒"),
                format!("{offset} ms off {server}"),
            ),
        ),
        Ok(offset) => Finding::bad(
            PART,
            Say::new(
                format!("{server} とのずれ {offset} ミリ秒"),
                format!("{offset} ms off {server}"),
            ),
            Say::new(
                "時刻同期(chrony など)を直してください。",
                "repair the time synchronisation (chrony or the like)",
            ),
        ),
        Err(error) => Finding::warning(
            PART,
            Say::new(
                format!("{server} に問い合わせできません: {error}"),
                format!("{server} cannot be asked: {error}"),
            ),
            Say::new(
                "NTP (UDP 123) が通るか確かめてください。",
                "check that NTP (UDP 123) can pass",
            ),
        ),
    }
}

/// Milliseconds that the server is ahead of us (SNTP, RFC 4330).
fn offset_millis(server: &str, clock: &dyn Clock) -> std::io::Result<i128> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(server)?;
    let mut packet = [0_u8; 48];
    packet[0] = 0x23;
    let sent = clock.now();
    socket.send(&packet)?;
    let mut answer = [0_u8; 48];
    let size = socket.recv(&mut answer)?;
    let received = clock.now();
    let (receive, transmit) = (instant(&answer, 32), instant(&answer, 40));
    let (Some(receive), Some(transmit), 48) = (receive, transmit, size) else {
        return Err(std::io::ErrorKind::InvalidData.into());
    };
    Ok(((receive - sent) + (transmit - received)).whole_milliseconds() / 2)
}

fn instant(packet: &[u8; 48], at: usize) -> Option<OffsetDateTime> {
    let field: [u8; 8] = packet.get(at..at + 8)?.try_into().ok()?;
    let fixed = i128::from(u64::from_be_bytes(field));
    let nanos = ((fixed >> 32) - NTP_EPOCH) * 1_000_000_000 + (((fixed & 0xffff_ffff) * 1_000_000_000) >> 32);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

#[cfg(test)]
mod tests {
    use xds_model::time::System;

    use super::*;

    /// An NTP server on loopback whose clock is ahead by this much.
    fn server(ahead: time::Duration) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut packet = [0_u8; 48];
            let (_, from) = socket.recv_from(&mut packet).unwrap();
            let nanos = (System.now() + ahead).unix_timestamp_nanos() + NTP_EPOCH * 1_000_000_000;
            let fixed = ((nanos / 1_000_000_000) << 32) | (((nanos % 1_000_000_000) << 32) / 1_000_000_000);
            let field = u64::try_from(fixed).unwrap().to_be_bytes();
            packet[32..40].copy_from_slice(&field);
            packet[40..48].copy_from_slice(&field);
            socket.send_to(&packet, from).unwrap();
        });
        address
    }

    #[test]
    fn the_offset_is_measured() {
        let offset = offset_millis(&server(time::Duration::seconds(7)), &System).unwrap();
        assert!((6_500..7_500).contains(&offset), "{offset}");
    }

    #[test]
    fn no_source_is_a_warning() {
        assert_eq!(clock(&[], &System)[0].gravity, super::super::Gravity::Warning);
    }
}
