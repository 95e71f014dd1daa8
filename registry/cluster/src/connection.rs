//! What a client needs to connect.

use std::fmt;
use std::path::PathBuf;

/// Where the cluster listens and as whom to log in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionParameters {
    /// The folder of the Unix socket: libpq's and tokio-postgres's `host`.
    pub socket_folder: PathBuf,
    /// The number in the socket's name; there is no TCP port.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: Password,
    /// The database.
    pub database: String,
}

impl ConnectionParameters {
    /// The same login for another database.
    pub fn with_database(&self, database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            ..self.clone()
        }
    }

    /// In the `key='value'` form that libpq and tokio-postgres read. It holds the password: not for
    /// logs.
    pub fn connection_string(&self) -> String {
        format!(
            "host={} port={} user={} password={} dbname={}",
            quoted(&self.socket_folder.to_string_lossy()),
            self.port,
            quoted(&self.user),
            quoted(self.password.expose()),
            quoted(&self.database)
        )
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A password; its `Debug` shows nothing of it.
#[derive(Clone, Eq, PartialEq)]
pub struct Password(String);

impl Password {
    /// Takes a password's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the login only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_the_password_is_not_shown() {
        let parameters = ConnectionParameters {
            socket_folder: "/tmp/it's".into(),
            port: 5432,
            user: "renkei".to_owned(),
            password: Password::new("s3cret"),
            database: r"a\b".to_owned(),
        };
        assert_eq!(
            parameters.connection_string(),
            r"host='/tmp/it\'s' port=5432 user='renkei' password='s3cret' dbname='a\\b'"
        );
        assert!(!format!("{parameters:?}").contains("s3cret"));
    }
}
