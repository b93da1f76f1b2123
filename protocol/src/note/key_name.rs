//! What a key is called.

use alloc::string::{String, ToString};

use crate::error::Error;

/// Key names are origins, such as `example.com/por`; longer ones are refused.
const MAX_NAME_BYTES: usize = 128;

/// A key name: not empty, no spaces, no plus, no control characters; 1 to 128 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// # Errors
    /// [`Error::Field`] if the name breaks a rule.
    pub fn new(name: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::Field {
                what: "key name",
                why: why.into(),
            })
        };
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return refuse("must have 1 to 128 bytes");
        }
        if name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
        {
            return refuse("must hold no space, control character or plus sign");
        }
        Ok(Self(name.to_string()))
    }

    /// A log origin: a key name of printable ASCII, so that it looks the same everywhere it is compared by eye.
    ///
    /// # Errors
    /// [`Error::Field`].
    pub fn log_origin(origin: &str) -> Result<Self, Error> {
        if !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Field {
                what: "log origin",
                why: "it must be printable ASCII without spaces".into(),
            });
        }
        Self::new(origin)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
