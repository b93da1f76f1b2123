//! The verifier's trust root: C2SP tlog-policy text (c2sp.org/tlog-policy).
//!
//! Lines: `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> all|any|<k> <member>…`,
//! `quorum <name>|none`. `por` wants exactly one log: the exchange's. Unknown lines are refused, never skipped.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::shorten;
use crate::note::PublicKey;

/// A policy is a page of text.
const MAX_BYTES: usize = 64 * 1024;

/// A parsed policy.
#[derive(Clone, Debug)]
pub struct Policy {
    log: PublicKey,
    witnesses: Vec<(String, PublicKey)>,
    witnesses_required: bool,
}

impl Policy {
    /// # Errors
    /// [`Error::Syntax`] with the line number; whatever is wrong with a key.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                what: "policy",
                limit: MAX_BYTES as u64,
                found: bytes.len() as u64,
            });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| Error::Syntax {
            what: "policy",
            why: "it is not UTF-8".into(),
        })?;
        let mut draft = Draft::default();
        for (number, line) in (1_usize..).zip(text.split('\n')) {
            let words: Vec<&str> = line
                .split([' ', '\t'])
                .filter(|word| !word.is_empty())
                .collect();
            draft.line(&words).map_err(|why| Error::Syntax {
                what: "policy",
                why: alloc::format!("line {number}: {why}"),
            })?;
        }
        draft.finish().map_err(|why| Error::Syntax {
            what: "policy",
            why,
        })
    }

    /// The log's key; its name is the log origin.
    #[must_use]
    pub const fn log(&self) -> &PublicKey {
        &self.log
    }

    /// Names and keys of the witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[(String, PublicKey)] {
        &self.witnesses
    }

    /// Whether a quorum of witnesses must have cosigned.
    #[must_use]
    pub const fn witnesses_required(&self) -> bool {
        self.witnesses_required
    }
}

#[derive(Default)]
struct Draft {
    log: Option<PublicKey>,
    witnesses: Vec<(String, PublicKey)>,
    groups: Vec<String>,
    quorum: Option<String>,
}

impl Draft {
    fn line(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] | ["log", vkey, _] => {
                if self.log.is_some() {
                    return Err("a second log: name the exchange's only".into());
                }
                self.log = Some(PublicKey::from_vkey(vkey).map_err(|error| error.to_string())?);
                Ok(())
            }
            ["witness", name, vkey] | ["witness", name, vkey, _] => {
                self.check_new(name)?;
                let key = PublicKey::from_vkey(vkey).map_err(|error| error.to_string())?;
                if self
                    .witnesses
                    .iter()
                    .any(|(_, other)| other.as_bytes() == key.as_bytes())
                {
                    return Err("this witness key stands twice".into());
                }
                self.witnesses.push(((*name).into(), key));
                Ok(())
            }
            ["group", name, threshold, members @ ..] => {
                self.check_new(name)?;
                for (index, member) in members.iter().enumerate() {
                    self.check_defined(member)?;
                    if members.iter().take(index).any(|other| other == member) {
                        return Err(alloc::format!("member `{}` stands twice", shorten(member)));
                    }
                }
                let reachable = match *threshold {
                    "all" | "any" => !members.is_empty(),
                    number => number
                        .parse()
                        .is_ok_and(|k: usize| k >= 1 && k <= members.len()),
                };
                if !reachable {
                    return Err("the threshold must be all, any or a number from 1 to the number of members".into());
                }
                self.groups.push((*name).into());
                Ok(())
            }
            ["quorum", name] => {
                if self.quorum.is_some() {
                    return Err("a second quorum".into());
                }
                if *name != "none" {
                    self.check_defined(name)?;
                }
                self.quorum = Some((*name).into());
                Ok(())
            }
            [first, ..] => Err(alloc::format!(
                "`{}` with these words is not a policy line",
                shorten(first)
            )),
        }
    }

    fn defined(&self, name: &str) -> bool {
        self.witnesses.iter().any(|(other, _)| other == name)
            || self.groups.iter().any(|other| other == name)
    }

    fn check_defined(&self, name: &str) -> Result<(), String> {
        if self.defined(name) {
            Ok(())
        } else {
            Err(alloc::format!("`{}` is not defined above", shorten(name)))
        }
    }

    fn check_new(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.defined(name) {
            return Err(alloc::format!("the name `{}` is taken", shorten(name)));
        }
        Ok(())
    }

    fn finish(self) -> Result<Policy, String> {
        let log = self.log.ok_or("no `log <vkey>` line")?;
        let quorum = self
            .quorum
            .ok_or("no `quorum` line; write `quorum none` for a policy without witnesses")?;
        Ok(Policy {
            log,
            witnesses: self.witnesses,
            witnesses_required: quorum != "none",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn honest_policies_are_read() {
        let text = alloc::format!("# ours\n\nlog {KEY} https://example.com\n\tquorum  none\n");
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.log().to_string(), KEY);
        assert!(!policy.witnesses_required());
        let text = alloc::format!("log {KEY}\nwitness W {KEY}\ngroup G 1 W\nquorum G\n");
        assert!(Policy::parse(text.as_bytes()).unwrap().witnesses_required());
    }

    #[test]
    fn wrong_policies_name_the_line() {
        for (text, line) in [
            (
                alloc::format!("log {KEY}\nlog {KEY}\nquorum none\n"),
                "line 2",
            ),
            (alloc::format!("log {KEY}\nquorum X\n"), "line 2"),
            (
                alloc::format!("log {KEY}\nwitness W {KEY}\nwitness V {KEY}\n"),
                "line 3",
            ),
            (
                alloc::format!("log {KEY}\nwitness W {KEY}\ngroup G 2 W\n"),
                "line 3",
            ),
            (alloc::format!("log {KEY}\nmaximum 3\n"), "line 2"),
            (String::from("log nonsense\nquorum none\n"), "line 1"),
            (alloc::format!("log {KEY}\n"), "no `quorum`"),
            (String::from("quorum none\n"), "no `log"),
        ] {
            let error = Policy::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
