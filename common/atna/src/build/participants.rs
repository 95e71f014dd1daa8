//! Who took part.

use std::net::IpAddr;

use xds_audit::{AuditUser, Caller, Coded};

use super::Scene;
use super::table::{Flow, Side};
use crate::code::{self, CodedValue};
use crate::message::{ActiveParticipant, NetworkAccessPoint, NetworkType};
use crate::source::{UNKNOWN, known, known_cow};

/// Both ends of a transaction and the user.
pub(super) fn of_transaction(scene: &Scene<'_>, side: Side, flow: Flow) -> Vec<ActiveParticipant> {
    let caller = &scene.told.event.opening.caller;
    let human = caller.user.as_ref().map(human);
    let mut client = client(scene, side);
    client.is_requestor = human.is_none();
    let mut server = server(scene, side);
    if let (Flow::Feed, Some(hl7)) = (flow, &caller.hl7) {
        client.user_id = known(&hl7.sender).to_owned();
        server.user_id = known(&hl7.receiver).to_owned();
    }
    let (source, destination) = match flow {
        Flow::Request | Flow::Retrieval => (code::SOURCE, code::DESTINATION),
        Flow::Feed => (code::FEED_SOURCE, code::FEED_DESTINATION),
    };
    // The order of the tables: the user stands between the ends, after them where documents are fetched.
    let list = if flow == Flow::Retrieval {
        server.roles.push(source);
        client.roles.push(destination);
        [Some(server), Some(client), human]
    } else {
        client.roles.push(source);
        server.roles.push(destination);
        [Some(client), human, Some(server)]
    };
    list.into_iter().flatten().collect()
}

fn client(scene: &Scene<'_>, side: Side) -> ActiveParticipant {
    match side {
        Side::Client => ActiveParticipant {
            network: Some(access_point(&scene.source.host)),
            alternative_user_id: Some(known(&scene.source.process_id).to_owned()),
            ..ActiveParticipant::of(known(&scene.source.source_id))
        },
        Side::Server => peer(&scene.told.event.opening.caller),
    }
}

fn server(scene: &Scene<'_>, side: Side) -> ActiveParticipant {
    let endpoint = scene.told.event.opening.endpoint.as_str();
    let host = match (host_of(endpoint), side) {
        ("", Side::Server) => &scene.source.host,
        (host, _) => host,
    };
    ActiveParticipant {
        network: Some(access_point(host)),
        alternative_user_id: (side == Side::Server).then(|| known(&scene.source.process_id).to_owned()),
        ..ActiveParticipant::of(known(endpoint))
    }
}

/// The node at the other end of a connection: the one that sent the request, be it for another.
pub(super) fn peer(caller: &Caller) -> ActiveParticipant {
    let address = caller.peer.map(|peer| peer.ip().to_string());
    let asynchronous = caller.reply_to.as_deref().filter(|reply_to| is_address(reply_to));
    let user_id = asynchronous
        .or(caller.via.as_deref())
        .or(caller.node.as_deref())
        .or(address.as_deref())
        .unwrap_or(UNKNOWN);
    ActiveParticipant {
        network: Some(access_point(address.as_deref().unwrap_or_default())),
        ..ActiveParticipant::of(known(user_id))
    }
}

/// Not one of the two addresses of WS-Addressing that are none.
fn is_address(reply_to: &str) -> bool {
    !reply_to.trim().is_empty()
        && !matches!(
            reply_to.trim(),
            "http://www.w3.org/2005/08/addressing/anonymous" | "http://www.w3.org/2005/08/addressing/none"
        )
}

/// A user (ITI TF-2 3.40.4.2): UserName has the form of SAML where an assertion vouches.
pub(super) fn human(user: &AuditUser) -> ActiveParticipant {
    let alias = user.alias.as_deref().unwrap_or_default();
    let user_name = user
        .issuer
        .as_deref()
        .map(|issuer| format!("{alias}<{}@{issuer}>", user.id));
    ActiveParticipant {
        user_name,
        is_requestor: true,
        roles: user.roles.iter().map(coded).collect(),
        ..ActiveParticipant::of(known(&user.id))
    }
}

/// Our program, as in the events of the node itself.
pub(super) fn program(scene: &Scene<'_>) -> ActiveParticipant {
    let source = scene.source;
    ActiveParticipant {
        alternative_user_id: Some(known(&source.process_id).to_owned()),
        user_name: Some(known(&source.application).to_owned()),
        network: Some(access_point(&source.host)),
        roles: vec![code::APPLICATION],
        ..ActiveParticipant::of(known(&source.source_id))
    }
}

/// A code of a role or purpose: what it does not say is `unknown`, its text the code itself.
pub(super) fn coded(value: &Coded) -> CodedValue {
    CodedValue {
        code: known_cow(Some(&value.code)),
        system: known_cow(value.system.as_deref()),
        text: known_cow(value.text.as_deref().or(Some(&value.code))),
        display: None,
    }
}

fn access_point(host: &str) -> NetworkAccessPoint {
    let kind = if host.parse::<IpAddr>().is_ok() {
        NetworkType::Address
    } else {
        NetworkType::Name
    };
    NetworkAccessPoint {
        id: known(host).to_owned(),
        kind: Some(kind),
    }
}

/// The host in a URL or in `host:port`.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some((host, _)) = authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        return host;
    }
    match authority.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((host, port)) if !port.contains(':') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_in_urls_and_in_addresses() {
        for (address, host) in [
            ("https://registry.example:8443/xds?a#b", "registry.example"),
            ("https://user@registry.example/xds", "registry.example"),
            ("https://[2001:db8::1]:8443/xds", "2001:db8::1"),
            ("192.0.2.1:3600", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("registry.example", "registry.example"),
            ("", ""),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }

    #[test]
    fn a_code_alone_is_completed() {
        let value = coded(&Coded::bare("TREAT"));
        assert_eq!(
            (&*value.code, &*value.system, &*value.text),
            ("TREAT", "unknown", "TREAT")
        );
    }
}
