//! The repository's use cases, pure: provide, retrieve, recover.
