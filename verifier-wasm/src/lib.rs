//! Bindings only: bytes in, Report out.
