//! What every server binary does: configuration, listeners, gate, health, telemetry, drain.
