//! The verifier's trust root: C2SP tlog-policy text (c2sp.org/tlog-policy).
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <member>…
//! quorum <name>|none
//! #por approver <role> <vkey>
//! #por approvals all|any|<k> <role>…
//! #por maximum-head-age <days>d
//! #por maximum-signature-age <days>d
//! ```
//!
//! `por` wants exactly one log: the exchange's. It may have several keys, all of one name: those it had before a rotation
//! and the one it has now. What the standard has no words for stands behind `#por`, which other readers of the format take
//! for a comment. Unknown lines are refused, never skipped.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::shorten;
use crate::log::Checkpoint;
use crate::note::{KeyName, Note, PublicKey, WitnessKey};

/// A policy is a page of text.
const MAX_BYTES: usize = 64 * 1024;
/// Of logs, witnesses, groups and approvers each; the standard recommends 32. It also bounds how deep groups nest.
const MAX_LINES: usize = 256;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Longer ages than a century are a slip of the pen.
const MAX_DAYS: u64 = 36_525;

/// A witness, by the name the policy gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Name within the policy.
    pub name: String,
    /// Its key.
    pub key: WitnessKey,
    /// Where it takes requests: the submission prefix of c2sp.org/tlog-witness.
    pub url: Option<String>,
}

/// Somebody who approves an attestation before it is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Role within the policy, such as `cfo`.
    pub role: String,
    /// The key of that role.
    pub key: PublicKey,
}

/// A head that enough witnesses have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The latest time T such that cosignatures of time ≥ T meet the quorum, in Unix seconds; `None` where the policy asks
    /// for no witnesses: then no time is claimed.
    pub time: Option<u64>,
    /// Names of the witnesses that cosigned, in the policy's order.
    pub cosigners: Vec<String>,
}

impl Witnessed {
    /// Nobody asked, nobody answered.
    #[must_use]
    pub(crate) const fn none() -> Self {
        Self {
            time: None,
            cosigners: Vec::new(),
        }
    }
}

/// A parsed policy.
#[derive(Clone, Debug)]
pub struct Policy {
    log_origin: KeyName,
    logs: Vec<PublicKey>,
    log_url: Option<String>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
    approvers: Vec<Approver>,
    approvals: Option<Threshold>,
    maximum_head_age: Option<u64>,
    maximum_signature_age: Option<u64>,
}

/// A witness or a group, by its place among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<Member>,
}

