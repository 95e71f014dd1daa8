//! XUA-08: the reference, and everything in the signature that could stand twice or hide something.

use crate::support::{WSSE, assert_refused, check, envelope, good, message, refusal, replaced, validate};

const URI: &str = "URI=\"#_assertion-1\"";

#[test]
fn xua_08_uris_that_are_not_the_assertion() {
    for uri in [
        "URI=\"\"",
        "URI=\"_assertion-1\"",
        "URI=\"#\"",
        "URI=\"#_other\"",
        "URI=\"##_assertion-1\"",
        "URI=\"#_assertion-1 \"",
        "URI=\"# _assertion-1\"",
        "URI=\"#xpointer(/)\"",
        "URI=\"#xpointer(id('_assertion-1'))\"",
        "URI=\"http://example.org/#_assertion-1\"",
        "URI=\"cid:x\"",
        "URI=\"#_ASSERTION-1\"",
        "",
    ] {
        assert_eq!(
            refusal(check(&replaced(&good(), URI, uri))),
            ("XUA-S06", "FailedCheck"),
            "{uri}"
        );
    }
}

#[test]
fn xua_08_a_second_element_with_the_id() {
    for attribute in [
        "ID=\"_assertion-1\"",
        "Id=\"_assertion-1\"",
        "id=\"_assertion-1\"",
        "iD=\"_assertion-1\"",
        "xml:id=\"_assertion-1\"",
        "xml:id=\" _assertion-1\"",
        "u:Id=\"_assertion-1\" xmlns:u=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\"",
    ] {
        let element = format!("<x {attribute}/>");
        let header = format!("<w:Security xmlns:w=\"{WSSE}\">{}</w:Security>", good());
        for message in [
            envelope(&format!("{element}{}", good())),
            envelope(&format!("{}{element}", good())),
            message(&format!("{header}{element}"), ""),
            message(&format!("{element}{header}"), ""),
            message(&header, &element),
        ] {
            assert_eq!(
                refusal(validate(&message)),
                ("XUA-M06", "FailedCheck"),
                "{attribute}"
            );
        }
        if !attribute.starts_with("ID=") {
            let itself = replaced(
                &good(),
                "ID=\"_assertion-1\"",
                &format!("ID=\"_assertion-1\" {attribute}"),
            );
            assert_eq!(refusal(check(&itself)), ("XUA-M06", "FailedCheck"), "{attribute}");
        }
    }
}

#[test]
fn xua_08_id_missing_or_no_name() {
    for id in [
        "",
        "ID=\"\"",
        "ID=\"1\"",
        "ID=\"a b\"",
        "ID=\"a:b\"",
        "Id=\"_assertion-1\"",
    ] {
        let changed = replaced(&good(), "ID=\"_assertion-1\"", id);
        assert_eq!(
            refusal(check(&changed)),
            ("XUA-M05", "InvalidSecurityToken"),
            "{id}"
        );
    }
}

fn reference() -> String {
    let good = good();
    let start = good.find("<ds:Reference ").unwrap();
    let end = good.find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
    good[start..end].to_owned()
}

#[test]
fn xua_08_two_references() {
    let reference = reference();
    let twice = replaced(&good(), &reference, &reference.repeat(2));
    assert_refused(check(&twice), "XUA-S05", "FailedCheck");
    let manifest = replaced(
        &good(),
        "</ds:SignatureValue>",
        &format!("</ds:SignatureValue><ds:Object><ds:Manifest>{reference}</ds:Manifest></ds:Object>"),
    );
    assert_refused(check(&manifest), "XUA-S04", "FailedCheck");
}

#[test]
fn xua_08_two_of_anything() {
    for element in [
        "SignedInfo",
        "SignatureValue",
        "CanonicalizationMethod",
        "SignatureMethod",
        "Transforms",
        "DigestMethod",
        "DigestValue",
    ] {
        let good = good();
        let start = good.find(&format!("<ds:{element}")).unwrap();
        let close = format!("</ds:{element}>");
        let end = good.find(&close).unwrap() + close.len();
        let piece = &good[start..end];
        let twice = format!("{}{piece}{}", &good[..end], &good[end..]);
        assert_eq!(refusal(check(&twice)), ("XUA-S04", "FailedCheck"), "{element}");
        let missing = format!("{}{}", &good[..start], &good[end..]);
        assert_eq!(refusal(check(&missing)), ("XUA-S04", "FailedCheck"), "{element}");
    }
}

#[test]
fn xua_08_two_signatures_or_in_another_place() {
    let good = good();
    let start = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let (signature, unsigned) = (&good[start..end], format!("{}{}", &good[..start], &good[end..]));
    let twice = format!("{}{signature}{}", &good[..end], &good[end..]);
    assert_refused(check(&twice), "XUA-S02", "FailedCheck");
    for place in [
        "<saml2:Issuer>",
        "<saml2:NameID>",
        "<saml2:Conditions ",
        "</saml2:Assertion>",
    ] {
        let moved = replaced(&unsigned, place, &format!("{signature}{place}"));
        assert_eq!(refusal(check(&moved)), ("XUA-S03", "FailedCheck"), "{place}");
    }
}

/// CVE-2025-29775 and its like: a comment in a value splits what one reader sees from what another hashes.
#[test]
fn xua_08_comments_anywhere_in_the_assertion() {
    let good = good();
    let mut places = 0;
    for (at, _) in good.match_indices('>').chain(good.match_indices("</")) {
        let at = if good[at..].starts_with('>') { at + 1 } else { at };
        if at >= good.len() {
            continue;
        }
        let commented = format!("{}<!--x-->{}", &good[..at], &good[at..]);
        let message = envelope(&commented);
        // In an attribute value it would not be a comment.
        if xds_xml::Document::parse(message.as_bytes(), &xds_xml::Limits::default()).is_err() {
            continue;
        }
        places += 1;
        assert_eq!(
            refusal(check(&commented)),
            ("XUA-M03", "InvalidSecurityToken"),
            "{at}"
        );
    }
    assert!(places > 100);
    for value in [
        "<ds:DigestValue>",
        "<ds:SignatureValue>",
        "yamada@",
        AUDIENCE_START,
    ] {
        let commented = replaced(&good, value, &format!("{value}<!---->"));
        assert_eq!(
            refusal(check(&commented)),
            ("XUA-M03", "InvalidSecurityToken"),
            "{value}"
        );
    }
}

const AUDIENCE_START: &str = "<saml2:Audience>urn:";

/// A CDATA section is text, and means the same.
#[test]
fn xua_08_cdata_means_the_same() {
    let same = replaced(
        &good(),
        "yamada@h1.example",
        "<![CDATA[yamada]]>@h1<![CDATA[.example]]>",
    );
    assert_eq!(check(&same), check(&good()));
}

#[test]
fn xua_08_attributes_that_do_not_belong() {
    for (from, to) in [
        (
            "<ds:Reference ",
            "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" ",
        ),
        ("<ds:DigestValue>", "<ds:DigestValue Encoding=\"x\">"),
        ("<ds:SignatureValue>", "<ds:SignatureValue x=\"\">"),
        ("<ds:Transforms>", "<ds:Transforms>text"),
        ("<ds:SignatureValue>", "text<ds:SignatureValue>"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>*"),
        ("<ds:DigestValue>", "<ds:DigestValue>="),
    ] {
        let fault = refusal(check(&replaced(&good(), from, to))).1;
        assert_eq!(fault, "FailedCheck", "{to}");
    }
}
