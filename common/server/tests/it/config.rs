//! OPS-07: a configuration that is not understood is not used, and the message names the key.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use xds_server::config::{
    AuditSection, ClinicalSection, ConfigError, Configuration, Limits, LogSection, NodeSection,
    StatusSection, TimeSection, load,
};
use xds_server::foundation::built_at;
use xds_server::telemetry;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    node: NodeSection,
    clinical: ClinicalSection,
    status: StatusSection,
    audit: AuditSection,
    #[serde(default)]
    log: LogSection,
    #[serde(default)]
    time: TimeSection,
    #[serde(default)]
    limits: Limits,
}

impl Configuration for Config {
    fn rebase(&mut self, base: &Path) {
        self.clinical.rebase(base);
        self.audit.rebase(base);
    }

    fn complaints(&self) -> Vec<String> {
        self.status.complaints()
    }
}

const GOOD: &str = r#"
[node]
audit_source_id = "registry-1"

[clinical]
listen = "127.0.0.1:8443"
public_url = "https://registry.example.org/xds"

[clinical.tls]
certificate = "tls/server.crt"
key = "/etc/tls/server.key"
trusted_roots = ["tls/roots.pem"]
crls = ["tls/ca.crl"]

[status]
listen = "127.0.0.1:9100"

[audit]
journal = "journal"

[limits]
body_seconds_max = 300
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    let folder = std::env::temp_dir().join(format!(
        "renkei-config-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("renkei.toml");
    fs::write(&file, text).unwrap();
    let config = load(&file);
    fs::remove_dir_all(&folder).unwrap();
    config
}

/// What is said of a configuration that is not used.
fn refused(text: &str) -> String {
    read(text).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_good_configuration_is_read_and_its_paths_stand_beside_it() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.node.audit_source_id, "registry-1");
    assert_eq!(config.limits.body_seconds_max, 300);
    assert_eq!(config.limits.head_lines_max, Limits::default().head_lines_max);
    assert!(
        config.clinical.tls.certificate.is_absolute()
            && config.clinical.tls.certificate.ends_with("tls/server.crt")
    );
    assert_eq!(config.clinical.tls.key, Path::new("/etc/tls/server.key"));
    assert!(config.audit.journal.is_absolute());
    assert!(config.time.ntp_servers.is_empty());
    assert!(telemetry::start(&config.log).is_ok());
}

#[test]
fn ops_07_unknown_keys_are_refused_by_name() {
    for section in [
        "[node]",
        "[clinical]",
        "[clinical.tls]",
        "[status]",
        "[audit]",
        "[limits]",
    ] {
        let text = GOOD.replace(section, &format!("{section}\nmisspelt_key = 1"));
        let said = refused(&text);
        assert!(said.contains("misspelt_key"), "{section}: {said}");
    }
    assert!(refused(&format!("{GOOD}\n[misspelt_section]\n")).contains("misspelt_section"));
}

#[test]
fn ops_07_wrong_values_are_refused_by_name() {
    for (good, bad, named) in [
        (
            "body_seconds_max = 300",
            "body_seconds_max = \"long\"",
            "body_seconds_max",
        ),
        (
            "body_seconds_max = 300",
            "body_seconds_max = -1",
            "body_seconds_max",
        ),
        (
            "body_seconds_max = 300",
            "body_seconds_max = 5000000000",
            "body_seconds_max",
        ),
        ("audit_source_id = \"registry-1\"", "", "audit_source_id"),
        ("listen = \"127.0.0.1:8443\"", "listen = \"localhost\"", "listen"),
        ("[audit]\njournal = \"journal\"", "", "audit"),
    ] {
        let text = GOOD.replace(good, bad);
        assert_ne!(text, GOOD);
        let said = refused(&text);
        assert!(said.contains(named), "{bad}: {said}");
    }
    assert!(refused("[node").contains("renkei.toml"));
}

#[test]
fn ops_07_contradictions_are_refused_by_name() {
    let remote = GOOD.replace("127.0.0.1:9100", "0.0.0.0:9100");
    assert!(refused(&remote).contains("status.listen"));
    assert!(read(&remote.replace("[status]", "[status]\nallow_remote = true")).is_ok());
    for (key, value, other) in [
        ("root_part_bytes_max", "600000000", "request_bytes_max"),
        ("document_bytes_max", "600000000", "request_bytes_max"),
        ("node_in_flight_max", "300", "process_in_flight_max"),
        ("body_window_seconds", "400", "body_seconds_max"),
        ("xml_text_bytes_max", "9000000", "root_part_bytes_max"),
    ] {
        let said = refused(&GOOD.replace("[limits]", &format!("[limits]\n{key} = {value}")));
        assert!(said.contains(key) && said.contains(other), "{key}: {said}");
    }
    for (key, _) in Limits::default().table() {
        let text = GOOD
            .replace("body_seconds_max = 300", "")
            .replace("[limits]", &format!("[limits]\n{key} = 0"));
        let said = refused(&text);
        assert!(said.contains(&format!("limits.{key} is 0")), "{key}: {said}");
    }
}

