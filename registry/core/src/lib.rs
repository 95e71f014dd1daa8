//! The registry's use cases, pure: submission checks, plans, changes.
