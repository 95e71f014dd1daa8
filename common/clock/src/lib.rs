//! Time sources: how far the wall clock is off (IHE CT, ITI-1).