/// So many of these approvers.
#[derive(Clone, Debug)]
struct Threshold {
    least: usize,
    roles: Vec<usize>,
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
        let refuse = |why: String| Error::Syntax {
            what: "policy",
            why,
        };
        let text =
            core::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".to_string()))?;
        let mut draft = Draft::default();
        for (number, line) in (1_usize..).zip(text.split('\n')) {
            let words: Vec<&str> = line
                .split([' ', '\t'])
                .filter(|word| !word.is_empty())
                .collect();
            draft
                .line(&words)
                .map_err(|why| refuse(format!("line {number}: {why}")))?;
        }
        draft.finish().map_err(refuse)
    }

    /// The log's keys, all of its name: one, and those it had before.
    #[must_use]
    pub fn logs(&self) -> &[PublicKey] {
        &self.logs
    }

    /// The log's origin: the name of its keys.
    #[must_use]
    pub const fn log_origin(&self) -> &KeyName {
        &self.log_origin
    }

    /// Where the log is published.
    #[must_use]
    pub fn log_url(&self) -> Option<&str> {
        self.log_url.as_deref()
    }

    /// The witnesses, in the order of the text.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether a quorum of witnesses must have cosigned.
    #[must_use]
    pub const fn witnesses_required(&self) -> bool {
        self.quorum.is_some()
    }

    /// Who approves attestations.
    #[must_use]
    pub fn approvers(&self) -> &[Approver] {
        &self.approvers
    }

    /// Seconds after which a live head is too old to tell anything.
    #[must_use]
    pub const fn maximum_head_age(&self) -> Option<u64> {
        self.maximum_head_age
    }

    /// Seconds between the block of an ownership challenge and the snapshot, at most.
    #[must_use]
    pub const fn maximum_signature_age(&self) -> Option<u64> {
        self.maximum_signature_age
    }

    /// The checkpoint of this note, signed by the log.
    ///
    /// # Errors
    /// [`Error::Signature`], [`Error::Syntax`], [`Error::Mismatch`] for another log's.
    pub fn head(&self, note: &Note<'_>) -> Result<Checkpoint, Error> {
        let (text, _) = note.verify_any("checkpoint", &self.logs)?;
        let checkpoint = Checkpoint::parse(text)?;
        if checkpoint.origin != *self.log_origin() {
            return Err(Error::Mismatch {
                what: "log origin",
                why: format!("the policy's log is `{}`", self.log_origin().as_str()),
            });
        }
        Ok(checkpoint)
    }

    /// Whether enough witnesses have cosigned this checkpoint's note. Every witness counts once.
    ///
    /// # Errors
    /// [`Error::Signature`] if any known witness's signature is false, or the quorum is not met.
    pub fn witnessed(&self, note: &Note<'_>) -> Result<Witnessed, Error> {
        let mut times = Vec::new();
        for witness in &self.witnesses {
            times.push(note.cosignature(&witness.key)?.map(|signed| signed.time));
        }
        let cosigners = self
            .witnesses
            .iter()
            .zip(&times)
            .filter(|(_, time)| time.is_some())
            .map(|(witness, _)| witness.name.clone())
            .collect();
        let time = match self.quorum {
            None => None,
            Some(quorum) => Some(self.time_of(quorum, &times).ok_or(Error::Signature {
                what: "witnesses",
                why: "their cosignatures do not meet the policy's quorum",
            })?),
        };
        Ok(Witnessed { time, cosigners })
    }

    /// The latest T such that this member witnesses the head by cosignatures of time ≥ T alone. For a group that is the
    /// threshold's latest time among its members'.
    fn time_of(&self, member: Member, times: &[Option<u64>]) -> Option<u64> {
        match member {
            Member::Witness(index) => times.get(index).copied().flatten(),
            Member::Group(index) => {
                let group = self.groups.get(index)?;
                // Members stand before their group, so this ends.
                let mut members: Vec<u64> = group
                    .members
                    .iter()
                    .filter_map(|member| self.time_of(*member, times))
                    .collect();
                members.sort_unstable_by(|a, b| b.cmp(a));
                members.get(group.threshold.checked_sub(1)?).copied()
            }
        }
    }

    /// The roles that approved this attestation's note.
    ///
    /// # Errors
    /// [`Error::Signature`] if an approver's signature is false or stands twice, or there are fewer than asked for.
    pub fn approved(&self, note: &Note<'_>) -> Result<Vec<String>, Error> {
        let mut signed = Vec::new();
        for (index, approver) in self.approvers.iter().enumerate() {
            if note.is_signed_by("approval", &approver.key)? {
                signed.push(index);
            }
        }
        if let Some(asked) = &self.approvals {
            let counted = asked.roles.iter().filter(|role| signed.contains(role));
            if counted.count() < asked.least {
                return Err(Error::Signature {
                    what: "approvals",
                    why: "fewer roles have approved than the policy asks for",
                });
            }
        }
        let role = |index: &usize| Some(self.approvers.get(*index)?.role.clone());
        Ok(signed.iter().filter_map(role).collect())
    }
}

#[derive(Default)]
struct Draft {
    logs: Vec<PublicKey>,
    log_url: Option<String>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Option<Member>>,
    approvers: Vec<Approver>,
    approvals: Option<Threshold>,
    maximum_head_age: Option<u64>,
    maximum_signature_age: Option<u64>,
}

