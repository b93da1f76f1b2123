//! Files that must be whole after a crash, and files that nobody else may read.

pub(crate) mod durable;
pub mod secret_file;
