//! `por demo`: the main job from end to end on the embedded sample, each step with the command that does it.

use std::path::{Path, PathBuf};

use super::challenge::ChallengeArgs;
use super::publish::SigningArgs;
use super::{
    Attest, Audit, Build, HomeArg, Init, PlanCommand, Publish, RunArg, StatementCommand, Verify,
};
use crate::demo::{sample_account, sample_ledger, sample_reserves};
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::publication::Part;

const HEADER: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
/// The sample's own snapshot: an invented block on each chain, so that every run is the same.
const BLOCKS: [&str; 2] = [
    "bip122:000000000019d6689c085ae165831e93=972000=0000000000000000000000000000000000000000000000000000000000000001",
    "eip155:1=25600000=0x0000000000000000000000000000000000000000000000000000000000000001",
];

/// Run the main job from end to end on an embedded sample
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Folder to make; it must not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Accounts of the sample ledger
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
        let (ledger, header, reserves) =
            (at("ledger.csv"), at("block-header.hex"), at("reserves.csv"));
        let (publication, policy) = (at("publication"), at("exchange/policy"));
        let (csv, totals) = sample_ledger(self.accounts, self.seed);
        write(&ledger, &csv)?;
        write(&header, HEADER)?;
        say(&format!(
            "A sample ledger of {} accounts is in {}.",
            self.accounts,
            ledger.display()
        ));

        say(&format!(
            "$ por init --home {} --entity 'Sample Exchange' --log-origin sample.example/por",
            home.home.display()
        ));
        let init = Init {
            home: home.clone(),
            entity: "Sample Exchange".into(),
            log_origin: "sample.example/por".into(),
            assets: None,
        };
        init.run()?;

        say(&format!(
            "$ por plan --ledger {} --period 2026-10 --snapshot 2026-10-31T00:00:00Z",
            ledger.display()
        ));
        let plan = PlanCommand {
            home: home.clone(),
            ledger: vec![ledger],
            period: "2026-10".into(),
            snapshot: "2026-10-31T00:00:00Z".into(),
            seal: Vec::new(),
            public: Vec::new(),
            leaves: Vec::new(),
            expect_total: Vec::new(),
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
            block_header: header,
            nonce: "0123456789abcdef".into(),
        };
        let settings = Home::at(&home.home).settings()?;
        let (_, challenge) = terms.read(&settings.entity, &settings.log_origin)?;
        write(&reserves, &sample_reserves(&totals, self.seed, &challenge)?)?;
        say(&format!(
            "Signed sample addresses are in {}.",
            reserves.display()
        ));

        say(&format!(
            "$ por attest --reserves {} --block-header … --nonce … --block …",
            reserves.display()
        ));
        let attest = Attest {
            home: home.clone(),
            run: RunArg::default(),
            reserves,
            terms,
            block: BLOCKS
                .iter()
                .filter_map(|block| super::attest::parse_block(block).ok())
                .collect(),
            supersedes: None,
            annex: Vec::new(),
            signing: SigningArgs::default(),
            collected: None,
        };
        attest.run()?;

        say(&format!("$ por publish --to {}", publication.display()));
        let publish = Publish {
            home: home.clone(),
            run: RunArg::default(),
            to: publication.clone(),
            page: self.page.clone(),
            patience: 30,
            signing: SigningArgs::default(),
        };
        publish.run()?;

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
            out: statement.clone(),
        };
        issue.run()?;

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

/// Progress of the demo goes to standard error: standard output holds the reports.
fn say(text: &str) {
    eprintln!("\n{text}");
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
