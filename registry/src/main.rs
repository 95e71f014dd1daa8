//! XDS.b Document Registry.

fn main() {}
