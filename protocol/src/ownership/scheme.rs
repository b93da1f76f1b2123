//! How an address signs: one named scheme per claim, never several tried until one fits.

use super::error::OwnershipError;
use core::fmt;
use core::str::FromStr;

/// A signature scheme, named in the reserve line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// EIP-191 version 0x45, the `personal_sign` of Ethereum wallets.
    Eip191,
    /// BIP-322 in its *simple* form: the witness stack alone.
    Bip322Simple,
}

impl Scheme {
    /// The scheme's name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eip191 => "eip191",
            Self::Bip322Simple => "bip322-simple",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = OwnershipError;

    /// Parses the exact name.
    ///
    /// # Errors
    ///
    /// `SchemeUnsupported`, which is undecided: a later version may know the name.
    fn from_str(text: &str) -> Result<Self, OwnershipError> {
        match text {
            "eip191" => Ok(Self::Eip191),
            "bip322-simple" => Ok(Self::Bip322Simple),
            _ => Err(OwnershipError::SchemeUnsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_gives_back_the_parsed_name() {
        for scheme in [Scheme::Eip191, Scheme::Bip322Simple] {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
        }
    }

    #[test]
    fn unknown_names_are_undecided() {
        for text in ["", "EIP191", "eip191 ", "bip322", "bip322-full"] {
            assert!(
                text.parse::<Scheme>().unwrap_err().is_undecided(),
                "{text:?}"
            );
        }
    }
}
