//! Clients that share nothing with us: Python's own TLS and lxml, the toolkit zeep, and oru2xds.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use renkei_network::{Draft, Paper, Program};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use xds_model::CodedValue;

use crate::support::{assert_valid, node, patient, published, run, shared, until, vectors};

fn outside(name: &str) -> String {
    format!("{}/outside/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn text(path: PathBuf) -> String {
    path.display().to_string()
}

/// A Python that has lxml: Debian's, or the first in the path.
fn python() -> Option<&'static str> {
    ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        let mut command = Command::new(python);
        command.args(["-c", "import lxml.etree"]);
        Path::new("/usr/bin/env").exists() && command.output().is_ok_and(|output| output.status.success())
    })
}

/// A virtual environment with these packages from PyPI; none where they cannot be installed.
fn environment(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = shared().folder().join(format!("venv-{name}"));
    let python = python()?;
    let (made, said) = run(
        Command::new(python)
            .args(["-m", "venv", "--system-site-packages"])
            .arg(&folder),
        b"",
    );
    if made != Some(0) {
        println!("skipped: no virtual environment: {said}");
        return None;
    }
    let mut install = Command::new("timeout");
    install
        .arg("180")
        .arg(folder.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages);
    let (installed, said) = run(&mut install, b"");
    if installed != Some(0) {
        println!(
            "skipped: {packages:?} cannot be installed: {}",
            said.lines().last().unwrap_or_default()
        );
        return None;
    }
    Some(folder)
}

