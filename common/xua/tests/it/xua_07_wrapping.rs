//! XUA-07: signature wrapping. The eight classic shapes (Somorovsky et al., USENIX Security 2012), adapted to
//! wsse:Security, each with the evil assertion under the same ID, a new one and none.

use crate::support::{WSSE, check, envelope, good, message, rsa, spec, validate};

/// The good assertion without its signature, its signature, and the signed whole.
fn pieces() -> (String, String, String) {
    let good = good();
    let start = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let unsigned = format!("{}{}", &good[..start], &good[end..]);
    (unsigned, good[start..end].to_owned(), good)
}

/// Evil assertions: another user, and the ID the same, new, or missing.
fn evils() -> [String; 3] {
    let evil = rsa().write(&spec()).replace("yamada@h1", "evil@h1");
    [
        evil.clone(),
        evil.replace("ID=\"_assertion-1\"", "ID=\"_evil\""),
        evil.replace("ID=\"_assertion-1\" ", ""),
    ]
}

/// Puts a piece right behind the Issuer.
fn after_issuer(assertion: &str, piece: &str) -> String {
    assertion.replacen("</saml2:Issuer>", &format!("</saml2:Issuer>{piece}"), 1)
}

/// Puts a piece at the end, inside.
fn at_end(assertion: &str, piece: &str) -> String {
    let (head, _) = assertion.rsplit_once("</saml2:Assertion>").unwrap();
    format!("{head}{piece}</saml2:Assertion>")
}

fn inside_signature(signature: &str, piece: &str) -> String {
    signature.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{piece}</ds:Object></ds:Signature>"),
    )
}

fn header(content: &str) -> String {
    format!("<wsse:Security xmlns:wsse=\"{WSSE}\">{content}</wsse:Security>")
}

/// All messages of the eight shapes.
fn wrapped() -> Vec<(&'static str, String)> {
    let (unsigned, signature, signed) = pieces();
    let mut all = Vec::new();
    for evil in evils() {
        let evil_signed = after_issuer(&evil, &signature);
        let response =
            |content: &str| format!("<r:Response xmlns:r=\"urn:r\" ID=\"_r\">{content}</r:Response>");
        // 1, 2: the evil message holds the signature, and it or its neighbour holds the good one.
        all.push((
            "XSW1",
            envelope(&after_issuer(&evil, &inside_signature(&signature, &unsigned))),
        ));
        all.push(("XSW2", envelope(&format!("{}{unsigned}", evil_signed))));
        // 3: evil before the signed one; 4: evil around it.
        all.push(("XSW3", envelope(&format!("{evil}{signed}"))));
        all.push(("XSW3 after", envelope(&format!("{signed}{evil}"))));
        all.push(("XSW4", envelope(&at_end(&evil, &signed))));
        // 5: evil with the signature, the good one at the end; 6: the good one in the evil one's signature.
        all.push((
            "XSW5",
            envelope(&format!(
                "{evil_signed}<x:Extra xmlns:x=\"urn:x\">{unsigned}</x:Extra>"
            )),
        ));
        all.push((
            "XSW6",
            envelope(&after_issuer(&evil, &inside_signature(&signature, &signed))),
        ));
        // 7: the good one in an extension beside; 8: the good one in an object of its own signature.
        all.push((
            "XSW7",
            envelope(&format!(
                "<x:Extensions xmlns:x=\"urn:x\">{signed}</x:Extensions>{evil}"
            )),
        ));
        let inner = inside_signature(&signature, &unsigned);
        all.push((
            "XSW8",
            envelope(&format!("{evil}{}", after_issuer(&unsigned, &inner))),
        ));
        // Where else the signed one can hide.
        all.push((
            "other header",
            message(
                &format!("<x:Other xmlns:x=\"urn:x\">{signed}</x:Other>{}", header(&evil)),
                "",
            ),
        ));
        all.push((
            "later header",
            message(
                &format!(
                    "{}<x:Other xmlns:x=\"urn:x\">{signed}</x:Other>",
                    header(&evil_signed)
                ),
                "",
            ),
        ));
        all.push(("body", message(&header(&evil_signed), &signed)));
        all.push(("body, unsigned", message(&header(&evil_signed), &unsigned)));
        all.push(("evil in body", message(&header(&signed), &evil)));
        all.push(("response", envelope(&response(&format!("{evil}{signed}")))));
        all.push((
            "subject",
            envelope(&evil.replace("<saml2:NameID>", &format!("{signed}<saml2:NameID>"))),
        ));
        all.push((
            "advice",
            envelope(&at_end(
                &evil_signed,
                &format!("<saml2:Advice>{unsigned}</saml2:Advice>"),
            )),
        ));
        all.push((
            "attribute value",
            envelope(&evil_signed.replacen(
                "<saml2:AttributeValue>",
                &format!("<saml2:AttributeValue>{unsigned}"),
                1,
            )),
        ));
        all.push(("signature beside", envelope(&format!("{evil}{signature}"))));
        all.push(("holder", envelope(&format!("{signature}{evil}"))));
        all.push((
            "confirmation data",
            envelope(&evil_signed.replace(
                "</saml2:SubjectConfirmationData>",
                &format!("{unsigned}</saml2:SubjectConfirmationData>"),
            )),
        ));
    }
    all
}

#[test]
fn xua_07_no_wrapping_is_accepted() {
    let messages = wrapped();
    assert_eq!(messages.len(), 3 * 21);
    for (name, message) in messages {
        let refused = validate(&message).expect_err(name);
        let code = refused.code();
        assert!(
            code.starts_with("XUA-H") || code.starts_with("XUA-S") || code.starts_with("XUA-M"),
            "{name}: {code}"
        );
    }
}

/// The same wrapped assertions, with the other assertion's element renamed into a namespace nobody looks at: only the
/// signature can tell.
#[test]
fn xua_07_wrapped_under_another_name() {
    let (unsigned, signature, _) = pieces();
    for evil in evils() {
        let hidden = unsigned.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:hidden");
        let evil_signed = after_issuer(&evil, &signature);
        assert!(check(&format!("{evil_signed}{hidden}")).is_err());
        assert!(check(&format!("{hidden}{evil_signed}")).is_err());
    }
}

/// The evil assertion in another prefix, or with the prefix bound anew, is an assertion all the same.
#[test]
fn xua_07_prefix_tricks() {
    let signed = good();
    let evil = rsa()
        .write(&spec())
        .replace("yamada@h1", "evil@h1")
        .replace("_assertion-1", "_evil");
    let other_prefix = evil.replace("saml2:", "x:").replace("xmlns:saml2", "xmlns:x");
    let no_prefix = evil.replace("saml2:", "").replace("xmlns:saml2", "xmlns");
    for evil in [other_prefix, no_prefix] {
        assert!(check(&format!("{evil}{signed}")).is_err());
        assert!(check(&format!("{signed}{evil}")).is_err());
    }
    // The prefix saml2 bound to something else outside changes nothing: names are compared by namespace.
    let bound = format!("<x:X xmlns:x=\"urn:x\" xmlns:saml2=\"urn:other\"><saml2:Assertion/></x:X>{signed}");
    assert!(check(&bound).is_ok());
}
