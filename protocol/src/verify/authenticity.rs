//! Who says it, and when: steps 2 to 6 and 10, which judge an attestation by what the checker brought along.

use alloc::format;
use alloc::string::{String, ToString};

use crate::attestation::Attestation;
use crate::error::Error;
use crate::log::LogProof;
use crate::note::Note;
use crate::policy::{Policy, Witnessed};
use crate::report::{Checks, Facts, LogFacts, Step, facts};

/// Steps 2 to 5: the attestation's note, its approvals and its place in the log, judged by the policy alone. Gives
/// the log head where it is the log's own.
pub fn authenticate(
    checks: &mut Checks,
    policy: Result<&Policy, &Error>,
    note: &Note<'_>,
    attestation: &Attestation,
    proof: Result<&LogProof<'_>, Error>,
) -> Option<LogFacts> {
    authenticate_unlogged(checks, policy, note, attestation);
    let Ok(policy) = policy else {
        for step in [Step::AttestationLogged, Step::WitnessesCosigned] {
            let what = "a usable policy";
            checks.record(step, None, Err(Error::Missing { what }));
        }
        return None;
    };
    // Step 4: an entry of a log whose head the log key signed.
    let head = proof.and_then(|proof| {
        let (head, _) = proof.checkpoint()?;
        let checkpoint = policy.head(&head)?;
        proof.verify_inclusion(note.unverified_text().as_bytes(), &checkpoint)?;
        // Rotations are entries too, so an attestation may stand after its own number, and never before.
        if proof.index < attestation.sequence {
            return Err(Error::Order {
                what: "sequence",
                why: "its entry stands before its number".into(),
            });
        }
        Ok((proof.index, head, checkpoint))
    });
    let facts = head.as_ref().map_err(Clone::clone).map(|(index, _, head)| {
        facts([
            ("log_index", index.to_string()),
            ("log_size", head.size.to_string()),
            ("log_root", head.root.to_string()),
        ])
    });
    checks.record(Step::AttestationLogged, None, facts);
    // Step 5: distinct witnesses, counted against the quorum.
    let witnessed = match &head {
        Ok((_, note, _)) => policy.witnessed(note),
        Err(_) if policy.witnesses_required() => Err(Error::Missing {
            what: "a log head to count witnesses on",
        }),
        Err(_) => Ok(Witnessed::none()),
    };
    let facts = witnessed.as_ref().map_err(Clone::clone).map(|witnessed| {
        let mut facts = Facts::new();
        match witnessed.time {
            Some(time) => facts.insert("head_time", time.to_string()),
            None => facts.insert("quorum", "none".to_string()),
        };
        insert_names(&mut facts, "cosigned_by", &witnessed.cosigners);
        facts
    });
    checks.record(Step::WitnessesCosigned, None, facts);
    match (head, witnessed) {
        (Ok((index, _, head)), Ok(witnessed)) => Some(LogFacts {
            origin: head.origin.as_str().to_string(),
            size: head.size.get(),
            root: head.root.to_string(),
            index,
            time: witnessed.time,
            witnesses: witnessed.cosigners,
        }),
        _ => None,
    }
}

/// Steps 2 and 3 alone: what can be said of an attestation before it is logged.
pub fn authenticate_unlogged(
    checks: &mut Checks,
    policy: Result<&Policy, &Error>,
    note: &Note<'_>,
    attestation: &Attestation,
) {
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => {
            checks.record(Step::AttestationSigned, None, Err(error.clone()));
            let what = "a usable policy";
            checks.record(
                Step::AttestationApproved,
                None,
                Err(Error::Missing { what }),
            );
            return;
        }
    };
    // Step 2: the log key signed these bytes, and they are of its log.
    let signed = check_signed(policy, note, attestation);
    checks.record(Step::AttestationSigned, None, signed);
    // Step 3: the roles that the policy names have signed the same bytes.
    let approved = policy.approved(note).map(|roles| {
        let mut facts = Facts::new();
        insert_names(&mut facts, "approved_by", &roles);
        facts
    });
    checks.record(Step::AttestationApproved, None, approved);
}

fn insert_names(facts: &mut Facts, name: &'static str, names: &[String]) {
    if !names.is_empty() {
        facts.insert(name, names.join(", "));
    }
}

/// The policy that the checker brought, parsed.
///
/// # Errors
/// [`Error::Missing`] for none, [`Error::Policy`] for one that cannot be used.
pub fn usable_policy(policy: Option<&[u8]>) -> Result<Policy, Error> {
    let bytes = policy.ok_or(Error::Missing { what: "policy" })?;
    Policy::parse(bytes).map_err(|error| Error::Policy {
        why: error.to_string(),
    })
}

fn check_signed(
    policy: &Policy,
    note: &Note<'_>,
    attestation: &Attestation,
) -> Result<Facts, Error> {
    let (_, key) = note.verify_any("attestation", policy.logs())?;
    let origin = policy.log_origin().as_str();
    if origin != attestation.log_origin {
        let why = format!("the policy's log is `{origin}`");
        return Err(Error::Mismatch {
            what: "log origin",
            why,
        });
    }
    Ok(facts([("log_key", key.to_string())]))
}

/// Step 6. The witnesses' clocks are worth more than the checker's own, which may stand anywhere; it is asked only where
/// there are no witnesses.
///
/// # Errors
/// [`Error::Order`]; [`Error::Missing`] where there is no clock at all.
pub fn check_time(
    attestation: &Attestation,
    cosigned: Option<u64>,
    now: Option<u64>,
) -> Result<Facts, Error> {
    let snapshot = attestation.snapshot.time;
    let why = match (cosigned, now) {
        (Some(cosigned), _) if snapshot > cosigned => "it is later than the log head that holds it",
        (None, Some(now)) if snapshot > now => "it lies in the future",
        (None, None) => {
            let what = "a dated head, or the time now,";
            return Err(Error::Missing { what });
        }
        _ => return Ok(Facts::new()),
    };
    Err(Error::Order {
        what: "snapshot",
        why: why.into(),
    })
}

/// Step 10: a head that is too old tells nothing of today; it is no lie, for a host may serve an old file.
///
/// # Errors
/// [`Error::Missing`] for a head that is too old or not dated, where there is no policy, and where the policy asks and
/// nobody says what time it is.
pub fn check_fresh(
    policy: Option<&Policy>,
    head: Option<&LogFacts>,
    now: Option<u64>,
) -> Result<Facts, Error> {
    let missing = |what| Error::Missing { what };
    let policy = policy.ok_or(missing("a usable policy"))?;
    let Some(maximum) = policy.maximum_head_age() else {
        return Ok(facts([("maximum_age", "none".to_string())]));
    };
    let time = head
        .and_then(|head| head.time)
        .ok_or(missing("a time of the log head"))?;
    let age = now.ok_or(missing("the time now"))?.saturating_sub(time);
    if age > maximum {
        return Err(missing(
            "a log head that is not older than the policy allows",
        ));
    }
    Ok(facts([
        ("head_age_seconds", age.to_string()),
        ("maximum_age_seconds", maximum.to_string()),
    ]))
}
