//! `por compare`: what two exchanges both list as their own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{print, read_policy};
use crate::error::{Error, Exit};
use crate::publication::{
    Compared, Comparison, Entry, Listed, Ownership, Publication, Side, Verdict, compare,
};
use crate::terminal::report_text::time;

/// Compare two exchanges' publications: which addresses and unspent outputs do both list as their own?
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The one exchange's publication
    #[arg(value_name = "PUBLICATION_A")]
    pub a: PathBuf,
    /// The other exchange's publication
    #[arg(value_name = "PUBLICATION_B")]
    pub b: PathBuf,
    /// Policy for A: the exchange's public keys, from a source you trust. Without it, A's signature and log are not checked
    #[arg(long, value_name = "FILE")]
    pub policy_a: Option<PathBuf>,
    /// Policy for B
    #[arg(long, value_name = "FILE")]
    pub policy_b: Option<PathBuf>,
    /// Sequence of A's attestation [default: the last one]
    #[arg(long, value_name = "SEQUENCE")]
    pub sequence_a: Option<u64>,
    /// Sequence of B's attestation [default: the last one]
    #[arg(long, value_name = "SEQUENCE")]
    pub sequence_b: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl Compare {
    /// # Errors
    /// [`Error::Input`] for a policy that cannot be used, [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let policy = |path: &Option<PathBuf>| path.as_deref().map(read_policy).transpose();
        let (policy_a, policy_b) = (policy(&self.policy_a)?, policy(&self.policy_b)?);
        let comparison = compare([
            Compared {
                publication: Publication::at(&self.a),
                policy: policy_a.as_ref().map(|(text, _)| text.as_slice()),
                sequence: self.sequence_a,
            },
            Compared {
                publication: Publication::at(&self.b),
                policy: policy_b.as_ref().map(|(text, _)| text.as_slice()),
                sequence: self.sequence_b,
            },
        ])?;
        let text = if self.json {
            serde_json::to_string(&comparison).map_err(|error| Error::Io {
                path: "comparison".into(),
                source: error.into(),
            })? + "\n"
        } else {
            words(&comparison, [&self.a, &self.b])
        };
        print(text.as_bytes())?;
        Ok(match comparison.verdict {
            Verdict::Shared => Exit::False,
            Verdict::CannotTell => Exit::CannotTell,
            Verdict::NothingShared => Exit::Ok,
        })
    }
}

const NAMES: [&str; 2] = ["A", "B"];

fn words(comparison: &Comparison, paths: [&Path; 2]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_words(&mut out, comparison, paths);
    out
}

fn write_words(out: &mut String, comparison: &Comparison, paths: [&Path; 2]) -> std::fmt::Result {
    let verdict = match comparison.verdict {
        Verdict::Shared => "yes",
        Verdict::CannotTell => "cannot tell",
        Verdict::NothingShared => "nothing",
    };
    writeln!(out, "Listed by both?  {verdict}")?;
    for ((name, side), path) in NAMES.iter().zip(&comparison.sides).zip(paths) {
        writeln!(out, "\n{name}  {}", path.display())?;
        match side {
            Side::Listed(listed) => write_listed(out, listed)?,
            Side::Unreadable(why) => writeln!(out, "   cannot be compared: {why}")?,
        }
    }
    let Some(apart) = comparison.seconds_apart else {
        return writeln!(
            out,
            "\nNothing was compared. Get the publication that cannot be read once more, and run `por audit` on it."
        );
    };
    writeln!(out, "\nBetween the snapshots: {}", duration(apart))?;
    if comparison.same_log {
        writeln!(
            out,
            "Both attestations name the same log: they are of one exchange, which may well list an address again."
        )?;
    }
    write_found(out, comparison)?;
    write_meaning(out, comparison, apart)
}

fn write_listed(out: &mut String, listed: &Listed) -> std::fmt::Result {
    writeln!(
        out,
        "   exchange     {} ({})",
        listed.entity, listed.log_origin
    )?;
    writeln!(
        out,
        "   attestation  {} of {}, {}",
        listed.sequence, listed.period, listed.attestation
    )?;
    writeln!(out, "   snapshot     {}", time(listed.snapshot_time))?;
    writeln!(
        out,
        "   lists        {} addresses, {} unspent outputs",
        listed.addresses, listed.outpoints
    )?;
    let authentic = if listed.authenticated {
        "yes: signature, log and witnesses, by the policy given"
    } else {
        "not checked: without a policy, anybody may have written this"
    };
    writeln!(out, "   authentic    {authentic}")?;
    for why in &listed.unread {
        writeln!(out, "   not understood  {why}")?;
    }
    Ok(())
}

