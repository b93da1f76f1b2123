//! `por demo`: the main job from end to end on the embedded sample, each step with the command that does it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as ProcessCommand, Stdio};

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::balances::READINGS_ANNEX;

use super::challenge::ChallengeArgs;
use super::publish::SigningArgs;
use super::{
    Attest, Audit, Build, HomeArg, Init, PlanCommand, Publish, RunArg, StatementCommand, Verify,
};
use crate::demo::{sample_account, sample_ledger, sample_readings, sample_reserves};
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::publication::Part;
use crate::tell;

const HEADER: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
/// The sample's own snapshot: an invented block on each chain, so that every run is the same.
const BLOCKS: [&str; 2] = [
    "bip122:000000000019d6689c085ae165831e93=972000=0000000000000000000000000000000000000000000000000000000000000001",
    "eip155:1=25600000=0x0000000000000000000000000000000000000000000000000000000000000001",
];

/// Periods and days of the sample's attestations.
const MONTHS: [(&str, &str); 3] = [
    ("2026-08", "2026-08-31"),
    ("2026-09", "2026-09-30"),
    ("2026-10", "2026-10-31"),
];
/// With fewer accounts, some asset of the sample may have fewer than 20 holders.
const FEW: u64 = 100;
/// Names of the sample's witnesses.
const WITNESSES: [&str; 3] = ["north", "south", "east"];

/// Run the main job from end to end on an embedded sample: three months, three witnesses
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Folder to make; it must not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Accounts of the last month's ledger; the months before have fewer
    #[arg(long, default_value_t = 2000)]
    pub accounts: u64,
    /// Seed of the sample: the same seed gives the same ledger and addresses
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The built page (web/dist) to publish with it
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
}

impl Demo {
    /// # Errors
    /// Whatever any of its steps says.
    pub fn run(self) -> Result<Exit, Error> {
        if self.out.exists() {
            return Err(Error::InTheWay {
                path: self.out,
                why: "it exists already".into(),
                remedy: "Name a new folder, or delete it.".into(),
            });
        }
        std::fs::create_dir_all(&self.out).map_err(Error::io(&self.out))?;
        let at = |name: &str| self.out.join(name);
        let home = HomeArg {
            home: at("exchange"),
        };
        let (publication, policy) = (at("publication"), at("exchange/policy"));
        write(&at("block-header.hex"), HEADER)?;

        say(&format!(
            "$ por init --home {} --entity 'Sample Exchange' --log-origin sample.example/por",
            home.home.display()
        ));
        let init = Init {
            home: home.clone(),
            entity: "Sample Exchange".into(),
            log_origin: "sample.example/por".into(),
            log_public_key: None,
            assets: None,
        };
        init.run()?;
        say(
            "Three witnesses start, as auditors and rival exchanges would run them: $ por witness init, follow, serve",
        );
        let witnesses = start_witnesses(&at("witnesses"), &policy)?;

        // Three months: the exchange grows.
        let mut csv = String::new();
        for (month, (period, day)) in (1_u64..).zip(MONTHS) {
            let accounts = (self.accounts * month / MONTHS.len() as u64).max(1);
            csv = self.month(&home, accounts, period, day)?;
        }
        // What they cosigned stays in the log; they are not asked again.
        drop(witnesses);

        // An account that holds everything shows most.
        let (account, statement) = (holder_of_all(&csv), at("statement.por"));
        say(&format!(
            "$ por statement --account {account} --out {}",
            statement.display()
        ));
        let issue = StatementCommand {
            home,
            run: RunArg::default(),
            account: Some(account.clone()),
            list: None,
            all: false,
            out: Some(statement.clone()),
            archive: None,
            openings: None,
            from: None,
        };
        issue.run()?;

        say(&format!(
            "$ por log check {} --policy {}",
            publication.display(),
            policy.display()
        ));
        super::log::Check::of(&publication, &policy, &statement).run()?;

        say(&format!(
            "$ por verify {} --policy {}",
            statement.display(),
            policy.display()
        ));
        let verified = Verify {
            statement: statement.clone(),
            policy: Some(policy.clone()),
            account: Some(account),
            json: false,
        };
        let verified = verified.run()?;

        say(&format!(
            "$ por audit {} --policy {}",
            publication.display(),
            policy.display()
        ));
        let audited = Audit {
            publication: publication.clone(),
            policy: Some(policy),
            sequence: None,
            balances: super::balances::BalanceArgs::default(),
            part: Part::default(),
            resume: None,
            json: false,
        }
        .run()?;
        if self.page.is_some() {
            say(&format!(
                "The publication and its page are in {}.\nRun `make serve`, open http://127.0.0.1:8000/ and drop {} on it.",
                publication.display(),
                statement.display()
            ));
        }
        Ok(if verified == Exit::Ok {
            audited
        } else {
            verified
        })
    }
}

