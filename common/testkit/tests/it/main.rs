//! What other tests stand on.

mod postgres;
