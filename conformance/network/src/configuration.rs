//! The configuration files of both programs.

use toml::{Table, Value};

use crate::options::Options;
use crate::ports::Ports;
use crate::roster::{AUTHORITY, REPOSITORY_UNIQUE_ID};
use crate::xua::section;

/// registry.toml. Paths are relative to its folder.
pub(crate) fn registry(ports: &Ports, options: &Options) -> String {
    let text = format!(
        "[node]
audit_source_id = \"registry-test\"

[registry]
assigning_authority = \"{AUTHORITY}\"
assigning_authority_namespace = \"RENKEI\"
data = \"registry\"

[clinical]
listen = \"127.0.0.1:{clinical}\"
public_url = \"{url}\"
workers = 2
{tls}
[mllp]
listen = \"127.0.0.1:{mllp}\"

[operator]
listen = \"127.0.0.1:{operator}\"
public_url = \"{operator_url}\"

[status]
listen = \"127.0.0.1:{status}\"

[audit]
journal = \"journal/registry\"
free_bytes_min = 1048576

[audit_repository]
listen = \"127.0.0.1:{audit}\"
{xua}{log}",
        clinical = ports.registry,
        audit = ports.audit,
        url = registry_url(ports),
        tls = tls("clinical.tls", "registry-server"),
        mllp = ports.mllp,
        operator = ports.operator,
        operator_url = operator_url(ports),
        status = ports.registry_status,
        xua = xua(options),
        log = log(options),
    );
    merged(&text, &options.registry)
}

/// repository.toml. Paths are relative to its folder.
pub(crate) fn repository(ports: &Ports, options: &Options) -> String {
    let text = format!(
        "[node]
audit_source_id = \"repository-test\"

[clinical]
listen = \"127.0.0.1:{clinical}\"
public_url = \"{url}\"
workers = 2
{server}
[status]
listen = \"127.0.0.1:{status}\"

[audit]
journal = \"journal/repository\"
free_bytes_min = 1048576

[[audit.destination]]
name = \"registry\"
address = \"127.0.0.1:{audit}\"
server_name = \"localhost\"
{deliverer}
[repository]
unique_id = \"{REPOSITORY_UNIQUE_ID}\"
data = \"documents\"
keys = [\"keys/documents.key\"]

[registry]
url = \"{registry}\"
nodes_seconds = 1
{client}{xua}{log}",
        clinical = ports.repository,
        url = repository_url(ports),
        server = tls("clinical.tls", "repository-server"),
        audit = ports.audit,
        deliverer = tls("audit.destination.tls", "repository"),
        status = ports.repository_status,
        registry = registry_url(ports),
        client = tls("registry.tls", "repository"),
        xua = xua(options),
        log = log(options),
    );
    merged(&text, &options.repository)
}

/// The registry's endpoint.
pub(crate) fn registry_url(ports: &Ports) -> String {
    format!("https://localhost:{}/xds/registry", ports.registry)
}

/// The registry's operator listener.
pub(crate) fn operator_url(ports: &Ports) -> String {
    format!("https://localhost:{}", ports.operator)
}

/// The repository's endpoint.
pub(crate) fn repository_url(ports: &Ports) -> String {
    format!("https://localhost:{}/xds/repository", ports.repository)
}

fn tls(section: &str, name: &str) -> String {
    format!(
        "
[{section}]
certificate = \"pki/{name}.crt\"
key = \"pki/{name}.key\"
trusted_roots = [\"pki/ca.crt\"]
crls = [\"pki/ca.crl\"]
"
    )
}

fn xua(options: &Options) -> String {
    options.xua.then(section).unwrap_or_default()
}

fn log(options: &Options) -> String {
    format!("\n[log]\nformat = \"text\"\nlevel = \"{}\"\n", options.log_level)
}

/// One configuration over another; a text that is no TOML is appended, for the program to refuse.
fn merged(text: &str, over: &str) -> String {
    match (text.parse::<Table>(), over.parse::<Table>()) {
        (Ok(mut base), Ok(over)) => {
            merge(&mut base, over);
            base.to_string()
        }
        _ => format!("{text}\n{over}"),
    }
}

fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_over_the_configuration_and_leave_the_rest() {
        let merged = merged("[a]\nx = 1\ny = 2\n", "[a]\ny = 3\n[b]\nz = 4\n");
        let table: Table = merged.parse().unwrap();
        assert_eq!(table["a"]["x"].as_integer(), Some(1));
        assert_eq!(table["a"]["y"].as_integer(), Some(3));
        assert_eq!(table["b"]["z"].as_integer(), Some(4));
    }
}
