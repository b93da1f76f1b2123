//! `por reserves import`: takes signatures in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use por_protocol::ownership::{Address, Network};
use serde::Deserialize;

use crate::commands::HomeArg;
use crate::commands::challenge::ChallengeArgs;
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::reserves::{FULL_HEADER, read_reserves};
use crate::tell;

/// Take signatures in: checks each over its challenge and writes the reserves file for `por attest`
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// What dates the signatures.
    #[command(flatten)]
    pub terms: ChallengeArgs,
    /// JSON lines with network, address, scheme, signatures and, where needed, script, public_key, frame
    #[arg(long, value_name = "FILE")]
    pub answers: PathBuf,
    /// CSV with the columns network,address,asset,amount and, where the exchange says how it holds a reserve,
    /// custody,custodian,staked,lent and encumbered
    #[arg(long, value_name = "FILE")]
    pub balances: PathBuf,
    /// The reserves file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// How one address answered its challenge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    network: String,
    address: String,
    scheme: String,
    signatures: Vec<String>,
    #[serde(default)]
    script: String,
    #[serde(default)]
    public_key: String,
    #[serde(default)]
    frame: String,
}

impl Import {
    /// # Errors
    /// [`Error::Line`] for the first line that is wrong, has no answer or whose signature does not hold; the file is
    /// not written then. [`Error::InTheWay`] if it exists.
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let settings = home.settings()?;
        let (_, challenge) = self.terms.read(&settings.entity, &settings.log_origin)?;
        let answers = read_answers(&self.answers)?;
        let rows = join(&self.balances, &answers)?;
        // Checked in a file of its own first: a reserves file that exists is one that holds.
        let folder = match self.out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if self.out.exists() {
            return Err(Error::InTheWay {
                path: self.out,
                why: "the file exists".into(),
                remedy: "Name another one, or remove it.".into(),
            });
        }
        let name = self.out.file_name().unwrap_or_default().to_string_lossy();
        let staged = folder.join(format!(".{name}.part"));
        std::fs::write(&staged, rows).map_err(Error::io(&staged))?;
        let checked = read_reserves(&staged, &home.assets()?, &challenge);
        if checked.is_err() {
            std::fs::remove_file(&staged).map_err(Error::io(&staged))?;
        }
        let count = checked?.len();
        std::fs::rename(&staged, &self.out).map_err(Error::io(&self.out))?;
        tell!(
            "Wrote {count} reserves to {}; every signature holds. Next: por attest.",
            self.out.display()
        );
        Ok(Exit::Ok)
    }
}

/// Answers by network and canonical address, each once.
fn read_answers(path: &Path) -> Result<BTreeMap<(String, String), Answer>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let mut answers = BTreeMap::new();
    for (line, number) in text.lines().zip(1_u64..) {
        let wrong = |why: String| Error::Line {
            path: path.to_owned(),
            line: number,
            why,
            remedy: "Write network, address, scheme and signatures as one JSON object.".into(),
        };
        let answer: Answer =
            serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        let key = canonical(&answer.network, &answer.address).map_err(wrong)?;
        if answers.insert(key, answer).is_some() {
            return Err(wrong("this address has answered in an earlier line".into()));
        }
    }
    Ok(answers)
}

fn canonical(network: &str, address: &str) -> Result<(String, String), String> {
    let parsed: Network = network
        .parse()
        .map_err(|error| format!("network: {error}"))?;
    let address = Address::parse(&parsed, address).map_err(|error| format!("address: {error}"))?;
    Ok((parsed.to_string(), address.to_string()))
}

/// The reserves file: each balance with the answer of its address.
fn join(path: &Path, answers: &BTreeMap<(String, String), Answer>) -> Result<Vec<u8>, Error> {
    let wrong = |line, why: String| Error::Line {
        path: path.to_owned(),
        line,
        why,
        remedy: "Write network,address,asset,amount, and let every address answer its challenge."
            .into(),
    };
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        wrong(line, error.to_string())
    };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(malformed)?;
    let own = ["network", "address", "asset", "amount"];
    let more: Vec<String> = header.iter().skip(own.len()).map(Into::into).collect();
    if header.iter().take(own.len()).ne(own) || !more.iter().all(|name| may_follow(name)) {
        return Err(wrong(1, "the header is not the one expected".into()));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = FULL_HEADER.iter().take(ANSWERED).copied();
    writer
        .write_record(columns.chain(more.iter().map(String::as_str)))
        .map_err(malformed)?;
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index| record.get(index).unwrap_or_default();
        let key = canonical(field(0), field(1)).map_err(|why| wrong(line, why))?;
        let answer = answers
            .get(&key)
            .ok_or_else(|| wrong(line, format!("{} has not answered", key.1)))?;
        let signatures = answer.signatures.join(" ");
        let answered = [
            &key.0,
            &key.1,
            field(2),
            field(3),
            &answer.scheme,
            &signatures,
            &answer.script,
            &answer.public_key,
            &answer.frame,
        ];
        let kept = record.iter().skip(own.len());
        writer
            .write_record(answered.into_iter().chain(kept))
            .map_err(malformed)?;
    }
    writer
        .into_inner()
        .map_err(|error| wrong(0, error.to_string()))
}

/// Columns of [`FULL_HEADER`] that balances and answers fill.
const ANSWERED: usize = 9;

/// What the exchange itself says of a reserve goes through as it stands. Evidence does not: it comes from `por reserves collect`.
fn may_follow(column: &str) -> bool {
    let said = FULL_HEADER.iter().skip(ANSWERED);
    column != "evidence" && said.copied().any(|known| known == column)
}
