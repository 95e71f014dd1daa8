//! What must work for the server to be ready, each watched by somebody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The state of everything that the server needs. Not ready until each has been seen to work.
#[derive(Clone, Debug, Default)]
pub struct Ready {
    parts: Arc<Mutex<BTreeMap<&'static str, Part>>>,
    warnings: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
}

/// One thing that must work, and what is wrong with it: a fixed text, never data.
type Part = Result<(), &'static str>;

impl Ready {
    /// With these parts, none of which has been seen to work yet.
    pub fn waiting_for(names: &[&'static str]) -> Self {
        let parts = names.iter().map(|name| (*name, Err("not checked yet"))).collect();
        Self {
            parts: Arc::new(Mutex::new(parts)),
            warnings: Arc::default(),
        }
    }

    /// Says how a part is. A change is logged.
    pub fn set(&self, name: &'static str, state: Part) {
        let before = self
            .parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, state);
        match (before, state) {
            (Some(Err(_)), Ok(())) => tracing::info!(part = name, "works"),
            (Some(Ok(())) | None, Err(why)) => tracing::error!(part = name, why, "alarm: does not work"),
            _ => {}
        }
    }

    /// Says what somebody should look at, though the server serves all the same; or that it is over.
    pub fn warn(&self, name: &'static str, warning: Option<&'static str>) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        match warning {
            Some(why) => warnings.insert(name, why),
            None => warnings.remove(name),
        };
    }

    /// Every warning.
    pub fn warnings(&self) -> BTreeMap<&'static str, &'static str> {
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every part and its state.
    pub fn parts(&self) -> Vec<(&'static str, Part)> {
        self.parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(name, part)| (*name, *part))
            .collect()
    }

    /// Whether all parts work.
    pub fn is_ready(&self) -> bool {
        self.parts().iter().all(|(_, part)| part.is_ok())
    }
}
