//! XUA-15: which issuer may vouch for which organisation, from which node: all of a 3 x 3 x 3 matrix.

use xds_model::principal::NodeName;
use xds_testkit::xua::{AssertionProvider, SignatureAlgorithm};
use xds_xua::{Trust, TrustedIssuer, Validator, Vouching};

use crate::support::{NOW, certificate, envelope, node, rules, spec, text, validate_as, vouching};

fn organisation_id(number: usize) -> String {
    format!("urn:oid:1.2.392.200270.1.{number}")
}

fn provider(number: usize) -> AssertionProvider {
    let entity = format!("https://p{number}.example");
    AssertionProvider::generate(&entity, SignatureAlgorithm::EcdsaP256Sha256, NOW).unwrap()
}

fn stating(provider: &AssertionProvider, number: usize) -> String {
    let mut spec = spec();
    for (name, value) in &mut spec.attributes {
        if name == xds_xua::names::ORGANIZATION_ID {
            *value = text(&organisation_id(number));
        }
    }
    envelope(&provider.issue(&spec).unwrap())
}

#[test]
fn xua_15_issuer_organisation_and_node_must_belong_together() {
    let providers = [1, 2, 3].map(provider);
    let issuers = providers.iter().zip(1..).map(|(provider, number)| TrustedIssuer {
        entity_id: provider.entity_id().to_owned(),
        certificates: vec![certificate(provider)],
        vouches_for: vec![vouching(&format!("h{number}"), &organisation_id(number))],
    });
    let validator = Validator::new(Trust::new(issuers.collect()), rules());
    for (issuer, provider) in (1..=3).zip(&providers) {
        for stated in 1..=3 {
            let message = stating(provider, stated);
            for caller in 1..=3 {
                let node = node(&format!("n{caller}"), &format!("h{caller}"));
                let result = validate_as(&message, &validator, &node, NOW);
                let expected = if issuer != caller {
                    Err("XUA-O01")
                } else if stated != caller {
                    Err("XUA-O04")
                } else {
                    Ok(format!("h{caller}"))
                };
                let found = result
                    .map(|assertion| assertion.organisation().0.clone())
                    .map_err(xds_xua::Refused::code);
                assert_eq!(
                    found, expected,
                    "issuer {issuer}, stated {stated}, caller {caller}"
                );
            }
        }
    }
}

#[test]
fn xua_15_nodes_of_an_organisation_may_be_named() {
    let provider = provider(1);
    let issuer = TrustedIssuer {
        entity_id: provider.entity_id().to_owned(),
        certificates: vec![certificate(&provider)],
        vouches_for: vec![Vouching {
            nodes: Some([NodeName("n1".to_owned())].into()),
            ..vouching("h1", &organisation_id(1))
        }],
    };
    let validator = Validator::new(Trust::new(vec![issuer]), rules());
    let from = |name: &str| validate_as(&stating(&provider, 1), &validator, &node(name, "h1"), NOW);
    assert!(from("n1").is_ok());
    assert_eq!(from("n2").unwrap_err().code(), "XUA-O02");
}