#[test]
fn ops_07_files_that_cannot_be_read() {
    let said = load::<Config>(Path::new("/nowhere/renkei.toml"))
        .unwrap_err()
        .to_string();
    assert!(said.contains("/nowhere/renkei.toml"), "{said}");
    assert!(refused(&"#".repeat(1024 * 1024 + 1)).contains("1 MiB"));
}

/// R8: every limit is one table, and the table is whole.
#[test]
fn every_limit_stands_in_the_table() {
    let table = Limits::default().table();
    let names: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), table.len());
    // Debug prints every field of the struct.
    let fields = format!("{:?}", Limits::default()).matches(": ").count();
    assert_eq!(names.len(), fields);
    for (name, value) in &table {
        let text = GOOD.replace("body_seconds_max = 300", &format!("{name} = {value}"));
        assert!(read(&text).is_ok(), "{name}");
    }
    for (name, value) in [
        ("head_bytes_max", 32 * 1024),
        ("head_lines_max", 64),
        ("root_part_bytes_max", 8 * 1024 * 1024),
        ("document_bytes_max", 256 * 1024 * 1024),
        ("request_bytes_max", 512 * 1024 * 1024),
        ("mime_parts_max", 256),
        ("xml_depth_max", 64),
        ("xml_elements_max", 200_000),
        ("xml_attributes_max", 64),
        ("xml_namespaces_max", 32),
        ("xml_attribute_bytes_max", 64 * 1024),
        ("xml_text_bytes_max", 1024 * 1024),
        ("submission_entries_max", 200),
        ("slot_values_max", 1_000),
        ("query_values_max", 1_000),
        ("leaf_class_results_max", 5_000),
        ("object_ref_results_max", 50_000),
        ("retrieve_documents_max", 200),
        ("mllp_frame_bytes_max", 1024 * 1024),
        ("handshake_seconds_max", 10),
        ("head_seconds_max", 10),
        ("body_bytes_per_second_min", 1024),
        ("body_window_seconds", 15),
        ("body_seconds_max", 600),
        ("node_in_flight_max", 32),
        ("process_in_flight_max", 256),
    ] {
        assert!(table.contains(&(name, value)), "{name}");
    }
}

#[test]
fn a_level_that_is_no_filter_is_refused_by_name() {
    let log = LogSection {
        level: Some("loud=everything=".to_owned()),
        ..LogSection::default()
    };
    assert!(
        telemetry::start(&log)
            .unwrap_err()
            .to_string()
            .contains("log.level")
    );
}

/// TLS-03: the time of the build is known, and is no time to come.
#[test]
fn tls_03_the_build_has_a_time() {
    let built = built_at();
    let now = <time::OffsetDateTime as crate::world::Now>::now();
    assert!(
        built > now - time::Duration::days(3650) && built <= now,
        "{built}"
    );
}

#[test]
fn jp_l04_the_time_section_has_its_defaults_and_its_limits() {
    let time = read(GOOD).unwrap().time;
    assert_eq!(
        (time.offset_ms_max, time.measure_seconds, time.stop_when_off),
        (1000, 60, false)
    );
    assert!(matches!(time.sources(), xds_clock::Sources::None));
    let complaints = |lines: &str| {
        let config = read(&format!("{GOOD}\n[time]\n{lines}\n")).unwrap();
        config.time.complaints().join("; ")
    };
    assert_eq!(complaints("source = \"chrony\""), "");
    assert_eq!(
        complaints("ntp_servers = [\"a\", \"b\", \"c\"]\nmeasure_seconds = 16"),
        ""
    );
    for (lines, key) in [
        ("source = \"chrony\"\nntp_servers = [\"a\"]", "time.ntp_servers"),
        ("offset_ms_max = 0", "time.offset_ms_max"),
        ("offset_ms_max = 60001", "time.offset_ms_max"),
        ("measure_seconds = 1", "time.measure_seconds"),
        ("measure_seconds = 3601", "time.measure_seconds"),
    ] {
        assert!(complaints(lines).contains(key), "{lines}");
    }
    let many = format!("ntp_servers = {:?}", vec!["a"; 17]);
    assert!(complaints(&many).contains("time.ntp_servers"));
    assert!(refused(&format!("{GOOD}\n[time]\nsource = \"sundial\"\n")).contains("source"));
}
