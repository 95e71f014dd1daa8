//! The audit trail as it is asked: index of events in PostgreSQL, searches, reports.
