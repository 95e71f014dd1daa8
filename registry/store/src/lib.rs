//! The registry's store on PostgreSQL.
