//! Wallet files that exchanges have published: addresses with signatures over a fixed text.
//!
//! Such a signature shows that somebody with the key once signed this text. It binds no nonce, no block and no log, so
//! that it may be of any age and for anybody: a row is *undated* at best, never what `por ownership verify` calls valid
//! for a challenge.

mod import;
mod judge;
mod layout;
mod links;
mod names;

pub use import::{Found, Summary, import};
pub use judge::{Finding, RowVerdict};
pub use links::Links;
