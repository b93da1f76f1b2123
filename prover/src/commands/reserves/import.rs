//! `por reserves import`: takes signatures in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use por_protocol::ownership::{Address, Network};
use serde::Deserialize;

use crate::commands::HomeArg;
use crate::commands::challenge::ChallengeArgs;
use crate::error::{Error, Exit};
use crate::files::durable;
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
    /// CSV with the columns network,address,asset,amount in any order, and, where there are any, evidence and encumbered
    /// as `por reserves collect` writes them, and custody,custodian,staked,lent
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
        let (rows, collected) = join(&self.balances, &answers)?;
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
        durable::write(&staged, &rows)?;
        let checked = read_reserves(&staged, &home.assets()?, &challenge);
        if checked.is_err() {
            std::fs::remove_file(&staged).map_err(Error::io(&staged))?;
        }
        let count = checked?.len();
        std::fs::rename(&staged, &self.out).map_err(Error::io(&self.out))?;
        durable::sync_parent(&self.out)?;
        let next = if collected {
            "por attest"
        } else {
            "por reserves collect, or por attest where the amounts are your own word"
        };
        tell!(
            "Wrote {count} reserves to {}; every signature holds. Next: {next}.",
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

/// The reserves file, each balance with the answer of its address; and whether the balances were collected.
fn join(
    path: &Path,
    answers: &BTreeMap<(String, String), Answer>,
) -> Result<(Vec<u8>, bool), Error> {
    let wrong = |line, why: String| {
        Error::Line {
        path: path.to_owned(),
        line,
        why,
        remedy:
            "Write the columns network,address,asset,amount, and let every address answer its challenge."
                .into(),
    }
    };
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        wrong(line, error.to_string())
    };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(malformed)?;
    let known = |name: &str| FULL_HEADER.contains(&name);
    let twice = |name: &str| header.iter().filter(|other| *other == name).count() > 1;
    if let Some(name) = header.iter().find(|name| !known(name) || twice(name)) {
        let why = format!(
            "the column `{}` is unknown, or stands twice",
            name.escape_debug()
        );
        return Err(wrong(1, why));
    }
    let place = |name: &str| header.iter().position(|column| column == name);
    let own = ["network", "address", "asset", "amount"]
        .map(|name| place(name).ok_or_else(|| wrong(1, format!("the column {name} is missing"))));
    let [network, address, asset, amount] = own;
    let (network, address, asset, amount) = (network?, address?, asset?, amount?);
    // What the exchange or its nodes say goes through as it stands; what an address answers comes from its answer.
    let said = FULL_HEADER.iter().skip(ANSWERED);
    let kept: Vec<(&str, usize)> = said
        .filter_map(|name| Some((*name, place(name)?)))
        .collect();
    let collected = place("evidence").is_some();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = FULL_HEADER.iter().take(ANSWERED).copied();
    writer
        .write_record(columns.chain(kept.iter().map(|(name, _)| *name)))
        .map_err(malformed)?;
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index| record.get(index).unwrap_or_default();
        let key = canonical(field(network), field(address)).map_err(|why| wrong(line, why))?;
        let answer = answers
            .get(&key)
            .ok_or_else(|| wrong(line, format!("{} has not answered", key.1)))?;
        let signatures = answer.signatures.join(" ");
        let answered = [
            &key.0,
            &key.1,
            field(asset),
            field(amount),
            &answer.scheme,
            &signatures,
            &answer.script,
            &answer.public_key,
            &answer.frame,
        ];
        let kept = kept.iter().map(|(_, column)| field(*column));
        writer
            .write_record(answered.into_iter().chain(kept))
            .map_err(malformed)?;
    }
    let bytes = writer.into_inner();
    Ok((
        bytes.map_err(|error| wrong(0, error.to_string()))?,
        collected,
    ))
}

/// Columns of [`FULL_HEADER`] that balances and answers fill.
const ANSWERED: usize = 9;
