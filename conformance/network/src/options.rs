/// What differs between networks.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether all members use all documents jointly, from the beginning. Without it a member sees its own entity's
    /// alone, until [`Network::agree`](crate::Network::agree).
    pub joint_use: bool,
    /// Whether a node's entry vouches for a physician who treats, for clients that bring no assertion.
    pub default_users: bool,
    /// TOML that is merged over the registry's configuration, such as `[limits]\nnode_in_flight_max = 2`.
    pub registry: String,
    /// The same for the repository.
    pub repository: String,
    /// Whether both programs believe assertions about users. They require them only if `[xua]` of `registry` and
    /// `repository` says so.
    pub xua: bool,
    /// The level of both programs' logs.
    pub log_level: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            joint_use: true,
            default_users: true,
            registry: String::new(),
            repository: String::new(),
            xua: false,
            log_level: "info".to_owned(),
        }
    }
}

impl Options {
    /// Limits for both programs, in TOML: `name = value` lines.
    #[must_use]
    pub fn limits(mut self, lines: &str) -> Self {
        for text in [&mut self.registry, &mut self.repository] {
            text.push_str(&format!("[limits]\n{lines}\n"));
        }
        self
    }
}
