//! TLS-25 and the rest of what files may hold.

use std::fs;

use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use time::Duration;
use xds_testkit::pki::{KeyKind, LeafSpec};
use xds_tls::{CrlPolicy, Material, MaterialError, MaterialPaths};

use crate::world::{START, World, fingerprint, names};

#[test]
fn the_configuration_reads_with_defaults_and_refuses_unknown_keys() {
    let text = r#"
        certificate = "node.crt"
        key = "node.key"
        trusted_roots = ["roots.pem"]
        crls = ["root.crl"]
    "#;
    let paths: MaterialPaths = toml::from_str(text).unwrap();
    assert_eq!(paths.crl, CrlPolicy::Required);
    assert_eq!(paths.crl_grace_h, 24);
    assert!(paths.directly_trusted.is_empty());
    assert!(toml::from_str::<MaterialPaths>(&format!("{text}\ncrl = \"none\"")).is_ok());
    assert!(toml::from_str::<MaterialPaths>(&format!("{text}\ncrl = \"optional\"")).is_err());
    assert!(toml::from_str::<MaterialPaths>(&format!("{text}\nca = \"x\"")).is_err());
}

#[test]
fn der_is_read_as_well_as_pem() {
    let world = World::new();
    let leaf = world.root.leaf(&LeafSpec::node("registry")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
    let list = world.root.crl_der(&[], START, START + Duration::WEEK).unwrap();
    let paths = MaterialPaths {
        certificate: world.write("leaf.der", &leaf.cert_der),
        key: world.write_private("key.der", key.secret_der()),
        trusted_roots: vec![world.write("root.der", world.root.cert_der())],
        crls: vec![world.write("crl.der", &list)],
        ..world.paths()
    };
    let material = Material::load(&paths, START).unwrap();
    assert_eq!(material.fingerprint(), fingerprint(&leaf));
}

#[test]
fn an_rsa_key_is_taken() {
    let world = World::with_server(LeafSpec {
        key: KeyKind::Rsa2048,
        ..LeafSpec::node("registry")
    });
    assert!(Material::load(&world.paths(), START).is_ok());
}

#[test]
fn somebody_must_be_trusted_and_lists_must_be_there() {
    let world = World::new();
    let nobody = MaterialPaths {
        trusted_roots: Vec::new(),
        ..world.paths()
    };
    assert!(matches!(
        Material::load(&nobody, START),
        Err(MaterialError::NobodyTrusted)
    ));
    let unlisted = MaterialPaths {
        crls: Vec::new(),
        ..world.paths()
    };
    assert!(matches!(
        Material::load(&unlisted, START),
        Err(MaterialError::NoCrl)
    ));
    let direct = vec![world.write("direct.pem", world.node("h1").cert_pem.as_bytes())];
    let direct_only = MaterialPaths {
        directly_trusted: direct,
        ..nobody
    };
    assert!(
        Material::load(
            &MaterialPaths {
                crls: Vec::new(),
                ..direct_only
            },
            START
        )
        .is_ok()
    );
}

#[test]
fn a_broken_trusted_certificate_is_named() {
    let world = World::new();
    let mut broken = world.root.cert_der().to_vec();
    broken.truncate(broken.len() / 2);
    let broken = world.write("broken.der", &broken);
    for paths in [
        MaterialPaths {
            trusted_roots: vec![broken.clone()],
            ..world.paths()
        },
        MaterialPaths {
            directly_trusted: vec![broken.clone()],
            ..world.paths()
        },
        MaterialPaths {
            certificate: broken.clone(),
            ..world.paths()
        },
    ] {
        let error = Material::load(&paths, START).unwrap_err();
        assert!(matches!(error, MaterialError::BadCertificate { .. }), "{error}");
        assert!(names(&error, &broken));
    }
}

/// Opening a pipe would wait for a writer for ever.
#[test]
fn a_pipe_is_not_opened() {
    let world = World::new();
    let pipe = world.folder.path("pipe.crl");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let result = Material::load(
        &MaterialPaths {
            crls: vec![pipe],
            ..world.paths()
        },
        START,
    );
    assert!(matches!(result, Err(MaterialError::NotAFile { .. })));
}

#[test]
fn tls_25_hostile_lists_are_refused_or_read() {
    let world = World::new();
    let good = world.middle.crl_der(&[], START, START + Duration::WEEK).unwrap();
    let pem = world.middle.crl(&[], START, START + Duration::WEEK).unwrap();
    let cut = &pem.as_bytes()[..pem.len() / 2];

    assert!(load_list(&world, &good).is_ok());
    assert!(load_list(&world, format!("{pem}trailing junk\n\0\u{fffd}").as_bytes()).is_ok());
    assert!(load_list(&world, format!("{pem}-----BEGIN X509 CRL-----\n").as_bytes()).is_err());
    assert!(matches!(
        load_list(&world, b""),
        Err(MaterialError::Nothing { .. })
    ));
    assert!(matches!(
        load_list(&world, cut),
        Err(MaterialError::BadPem { .. } | MaterialError::Nothing { .. })
    ));
    assert!(matches!(
        load_list(&world, &good[..good.len() - 1]),
        Err(MaterialError::BadCrl { .. })
    ));
    assert!(matches!(
        load_list(&world, world.root.cert_der()),
        Err(MaterialError::BadCrl { .. })
    ));
    assert!(matches!(
        load_list(&world, &ber(&good)),
        Err(MaterialError::BadCrl { .. })
    ));
}

#[test]
fn tls_25_a_file_of_200_mb_is_refused_unread() {
    let world = World::new();
    let path = world.folder.path("huge.crl");
    fs::File::create(&path).unwrap().set_len(200 << 20).unwrap();
    let result = Material::load(
        &MaterialPaths {
            crls: vec![path.clone()],
            ..world.paths()
        },
        START,
    );
    assert!(matches!(result, Err(MaterialError::TooLarge { .. })));

    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len((16 << 20) + 1)
        .unwrap();
    let result = Material::load(
        &MaterialPaths {
            crls: vec![path.clone()],
            ..world.paths()
        },
        START,
    );
    assert!(matches!(result, Err(MaterialError::TooLarge { .. })));

    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(16 << 20)
        .unwrap();
    let result = Material::load(
        &MaterialPaths {
            crls: vec![path],
            ..world.paths()
        },
        START,
    );
    assert!(
        matches!(result, Err(MaterialError::BadCrl { .. })),
        "read, and no list"
    );
}

/// A list in a root's name under another key would refuse everybody, so it never comes into force.
#[test]
fn tls_25_a_list_that_a_root_did_not_sign_is_refused() {
    let world = World::new();
    let forged = world
        .root
        .impostor()
        .unwrap()
        .crl_der(&[], START, START + Duration::WEEK)
        .unwrap();
    assert!(matches!(
        load_list(&world, &forged),
        Err(MaterialError::CrlForged { .. })
    ));
    let mut changed = world
        .root
        .crl_der(&[vec![0x42; 16]], START, START + Duration::WEEK)
        .unwrap();
    let serial = changed
        .windows(16)
        .position(|window| window == [0x42; 16])
        .unwrap();
    changed[serial + 15] ^= 1;
    assert!(matches!(
        load_list(&world, &changed),
        Err(MaterialError::CrlForged { .. })
    ));
}

#[test]
fn tls_25_flipped_bytes_never_panic() {
    let world = World::new();
    let good = world
        .middle
        .crl_der(&[vec![0x42; 16]], START, START + Duration::WEEK)
        .unwrap();
    for at in 0..good.len() {
        let mut der = good.clone();
        der[at] ^= 1 << (at % 8);
        drop(load_list(&world, &der));
    }
}

/// RUSTSEC-2026-0104 (a BIT STRING without its first octet panicked) and 2026-0049 (only the first distribution point was
/// looked at).
#[test]
fn tls_25_issuing_distribution_points() {
    let world = World::new();
    let uri = |name: &[u8]| der(0x86, name);
    let point = |names: &[u8]| der(0xa0, &der(0xa0, names));
    let reasons = |bits: &[u8]| der(0x83, bits);

    assert!(load_list(&world, &list_with_idp(&point(&uri(b"http://ca/1")))).is_ok());
    let two = [uri(b"http://ca/1"), uri(b"http://ca/2")].concat();
    assert!(load_list(&world, &list_with_idp(&point(&two))).is_ok());
    let empty = [point(&uri(b"http://ca/1")), reasons(b"")].concat();
    assert!(matches!(
        load_list(&world, &list_with_idp(&empty)),
        Err(MaterialError::BadCrl { .. })
    ));
    let partial = [point(&uri(b"http://ca/1")), reasons(&[6, 0x40])].concat();
    assert!(matches!(
        load_list(&world, &list_with_idp(&partial)),
        Err(MaterialError::BadCrl { .. })
    ));
}

/// A list that never expires could be replayed for ever.
#[test]
fn tls_25_a_list_without_next_update_is_refused() {
    let world = World::new();
    let good = list(&[b"\x17\x0d261201000000Z"], &[]);
    assert!(load_list(&world, &good).is_ok());
    assert!(matches!(
        load_list(&world, &list(&[], &[])),
        Err(MaterialError::BadCrl { .. })
    ));
}

fn load_list(world: &World, content: &[u8]) -> Result<Material, MaterialError> {
    let path = world.folder.path("hostile.crl");
    fs::write(&path, content).unwrap();
    Material::load(
        &MaterialPaths {
            crls: vec![path],
            ..world.paths()
        },
        START,
    )
}

fn list_with_idp(idp: &[u8]) -> Vec<u8> {
    let value = der(0x04, &der(0x30, idp));
    let extension = der(0x30, &[&b"\x06\x03\x55\x1d\x1c\x01\x01\xff"[..], &value].concat());
    list(&[b"\x17\x0d261201000000Z"], &extension)
}

/// A v2 list by "CN=x" with a signature that nobody checks while loading.
fn list(next_update: &[&[u8]], more_extensions: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
    let name = der(0x30, &der(0x31, &der(0x30, b"\x06\x03\x55\x04\x03\x0c\x01x")));
    let key_id = der(
        0x30,
        &[
            &b"\x06\x03\x55\x1d\x23"[..],
            &der(0x04, &der(0x30, &der(0x80, b"key"))),
        ]
        .concat(),
    );
    let number = der(
        0x30,
        &[&b"\x06\x03\x55\x1d\x14"[..], &der(0x04, b"\x02\x01\x01")].concat(),
    );
    let extensions = der(
        0xa0,
        &der(0x30, &[key_id, number, more_extensions.to_vec()].concat()),
    );
    let tbs = [
        b"\x02\x01\x01".to_vec(),
        algorithm.clone(),
        name,
        b"\x17\x0d261124000000Z".to_vec(),
        next_update.concat(),
        extensions,
    ];
    der(
        0x30,
        &[der(0x30, &tbs.concat()), algorithm, der(0x03, &[0; 65])].concat(),
    )
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short] if short < 0x80 => vec![tag, short],
        [0, short] => vec![tag, 0x81, short],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [header, content.to_vec()].concat()
}

/// The same list with an indefinite length, which BER allows and DER does not.
fn ber(list: &[u8]) -> Vec<u8> {
    let content = match list {
        [0x30, 0x81, _, content @ ..] | [0x30, 0x82, _, _, content @ ..] => content,
        _ => panic!("not a list"),
    };
    [&[0x30, 0x80], content, &[0, 0]].concat()
}