impl Demo {
    /// Plans, builds, attests and publishes one month. Returns its ledger.
    fn month(
        &self,
        home: &HomeArg,
        accounts: u64,
        period: &str,
        day: &str,
    ) -> Result<String, Error> {
        let at = |name: &str| self.out.join(name);
        let ledger = at(&format!("ledger-{period}.csv"));
        let reserves = at(&format!("reserves-{period}.csv"));
        let (csv, totals) = sample_ledger(accounts, self.seed);
        write(&ledger, &csv)?;
        say(&format!(
            "{period}: a sample ledger of {accounts} accounts is in {}.",
            ledger.display()
        ));
        let sealed = sealed_usdt(&totals)?;
        say(&format!(
            "$ por plan --ledger {} --period {period} --snapshot {day}T00:00:00Z --seal {sealed}",
            ledger.display()
        ));
        let plan = PlanCommand {
            home: home.clone(),
            ledger: vec![ledger],
            postgres: Vec::new(),
            period: period.into(),
            snapshot: format!("{day}T00:00:00Z"),
            seal: vec![sealed],
            public: Vec::new(),
            leaves: Vec::new(),
            expect_total: Vec::new(),
            replace: None,
        };
        plan.run()?;

        say("$ por build");
        Build {
            home: home.clone(),
            run: RunArg::default(),
            threads: None,
        }
        .run()?;

        let terms = ChallengeArgs {
            block_header: at("block-header.hex"),
            nonce: "0123456789abcdef".into(),
        };
        let settings = Home::at(&home.home).settings()?;
        let (_, challenge) = terms.read(&settings.entity, &settings.log_origin)?;
        let blocks: Vec<_> = BLOCKS
            .iter()
            .filter_map(|block| super::attest::parse_block(block).ok())
            .collect();
        let run = Home::at(&home.home).run(None)?;
        let slot = blocks.last().map_or(0, |block| block.height);
        let signed = sample_reserves(&totals, self.seed, &challenge)?;
        let (csv_reserves, readings) = sample_readings(&signed, run.plan()?.0.snapshot_time, slot)?;
        write(&reserves, &csv_reserves)?;
        let annex = at(&format!("readings-{period}"));
        std::fs::create_dir(&annex).map_err(Error::io(&annex))?;
        let annex = annex.join(READINGS_ANNEX);
        write(&annex, &readings)?;
        say(&format!(
            "$ por attest --reserves {} --annex {} --block-header … --nonce … --block …",
            reserves.display(),
            annex.display()
        ));
        let attest = Attest {
            home: home.clone(),
            run: RunArg::default(),
            reserves,
            terms,
            block: blocks,
            supersedes: None,
            again: false,
            annex: vec![annex],
            signing: SigningArgs::default(),
            collected: None,
        };
        attest.run()?;

        let publication = at("publication");
        // Books of few accounts are sealed by a bound that the sample's reserves need not reach.
        let under_reserved = accounts < FEW;
        say(&format!(
            "$ por publish --to {}{}",
            publication.display(),
            if under_reserved {
                " --under-reserved"
            } else {
                ""
            }
        ));
        let publish = Publish {
            home: home.clone(),
            run: RunArg::default(),
            to: publication,
            page: self.page.clone(),
            under_reserved,
            patience: 30,
            signing: SigningArgs::default(),
        };
        publish.run()?;
        Ok(csv)
    }
}

/// A bound two per cent above the total, as an exchange would choose it that does not want to show the total itself.
fn sealed_usdt(totals: &[u128; 3]) -> Result<String, Error> {
    let [.., total] = totals;
    let decimals = Decimals::new(6)
        .map_err(|error| Error::refused(error.to_string(), "This is a fault of this build."))?;
    let bound = ExactAmount::from_steps(total + total / 50 + 1);
    Ok(format!("USDT={}", bound.to_units(decimals)))
}

/// Processes of this program that are stopped when the demo ends, however it ends.
struct Witnesses(Vec<Child>);

impl Drop for Witnesses {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts three witnesses that follow the policy's log, and asks for two of them in the policy.
fn start_witnesses(folder: &Path, policy: &Path) -> Result<Witnesses, Error> {
    let program = std::env::current_exe().map_err(Error::io(Path::new("por")))?;
    let text = std::fs::read_to_string(policy).map_err(Error::io(policy))?;
    let log = text
        .lines()
        .find_map(|line| line.strip_prefix("log "))
        .unwrap_or_default();
    std::fs::create_dir(folder).map_err(Error::io(folder))?;
    let mut lines = text.replace("quorum none\n", "");
    let mut witnesses = Witnesses(Vec::new());
    for name in WITNESSES {
        let own = folder.join(name);
        let por = |arguments: &[&str]| {
            let mut command = ProcessCommand::new(&program);
            command
                .arg("witness")
                .args(arguments)
                .arg("--folder")
                .arg(&own);
            command
        };
        let origin = format!("witness.example/{name}");
        let made = por(&["init", "--name", &origin])
            .output()
            .map_err(Error::io(&program))?;
        let key = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        por(&["follow", log])
            .output()
            .map_err(Error::io(&program))?;
        let mut child = por(&["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io(&program))?;
        let mut line = String::new();
        if let Some(stderr) = child.stderr.as_mut() {
            BufReader::new(stderr)
                .read_line(&mut line)
                .map_err(Error::io(&own))?;
        }
        witnesses.0.push(child);
        let url = line
            .split_whitespace()
            .find_map(|word| word.strip_suffix("/add-checkpoint."))
            .ok_or_else(|| {
                Error::refused(
                    format!("witness {name} did not start: {}", line.trim()),
                    "Start the demo again.",
                )
            })?;
        lines.push_str(&format!("witness {name} {key} {url}/\n"));
    }
    lines.push_str(&format!(
        "group witnesses 2 {}\nquorum witnesses\n",
        WITNESSES.join(" ")
    ));
    write(policy, &lines)?;
    Ok(witnesses)
}

/// Progress of the demo goes to standard error: standard output holds the reports.
fn say(text: &str) {
    tell!("\n{text}");
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(Error::io(path))
}

fn holder_of_all(csv: &str) -> String {
    let mut rows = csv
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next());
    let mut run = (sample_account(0), 0);
    rows.find_map(|account| {
        run = if run.0 == account {
            (run.0.clone(), run.1 + 1)
        } else {
            (account.to_owned(), 1)
        };
        (run.1 == 3).then(|| account.to_owned())
    })
    .unwrap_or_else(|| sample_account(0))
}
