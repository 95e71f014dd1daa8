//! XUA-06: two transforms, in one order, each once.

use crate::support::{assert_refused, check, good, refusal, replaced};

const ENVELOPED: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";
const CANONICAL: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";

fn with_transforms(transforms: &str) -> String {
    replaced(&good(), &format!("{ENVELOPED}{CANONICAL}"), transforms)
}

fn transform(algorithm: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\"/>")
}

#[test]
fn xua_06_algorithms_that_are_refused() {
    for algorithm in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
        "",
    ] {
        for transforms in [
            format!("{ENVELOPED}{}", transform(algorithm)),
            format!("{}{CANONICAL}", transform(algorithm)),
            format!("{ENVELOPED}{}{CANONICAL}", transform(algorithm)),
        ] {
            let result = refusal(check(&with_transforms(&transforms)));
            assert_eq!(result, ("XUA-S08", "UnsupportedAlgorithm"), "{transforms}");
        }
    }
}

#[test]
fn xua_06_order_and_number() {
    for transforms in [
        String::new(),
        ENVELOPED.to_owned(),
        CANONICAL.to_owned(),
        format!("{CANONICAL}{ENVELOPED}"),
        format!("{ENVELOPED}{ENVELOPED}"),
        format!("{ENVELOPED}{ENVELOPED}{CANONICAL}"),
        format!("{ENVELOPED}{CANONICAL}{CANONICAL}"),
        format!("{ENVELOPED}{CANONICAL}{}", ENVELOPED.repeat(100)),
    ] {
        assert_eq!(
            refusal(check(&with_transforms(&transforms))),
            ("XUA-S07", "FailedCheck"),
            "{transforms:.200}"
        );
    }
}

#[test]
fn xua_06_content_of_transforms() {
    let style = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"><x/></ds:Transform>";
    assert_refused(
        check(&with_transforms(&format!("{style}{CANONICAL}"))),
        "XUA-S04",
        "FailedCheck",
    );
    let other = format!("{ENVELOPED}<x Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>");
    assert_refused(check(&with_transforms(&other)), "XUA-S08", "UnsupportedAlgorithm");
}

#[test]
fn xua_06_prefix_list_of_a_thousand() {
    let list: Vec<String> = (0..1_000).map(|number| format!("p{number}")).collect();
    for (prefixes, code) in [
        (list.join(" "), "XUA-S10"),
        (list[..17].join(" "), "XUA-S10"),
        (list[..16].join(" "), "XUA-S16"),
    ] {
        let inclusive = format!(
            "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><i:InclusiveNamespaces \
             xmlns:i=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{prefixes}\"/></ds:Transform>"
        );
        assert_refused(
            check(&with_transforms(&format!("{ENVELOPED}{inclusive}"))),
            code,
            "FailedCheck",
        );
    }
}

#[test]
fn xua_06_canonicalisation_of_signed_info() {
    for algorithm in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "",
    ] {
        let from = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
        let to = format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">");
        assert_refused(
            check(&replaced(&good(), from, &to)),
            "XUA-S09",
            "UnsupportedAlgorithm",
        );
    }
}
