//! Delivery of syslog against receivers and senders that others wrote, and against hostile ones.

mod faults;
mod namespace;
mod outside;
mod receiver;
mod rsyslog;
mod source;
mod world;
