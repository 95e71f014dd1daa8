//! XDS.b Document Registry.

mod acts;
mod app;
mod commands;
mod config;
mod database;
mod disclosure;
mod domain;
mod encoder;
mod handlers;
mod instruments;
mod marks;
mod mllp;
mod operator;
mod papers;
mod routes;
mod serve;
mod settle;
mod trail;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run()
}
