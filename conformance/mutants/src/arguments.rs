use std::path::PathBuf;

/// Which faults in a crate would no test of it see.
///
/// Exit status: 0 as many are caught as asked for, 1 fewer, 2 it could not be found out.
#[derive(Debug, clap::Parser)]
#[command(name = "renkei-mutants", version)]
pub(crate) struct Arguments {
    /// The crate's folder, from the top of the workspace.
    #[arg(long, default_value = "common/policy")]
    pub(crate) crate_folder: PathBuf,
    /// Where the workspace is.
    #[arg(long, default_value = ".")]
    pub(crate) workspace: PathBuf,
    /// Where the copy and the outcomes are kept.
    #[arg(long, default_value = "var/mutants")]
    pub(crate) directory: PathBuf,
    /// Sources, from the crate's folder, that are left as they are. May be given several times.
    #[arg(long = "skip")]
    pub(crate) skipped: Vec<PathBuf>,
    /// Functions that give texts for people: their bodies are left as they are.
    #[arg(
        long = "texts",
        value_delimiter = ',',
        default_value = "ja,en,why,why_ja,why_en"
    )]
    pub(crate) texts: Vec<String>,
    /// Tests whose name holds this run last, and only for mutants that the others did not catch.
    #[arg(long, value_delimiter = ',', default_value = "properties::,cost::")]
    pub(crate) slow: Vec<String>,
    /// Keeps what an earlier run caught, though the tests are others now: for working on those that are missed.
    /// A figure to quote comes from a run without this.
    #[arg(long)]
    pub(crate) keep_caught: bool,
    /// How many run at once.
    #[arg(long, default_value_t = 2)]
    pub(crate) jobs: usize,
    /// The share in percent that is enough.
    #[arg(long, default_value_t = 95.0)]
    pub(crate) enough: f64,
    /// The result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
