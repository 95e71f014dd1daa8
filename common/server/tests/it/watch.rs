//! What the whole test process logs, and where it panics.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing::subscriber::DefaultGuard;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The text of a panic that a test asks for.
pub(crate) const PLANNED: &str = "a panic that was asked for";

/// Keeps every log line, whatever its level, and every panic outside of the tests' own code.
pub(crate) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(|| Tee)
            .init();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.to_string();
            if text.contains(PLANNED) {
                return;
            }
            if !info
                .location()
                .is_some_and(|location| location.file().contains("tests/it/"))
            {
                PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            before(info);
        }));
    });
}

/// No log line holds `canary`, and nothing panicked.
pub(crate) fn assert_clean(canary: &str) {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(!contains(&log, canary.as_bytes()), "the log holds {canary}");
    drop(log);
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(panics.is_empty(), "{panics:?}");
}

pub(crate) fn log_holds(text: &str) -> bool {
    contains(
        &LOG.lock().unwrap_or_else(PoisonError::into_inner),
        text.as_bytes(),
    )
}

pub(crate) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// What this thread logs as long as this lives: whatever became of the log of the process, and whoever was first.
pub(crate) struct OwnLog {
    bytes: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl OwnLog {
    pub(crate) fn begin() -> Self {
        begin();
        let bytes = Arc::default();
        let kept = Arc::clone(&bytes);
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || Own(Arc::clone(&kept)))
            .finish();
        Self {
            bytes,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn holds(&self, text: &str) -> bool {
        contains(&self.bytes.lock().unwrap(), text.as_bytes())
    }
}

struct Own(Arc<Mutex<Vec<u8>>>);

impl Write for Own {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Tee;

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
