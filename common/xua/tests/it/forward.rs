//! An assertion that is passed on in another message says the same, and its signature stays good.

use xds_xml::{Document, Limits};
use xds_xua::{Validator, assertion_xml};

use crate::outside::samples;
use crate::support::{NOW, WSSE, envelope, good, node, rules, security, trust, validate_as};

#[test]
fn passed_on_assertions_are_accepted_as_the_same() {
    let validator = Validator::new(trust(), rules());
    let mut messages: Vec<String> = samples()
        .into_iter()
        .map(|(_, message)| message.to_owned())
        .collect();
    messages.push(envelope(&good()));
    for message in messages {
        let document = Document::parse(message.as_bytes(), &Limits::default()).unwrap();
        let assertion = assertion_xml(security(&document).unwrap()).unwrap();
        let other = format!(
            "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:S=\"urn:s\" xmlns:w=\"urn:w\">\
             <e:Header><x:Security xmlns:x=\"{WSSE}\">{assertion}</x:Security></e:Header><e:Body/></e:Envelope>"
        );
        let judge = |message: &str| validate_as(message, &validator, &node("n1", "h1"), NOW);
        assert!(judge(&message).is_ok());
        assert_eq!(judge(&other), judge(&message), "{other}");
    }
}

#[test]
fn without_an_assertion_nothing_is_passed_on() {
    let message = envelope("");
    let document = Document::parse(message.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(assertion_xml(security(&document).unwrap()), None);
}
