//! The forgery generator: good signed messages, mutated from a seed. None is accepted unless what was signed, and what is
//! read from it, is unchanged to the last byte.
//!
//! `RENKEI_FORGERIES` says how many (500 without it), `RENKEI_FORGERY_SEED` from which seed.

use xds_testkit::xua::SignatureAlgorithm;
use xds_xml::{Document, Limits};
use xds_xua::{Assertion, Validator};

use crate::mutate::{Random, mutate};
use crate::outside::samples;
use crate::support::{NOW, envelope, node, provider, rules, security, spec, trust};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Good messages of our own provider, in every algorithm.
fn own() -> Vec<String> {
    [
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::PssSha256,
        SignatureAlgorithm::PssSha384,
        SignatureAlgorithm::PssSha512,
        SignatureAlgorithm::EcdsaP256Sha256,
        SignatureAlgorithm::EcdsaP384Sha384,
    ]
    .into_iter()
    .zip(1..)
    .map(|(algorithm, number)| {
        let mut spec = spec();
        spec.name_id = format!("yamada{number}@h1.example");
        envelope(&provider(algorithm).issue(&spec).unwrap())
    })
    .collect()
}

/// What the whole way in says: the door first. `None` if refused anywhere.
fn accepted(message: &str, validator: &Validator) -> Option<Assertion> {
    let document = Document::parse(message.as_bytes(), &Limits::default()).ok()?;
    validator
        .validate(security(&document), &node("n1", "h1"), NOW)
        .ok()
}

#[test]
fn forgeries_are_never_accepted() {
    let validator = Validator::new(trust(), rules());
    let mut good = own();
    good.extend(samples().into_iter().map(|(_, message)| message.to_owned()));
    let originals: Vec<Assertion> = good
        .iter()
        .map(|message| accepted(message, &validator).expect("good ones are accepted"))
        .collect();
    let count = setting("RENKEI_FORGERIES", 500);
    let seed = setting("RENKEI_FORGERY_SEED", 20_261_124);
    let (mut unchanged, mut well_formed) = (0_u64, 0_u64);
    for number in 0..count {
        let mut random = Random::new(seed.wrapping_add(number.wrapping_mul(0x9E37_79B9)));
        let (a, b) = (random.below(good.len()), random.below(good.len()));
        let mut forged = good[a].clone();
        for _ in 0..=random.below(3) {
            forged = mutate(&forged, &good[b], &mut random);
        }
        well_formed += u64::from(Document::parse(forged.as_bytes(), &Limits::default()).is_ok());
        let Some(assertion) = accepted(&forged, &validator) else {
            continue;
        };
        // A piece of another good message may have made it that one; nothing else may be accepted.
        let is_known = assertion == originals[a] || assertion == originals[b];
        assert!(
            is_known,
            "forgery {number} of seed {seed} was accepted:\n{forged}"
        );
        unchanged += 1;
    }
    println!(
        "{count} forgeries: {well_formed} well formed, {unchanged} unchanged in what was signed, 0 others accepted"
    );
    // If nothing gets through the door, or no harmless change passes, the generator tests nothing.
    assert!(well_formed > count / 3, "{well_formed} of {count} well formed");
    assert!(unchanged > count / 50, "{unchanged} of {count} unchanged");
}
