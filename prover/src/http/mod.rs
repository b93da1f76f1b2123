//! HTTP: asking others, and answering them.

mod client;
mod server;

pub(crate) use self::client::{Client, Reply, describe, rules};
pub(crate) use self::server::{Site, serve};
