//! The `por` command.
fn main() {}
