//! What is wrong with a command line, said without what may be secret in it.

use clap::error::{ContextKind, ContextValue};

/// A usage error that does not repeat what looks like a key: standard error may end in a log.
pub(super) fn without_keys(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue] {
        let Some(ContextValue::String(shown)) = error.get(kind) else {
            continue;
        };
        let digits = shown.trim_start_matches("0x").as_bytes();
        let hex = digits.len() >= 32 && digits.iter().all(u8::is_ascii_hexdigit);
        if hex || shown.contains("PRIVATE") {
            let instead = "(hidden, for it looks like a key)".to_owned();
            error.insert(kind, ContextValue::String(instead));
        }
    }
    error
}
