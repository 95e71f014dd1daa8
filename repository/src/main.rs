//! XDS.b Document Repository.

fn main() {}