impl Draft {
    fn line(&mut self, words: &[&str]) -> Result<(), String> {
        let lines = [
            self.logs.len(),
            self.witnesses.len(),
            self.groups.len(),
            self.approvers.len(),
        ];
        if lines.iter().any(|lines| *lines > MAX_LINES) {
            return Err("more than 256 lines of one kind".into());
        }
        match words {
            [] => Ok(()),
            ["#por", words @ ..] => self.own_line(words),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] => self.log(vkey, None),
            ["log", vkey, url] => self.log(vkey, Some(url)),
            ["witness", name, vkey] => self.witness(name, vkey, None),
            ["witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => {
                if self.quorum.is_some() {
                    return Err("a second quorum".into());
                }
                self.quorum = Some(match *name {
                    "none" => None,
                    name => Some(self.member(name)?),
                });
                Ok(())
            }
            [first, ..] => Err(unknown(first)),
        }
    }

    fn own_line(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["approver", role, vkey] => {
                if self.approvers.iter().any(|other| other.role == *role) {
                    return Err(format!("the role `{}` is taken", shorten(role)));
                }
                let key = PublicKey::from_vkey(vkey).map_err(|error| error.to_string())?;
                self.check_new_key(key.as_bytes())?;
                self.approvers.push(Approver {
                    role: (*role).to_owned(),
                    key,
                });
                Ok(())
            }
            ["approvals", threshold, roles @ ..] => {
                if self.approvals.is_some() {
                    return Err("a second line of approvals".into());
                }
                let roles = distinct(roles, |role| {
                    let known = |other: &Approver| other.role == role;
                    self.approvers.iter().position(known)
                })?;
                let least = parse_threshold(threshold, roles.len())?;
                self.approvals = Some(Threshold { least, roles });
                Ok(())
            }
            ["maximum-head-age", age] => set_age(&mut self.maximum_head_age, age),
            ["maximum-signature-age", age] => set_age(&mut self.maximum_signature_age, age),
            _ => Err(unknown("#por")),
        }
    }

    fn log(&mut self, vkey: &str, url: Option<&&str>) -> Result<(), String> {
        let key = PublicKey::from_vkey(vkey).map_err(|error| error.to_string())?;
        KeyName::log_origin(key.name().as_str()).map_err(|error| error.to_string())?;
        if self.logs.iter().any(|other| other.name() != key.name()) {
            return Err("a second log: name the exchange's only".into());
        }
        self.check_new_key(key.as_bytes())?;
        self.logs.push(key);
        if let Some(url) = url {
            self.log_url = Some((*url).to_owned());
        }
        Ok(())
    }

    fn witness(&mut self, name: &str, vkey: &str, url: Option<&&str>) -> Result<(), String> {
        self.check_new(name)?;
        let key = WitnessKey::from_vkey(vkey).map_err(|error| error.to_string())?;
        self.check_new_key(key.as_bytes())?;
        self.witnesses.push(Witness {
            name: name.to_owned(),
            key,
            url: url.map(|url| (*url).to_owned()),
        });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), String> {
        self.check_new(name)?;
        let members = distinct(members, |member| self.find(member))?;
        // So each witness contributes in one way only.
        let used = |member: &Member| {
            let mut groups = self.groups.iter();
            groups.any(|group| group.members.contains(member))
        };
        if members.iter().any(used) {
            return Err("a member is in another group already".into());
        }
        self.groups.push(Group {
            name: name.to_owned(),
            threshold: parse_threshold(threshold, members.len())?,
            members,
        });
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Member> {
        let witness = self.witnesses.iter().position(|other| other.name == name);
        let group = || self.groups.iter().position(|other| other.name == name);
        witness
            .map(Member::Witness)
            .or_else(|| group().map(Member::Group))
    }

    fn member(&self, name: &str) -> Result<Member, String> {
        self.find(name).ok_or_else(|| undefined(name))
    }

    fn check_new(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.find(name).is_some() {
            return Err(format!("the name `{}` is taken", shorten(name)));
        }
        Ok(())
    }

    /// One key, one purpose: a key that stands twice would count twice, or sign for two.
    fn check_new_key(&self, key: &[u8; 32]) -> Result<(), String> {
        let mut keys = (self.logs.iter().map(PublicKey::as_bytes))
            .chain(self.witnesses.iter().map(|witness| witness.key.as_bytes()))
            .chain(self.approvers.iter().map(|other| other.key.as_bytes()));
        if keys.any(|other| other == key) {
            return Err("this key stands twice".into());
        }
        Ok(())
    }

    fn finish(self) -> Result<Policy, String> {
        let first = self.logs.first().ok_or("no `log <vkey>` line")?;
        let quorum = self
            .quorum
            .ok_or("no `quorum` line; write `quorum none` for a policy without witnesses")?;
        if !self.approvers.is_empty() && self.approvals.is_none() {
            return Err("there are approvers and no `#por approvals` line".into());
        }
        if quorum.is_none() && self.maximum_head_age.is_some() {
            return Err("only witnesses date a head: `maximum-head-age` needs a quorum".into());
        }
        Ok(Policy {
            log_origin: first.name().clone(),
            logs: self.logs,
            log_url: self.log_url,
            witnesses: self.witnesses,
            groups: self.groups,
            quorum,
            approvers: self.approvers,
            approvals: self.approvals,
            maximum_head_age: self.maximum_head_age,
            maximum_signature_age: self.maximum_signature_age,
        })
    }
}

/// Finds each of these names, none of them twice.
fn distinct<T: PartialEq>(
    names: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    let mut found = Vec::new();
    for name in names {
        let member = find(name).ok_or_else(|| undefined(name))?;
        if found.contains(&member) {
            return Err(format!("`{}` stands twice", shorten(name)));
        }
        found.push(member);
    }
    Ok(found)
}

fn parse_threshold(text: &str, members: usize) -> Result<usize, String> {
    let strict = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let least = match text {
        "all" => Some(members),
        "any" => Some(1),
        number => number.parse().ok().filter(|_| strict),
    };
    least
        .filter(|least| (1..=members).contains(least))
        .ok_or_else(|| {
            "the threshold must be all, any or a number from 1 to the number of members".into()
        })
}

fn set_age(place: &mut Option<u64>, text: &str) -> Result<(), String> {
    if place.is_some() {
        return Err("this age stands twice".into());
    }
    let days = text
        .strip_suffix('d')
        .filter(|days| days.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|days| days.parse::<u64>().ok())
        .filter(|days| (1..=MAX_DAYS).contains(days))
        .ok_or("an age is a number of days with a d, such as 45d")?;
    *place = Some(days.saturating_mul(DAY));
    Ok(())
}

fn undefined(name: &str) -> String {
    format!("`{}` is not defined above", shorten(name))
}

fn unknown(first: &str) -> String {
    format!("`{}` with these words is not a policy line", shorten(first))
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