#[tokio::test]
async fn a_client_in_python_registers_and_queries() {
    let Some(python) = python() else {
        println!("skipped: no Python with lxml (Debian package python3-lxml)");
        return;
    };
    let network = shared();
    let h1 = node("h1");
    let patient = patient(network).await.to_string();
    let pki = network.pki();
    let mut command = Command::new(python);
    command
        .arg(outside("client.py"))
        .arg(&h1.registry)
        .args([pki.ca_file(), pki.certificate("h1"), pki.key("h1")].map(text))
        .args([patient, h1.organisation.xon()])
        .arg(network.folder().join("codes-jp.json"));
    let (status, said) = run(&mut command, b"");
    assert_eq!(status, Some(0), "{said}");
    let result: serde_json::Value = serde_json::from_str(&said).unwrap();
    let replies = result["replies"].as_array().unwrap();
    assert_eq!(replies.len(), 2);
    for reply in replies {
        assert_valid(reply.as_str().unwrap());
    }
    let unique_id = result["unique_id"].as_str().unwrap();
    assert_eq!(h1.documents(&[unique_id]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn zeep_queries_by_the_schemas_alone() {
    let network = shared();
    let Some(folder) = environment("zeep", &["zeep"]) else {
        return;
    };
    let wsdl = std::fs::read_to_string(outside("registry.wsdl")).unwrap();
    let schemas = text(vectors().join("schema").canonicalize().unwrap());
    network
        .write("registry.wsdl", &wsdl.replace("SCHEMAS", &schemas))
        .unwrap();
    let h1 = node("h1");
    let patient = patient(network).await;
    let document = published(&h1, &patient, "for zeep").await;
    let pki = network.pki();
    let mut command = Command::new(folder.join("bin/python"));
    command
        .arg(outside("zeep_client.py"))
        .arg(network.folder().join("registry.wsdl"))
        .arg(&h1.registry)
        .args([pki.ca_file(), pki.certificate("h1"), pki.key("h1")].map(text))
        .arg(patient.to_string());
    let (status, said) = run(&mut command, b"");
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(said.trim(), document.unique_id());
}

/// Killed when the test ends, however it ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// oru2xds (GPL, used as a program only) takes a report in HL7 v2, makes a CDA document of it and sends that by ITI-41.
/// It knows no certificates, so its connection is passed on over mutual TLS.
#[tokio::test]
async fn oru2xds_publishes_a_report() {
    let network = shared();
    // Its own dependencies are pinned to versions that need a compiler; with Debian's lxml it runs all the same.
    let packages = [
        "--no-deps",
        "oru2xds==2.0.25",
        "aiorun",
        "hl7==0.4.5",
        "requests-toolbelt",
        "requests",
        "urllib3",
        "idna",
        "certifi",
        "charset-normalizer",
        "striprtf",
        "sympy",
        "mpmath",
    ];
    let Some(folder) = environment("oru2xds", &packages) else {
        return;
    };
    let Some(program) = find(&folder, "oru2xds.py") else {
        println!("skipped: oru2xds is not where it is expected");
        return;
    };
    let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hl7 = xds_testkit::port().unwrap();
    configure(&program, relay.local_addr().unwrap().port(), hl7);
    let h1 = node("h1");
    let for_relay = h1.clone();
    let relaying = tokio::spawn(async move {
        while let Ok((plain, _)) = relay.accept().await {
            let connection = for_relay.raw_repository().await.unwrap();
            tokio::spawn(connection.relay(plain));
        }
    });
    let patient = "IHEBLUE-2709^^^&1.3.6.1.4.1.21367.13.20.3000&ISO";
    network
        .command(Program::Registry, &["patient", "add", "--id", patient])
        .unwrap();
    network.write("codes-oru2xds.json", &radiology()).unwrap();
    let codes = text(network.folder().join("codes-oru2xds.json"));
    network
        .command(Program::Registry, &["codes", "import", &codes])
        .unwrap();
    let ours = crate::support::patient(network).await;
    until("the code is in force", Duration::from_secs(5), || async {
        let mut draft = Draft::new(&node("h1").organisation, &ours, &[Paper::new("a probe")]);
        draft.entries[0].practice_setting_code =
            Some(CodedValue::new("R-3027B", "2.16.840.1.113883.6.96", "Radiology"));
        node("h1").provide(&draft).await.unwrap().errors.is_empty()
    })
    .await;
    let log = network.folder().join("oru2xds.log");
    let output = std::fs::File::create(&log).unwrap();
    let running = Command::new(folder.join("bin/python"))
        .arg(&program)
        .current_dir(program.parent().unwrap())
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .map(Killed)
        .unwrap();
    until(
        "oru2xds listens (its log: oru2xds.log)",
        Duration::from_secs(30),
        || async {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(!said.contains("Traceback"), "{said}");
            TcpStream::connect(("127.0.0.1", hl7)).await.is_ok()
        },
    )
    .await;
    // An accession number needs an authority or must be unique by itself (TF-3 Table 4.2.3.1.7-2); the sample's is
    // neither.
    let message = std::fs::read_to_string(program.with_file_name("examples").join("sample3-ORU-R01.hl7"))
        .unwrap()
        .replace("R2020011751", "1.2.392.9.9.9.7.11.1");
    let answer = mllp(hl7, message.as_bytes()).await;
    drop(running);
    relaying.abort();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(answer.contains("MSA|AA"), "{answer}\n{said}");
    let found = h1.find(&patient.parse().unwrap()).await.unwrap();
    assert_eq!(found.len(), 1, "{said}");
    let (_, documents) = h1.retrieve(&[found[0].unique_id.to_string()]).await.unwrap();
    let document = String::from_utf8_lossy(&documents[0].1).into_owned();
    assert!(document.contains("ClinicalDocument"), "{document}");
}

/// The one code that oru2xds uses and the vendored lists do not have.
fn radiology() -> String {
    serde_json::json!({
        "codeSets": { "practiceSettingCode": {
            "classificationScheme": "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead",
            "codes": [["R-3027B", "2.16.840.1.113883.6.96", "Radiology"]],
        } },
    })
    .to_string()
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => find(&path, name),
            false => (entry.file_name() == name).then_some(path),
        }
    })
}

/// Its configuration is a file of its own beside it.
fn configure(program: &Path, relay: u16, hl7: u16) {
    let file = program.with_file_name("config.py");
    let text = std::fs::read_to_string(&file).unwrap();
    let over =
        format!("\nSERVICE_URL = \"http://127.0.0.1:{relay}/xds/repository\"\nHL7_LISTENER_PORT = {hl7}\n");
    std::fs::write(file, text + &over).unwrap();
}

/// Sends one message and returns what comes back.
async fn mllp(port: u16, message: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let text = String::from_utf8_lossy(message)
        .replace("\r\n", "\r")
        .replace('\n', "\r");
    let framed = [b"\x0b".as_slice(), text.as_bytes(), b"\x1c\r"].concat();
    stream.write_all(&framed).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        let mut byte = [0];
        while stream.read(&mut byte).await.is_ok_and(|read| read > 0) && byte[0] != 0x1c {
            answer.push(byte[0]);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading)
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