fn write_found(out: &mut String, comparison: &Comparison) -> std::fmt::Result {
    writeln!(
        out,
        "\nAddresses that both list: {}",
        comparison.addresses.len()
    )?;
    for shared in &comparison.addresses {
        let (network, address) = (&shared.network, &shared.address);
        writeln!(
            out,
            "  {}  {}",
            network.escape_debug(),
            address.escape_debug()
        )?;
        for (name, entries) in NAMES.iter().zip(&shared.sides) {
            for entry in entries {
                writeln!(out, "    {name}  {}", entry_words(entry, address))?;
            }
        }
        for instance in &shared.counted_twice {
            writeln!(out, "    both count its {instance}")?;
        }
    }
    writeln!(
        out,
        "Unspent outputs that both list: {}",
        comparison.outpoints.len()
    )?;
    for shared in &comparison.outpoints {
        writeln!(out, "  {}  {}", shared.network, shared.outpoint)?;
        for (name, output) in NAMES.iter().zip(&shared.sides) {
            let address = output.address.escape_debug();
            writeln!(out, "    {name}  {} at {address}", output.amount)?;
        }
    }
    if !comparison.keys.is_empty() {
        writeln!(
            out,
            "The same key on different chains, where no coin is counted twice: {}",
            comparison.keys.len()
        )?;
    }
    for shared in &comparison.keys {
        writeln!(out, "  {}", shared.address)?;
        for (name, networks) in NAMES.iter().zip(&shared.networks) {
            let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
            writeln!(out, "    {name}  {}", networks.join(", "))?;
        }
    }
    Ok(())
}

fn entry_words(entry: &Entry, canonical: &str) -> String {
    let amount = match &entry.units {
        Some(units) => units.clone(),
        None => format!("{} steps", entry.amount),
    };
    let signed = match entry.ownership {
        Ownership::Proven => "the address signed for this exchange",
        Ownership::NotProven => "the address did not sign for this exchange",
        Ownership::Undecided => "whether the address signed cannot be decided",
    };
    let spelled = if entry.spelling == canonical {
        String::new()
    } else {
        format!(", spelled {}", entry.spelling.escape_debug())
    };
    format!("{amount} of {}; {signed}{spelled}", entry.instance)
}

fn write_meaning(out: &mut String, comparison: &Comparison, apart: u64) -> std::fmt::Result {
    let twice = !comparison.outpoints.is_empty()
        || comparison
            .addresses
            .iter()
            .any(|shared| !shared.counted_twice.is_empty());
    let meaning = match (comparison.verdict, twice, apart) {
        (Verdict::Shared, true, 0) => {
            "What this means: both count the same coins, at the same instant. Together they have less than they show."
                .to_owned()
        }
        (Verdict::Shared, true, _) => format!(
            "What this means: both count coins of the same place, {} apart. Those that did not move in between are\n\
             counted by both.",
            duration(apart)
        ),
        (Verdict::Shared, false, _) => {
            "What this means: the same keys hold what the two show. They count different coins there, so none twice."
                .to_owned()
        }
        (Verdict::CannotTell | Verdict::NothingShared, ..) => {
            "What this means: no place that was compared is in both lists.".to_owned()
        }
    };
    let limits = if comparison.verdict == Verdict::Shared {
        "What it does not mean: that either lies. A custodian that keeps coins of both at one address (an omnibus address)\n\
         lists them for both, and a wallet may have changed hands between two snapshots. An address that did not sign for an\n\
         exchange shows nothing about anybody else. Ask both whose the coins are."
    } else {
        "What it does not mean: that no coins were lent. A borrower gets them at an address of its own; `por window` shows what\n\
         came right before a snapshot and left right after it."
    };
    writeln!(out, "\n{meaning}\n{limits}")?;
    if comparison.verdict == Verdict::CannotTell {
        writeln!(
            out,
            "What was not understood was compared letter by letter only, so another spelling of it may have been missed."
        )?;
    }
    Ok(())
}

fn duration(seconds: u64) -> String {
    match seconds {
        0 => "none, they are of the same instant".to_owned(),
        _ => humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string(),
    }
}
