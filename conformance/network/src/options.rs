/// What differs between networks.
#[derive(Clone, Debug)]
pub struct Options {
    /// The domain setting that lets every enrolled organisation see everything.
    pub shared_with_all: bool,
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
            shared_with_all: true,
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
