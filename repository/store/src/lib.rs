//! The repository's store: encrypted documents and pointers on object_store.
