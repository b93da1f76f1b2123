//! Runs one vector of `fixtures/vectors`: natively, and in WASM through the crate `vectors-wasm`.
//!
//! A vector names an object, its input, and what has to come of it: `ok` or the exact code of the error. `output`
//! pins what else is known of the result: a known answer, or where a statement fails.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64ct::{Base64, Encoding as _};
use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetError, AssetId, AssetTable, Instance, InstanceId};
use por_protocol::attestation::Attestation;
use por_protocol::book_row::BookRow;
use por_protocol::context::{BookContext, Ctx};
use por_protocol::digest::Digest;
use por_protocol::error::Error;
use por_protocol::liabilities::{
    Blinding, Commitment, LeafOpening, Node, Position, Salt, SealedTotal, Shape, TOTAL_PROOF_BYTES,
    open_record, verify_bound, verify_path, verify_total,
};
use por_protocol::merkle::verify_row;
use por_protocol::note::{Note, PublicKey};
use por_protocol::ownership::{
    Address, BitcoinBlock, Challenge, ChallengeNonce, Claim, Message, Network, OwnershipError,
    POW_FLOOR, Scheme,
};
use por_protocol::period::Period;
use por_protocol::plan::Plan;
use por_protocol::policy::Policy;
use por_protocol::range_proof::{RangeContext, RangeStatement, verify_batch};
use por_protocol::report::{Outcome, Report};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::{Account, EvmAddress, EvmHeader};
use por_protocol::verify::{Trust, Verifier};
use serde::{Deserialize, Serialize};

/// What [`Vector::expect`] says where nothing is wrong.
pub const OK: &str = "ok";

/// One case. All input is text: hex, base64, decimal numbers or the thing itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What is judged; the name of the vector's folder.
    pub object: String,
    /// What is special about this case.
    pub description: String,
    /// Named inputs.
    pub input: BTreeMap<String, String>,
    /// [`OK`] or the code of the error.
    pub expect: String,
    /// Facts of the result that must come out, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub output: BTreeMap<String, String>,
}

/// One verifier for all vectors: its generators take longer to make than most vectors to run.
fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(Verifier::default)
}

/// Runs a vector.
///
/// # Errors
/// What differs from the expectation, or why the vector cannot be run.
pub fn run(json: &str) -> Result<(), String> {
    let vector: Vector = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let judged = judge(&vector)?;
    if judged.code != vector.expect {
        return Err(format!("expected {}, found {}", vector.expect, judged.code));
    }
    for (name, expected) in &vector.output {
        let found = judged.output.get(name);
        if found != Some(expected) {
            return Err(format!("{name}: expected {expected}, found {found:?}"));
        }
    }
    Ok(())
}

/// What came of a vector.
struct Judged {
    code: String,
    output: BTreeMap<String, String>,
}

impl Judged {
    fn of<T>(
        result: Result<T, impl Coded>,
        output: impl FnOnce(T) -> Vec<(&'static str, String)>,
    ) -> Self {
        match result {
            Ok(value) => {
                let named = output(value).into_iter();
                Self {
                    code: OK.into(),
                    output: named.map(|(name, text)| (name.into(), text)).collect(),
                }
            }
            Err(error) => Self {
                code: error.coded().into(),
                output: BTreeMap::new(),
            },
        }
    }

    fn plain<T>(result: Result<T, impl Coded>) -> Self {
        Self::of(result, |_| Vec::new())
    }
}

/// Errors with a stable code.
trait Coded {
    fn coded(&self) -> &'static str;
}

macro_rules! coded {
    ($($error:ty),*) => {$(
        impl Coded for $error {
            fn coded(&self) -> &'static str {
                self.code()
            }
        }
    )*};
}

coded!(
    Error,
    por_protocol::account::TextError,
    por_protocol::amount::AmountError,
    AssetError,
    OwnershipError
);

/// Named inputs, read strictly: a vector that lacks one cannot be run.
struct Input<'a>(&'a BTreeMap<String, String>);

impl<'a> Input<'a> {
    fn maybe(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(String::as_str)
    }

    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.maybe(name).ok_or(format!("no input `{name}`"))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, String> {
        let number = self.text(name)?.parse();
        number.map_err(|_| format!("`{name}` is no such number"))
    }

    fn hex(&self, name: &str) -> Result<Vec<u8>, String> {
        hex::decode(self.text(name)?).map_err(|error| format!("`{name}`: {error}"))
    }

    fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], String> {
        let bytes = self.hex(name)?;
        bytes
            .try_into()
            .map_err(|_| format!("`{name}` has not {N} bytes"))
    }

    fn base64(&self, name: &str) -> Result<Vec<u8>, String> {
        Base64::decode_vec(self.text(name)?).map_err(|error| format!("`{name}`: {error}"))
    }

    fn digest(&self, name: &str) -> Result<Digest, String> {
        Ok(Digest::from_bytes(self.array(name)?))
    }

    fn amount(&self, name: &str) -> Result<Amount, String> {
        Ok(Amount::from_atoms(self.number(name)?))
    }

    fn node(&self) -> Result<Node, String> {
        let commitment = Commitment::from_bytes(&self.array("commitment")?);
        Ok(Node {
            commitment: commitment.map_err(|error| error.to_string())?,
            hash: self.digest("hash")?,
        })
    }

    fn context(&self) -> Result<(Ctx, Shape), String> {
        let shape = Shape::new(self.number("leaf_count")?).map_err(|error| error.to_string())?;
        let context = BookContext {
            log_origin: self.text("log_origin")?,
            period: self.text("period")?,
            sequence: self.number("sequence")?,
            snapshot_time: self.number("snapshot_time")?,
            asset: self.text("asset")?,
            kind: self.text("kind")?,
            decimals: self.number("decimals")?,
            shape,
        };
        Ok((context.ctx(), shape))
    }

    fn position(&self) -> Result<Position, String> {
        Ok(Position {
            level: self.number("level")?,
            index: self.number("index")?,
        })
    }
}

fn judge(vector: &Vector) -> Result<Judged, String> {
    let input = Input(&vector.input);
    Ok(match vector.object.as_str() {
        "point" => Judged::plain(Commitment::from_bytes(&input.array("bytes")?)),
        "scalar" => Judged::plain(Blinding::from_bytes(input.array("bytes")?)),
        "amount-units" => {
            let decimals = Decimals::new(input.number("decimals")?);
            let decimals = decimals.map_err(|error| error.to_string())?;
            let amount = ExactAmount::from_units(input.text("text")?, decimals);
            Judged::of(amount, |amount| {
                vec![
                    ("steps", amount.to_string()),
                    ("units", amount.to_units(decimals)),
                ]
            })
        }
        "amount-integer" => {
            let amount: Result<Amount, _> = input.text("text")?.parse();
            Judged::of(amount, |amount| vec![("atoms", amount.to_string())])
        }
        "account" => Judged::plain(AccountId::check(input.text("text")?)),
        "asset" => asset(&input)?,
        "period" => Judged::plain(Period::new(input.text("text")?)),
        "json" => parsed(input.text("as")?, input.text("text")?)?,
        "attestation" | "book-row" | "reserve-row" | "plan" => {
            parsed(&vector.object, input.text("text")?)?
        }
        "leaf" => leaf(&input)?,
        "tile" => tile(&input)?,
        "path" => path(&input)?,
        "total" => {
            let (ctx, _) = input.context()?;
            let proof: [u8; TOTAL_PROOF_BYTES] = input.array("proof")?;
            let total = input.amount("total")?;
            Judged::plain(verify_total(&ctx, &input.node()?, total, &proof))
        }
        "bound" => {
            let (ctx, _) = input.context()?;
            let sealed = SealedTotal {
                bound: input.amount("bound")?,
                proof: input.hex("proof")?,
            };
            let node = input.node()?;
            Judged::plain(verify_bound(
                verifier().generators(),
                &ctx,
                &node,
                &sealed,
                &[],
            ))
        }
        "batch" => batch(&input)?,
        "row-path" => {
            let path = input.text("path")?.split_whitespace();
            let path = path.map(|hash| Digest::from_hex(hash).ok_or("a hash is no digest"));
            Judged::plain(verify_row(
                "row",
                input.text("row")?.as_bytes(),
                input.number("index")?,
                input.number("count")?,
                &path.collect::<Result<Vec<_>, _>>()?,
                &input.digest("root")?,
            ))
        }
        "note" => {
            let key = PublicKey::from_vkey(input.text("key")?);
            let note = input.text("note")?.as_bytes();
            Judged::of(
                key.and_then(|key| Note::parse(note)?.verify("note", &key)),
                |text| vec![("text", text.into())],
            )
        }
        "policy" => {
            let policy = Policy::parse(input.text("text")?.as_bytes());
            Judged::of(policy, |policy| {
                vec![
                    (
                        "log",
                        policy
                            .logs()
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join(" "),
                    ),
                    ("witnesses", policy.witnesses().len().to_string()),
                ]
            })
        }
        "statement" | "report" => statement(&input)?,
        "challenge" => challenge(&input)?,
        "ownership" => ownership(&input)?,
        "evm-header" => Judged::of(EvmHeader::parse(&input.hex("rlp")?), |header| {
            vec![
                ("hash", header.hash()),
                ("number", header.number().to_string()),
                ("state_root", hex::encode(header.state_root())),
                ("time", header.time().to_string()),
            ]
        }),
        "account-proof" => account_proof(&input)?,
        other => return Err(format!("unknown object `{other}`")),
    })
}

fn parsed(object: &str, text: &str) -> Result<Judged, String> {
    let bytes = text.as_bytes();
    Ok(match object {
        "attestation" => Judged::plain(Attestation::parse(bytes)),
        "book-row" => Judged::plain(BookRow::parse(bytes)),
        "reserve-row" => Judged::plain(ReserveRow::parse(bytes)),
        "plan" => Judged::plain(Plan::parse(bytes)),
        other => return Err(format!("`{other}` is not parsed")),
    })
}

/// The native balance that a proof shows; zero where it shows that there is no account.
fn account_proof(input: &Input<'_>) -> Result<Judged, String> {
    let nodes = input.text("nodes")?.split_whitespace();
    let nodes: Vec<Vec<u8>> = nodes
        .map(|node| hex::decode(node).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let address = EvmAddress::from_bytes(input.array("address")?);
    let account = Account::prove(&input.array("state_root")?, &address, &nodes);
    let balance = account.and_then(|account| match account {
        Some(account) => account.balance(),
        None => Ok(ExactAmount::ZERO),
    });
    Ok(Judged::of(balance, |balance| {
        vec![("balance", balance.to_string())]
    }))
}

/// An id, an instance, or a table with one line `<id> <instance>…` for each asset.
fn asset(input: &Input<'_>) -> Result<Judged, String> {
    if let Some(id) = input.maybe("id") {
        return Ok(Judged::plain(AssetId::new(id)));
    }
    if let Some(instance) = input.maybe("instance") {
        return Ok(Judged::plain(InstanceId::new(instance)));
    }
    let decimals = Decimals::new(8).map_err(|error| error.to_string())?;
    let line = |line: &str| {
        let mut words = line.split(' ');
        let id = AssetId::new(words.next().unwrap_or_default())?;
        let instances: Vec<Instance> = words
            .map(|id| {
                Ok(Instance {
                    id: InstanceId::new(id)?,
                    decimals,
                })
            })
            .collect::<Result<_, AssetError>>()?;
        Asset::new(id, "Sample".into(), decimals, instances)
    };
    let assets = input.text("table")?.lines().map(line);
    let table = assets
        .collect::<Result<_, AssetError>>()
        .and_then(AssetTable::new);
    Ok(Judged::plain(table))
}

fn opened<'a>(
    input: &Input<'a>,
    blinding: &'a Blinding,
    salt: &'a Salt,
) -> Result<LeafOpening<'a>, String> {
    Ok(LeafOpening {
        account: input.text("account")?,
        amount: input.amount("amount")?,
        blinding,
        salt,
    })
}

fn leaf(input: &Input<'_>) -> Result<Judged, String> {
    let (ctx, _) = input.context()?;
    let salt = Salt::from_bytes(input.array("salt")?);
    let blinding = match Blinding::from_bytes(input.array("blinding")?) {
        Ok(blinding) => blinding,
        Err(error) => return Ok(Judged::plain(Err::<(), _>(error))),
    };
    let node = opened(input, &blinding, &salt)?.node(&ctx);
    Ok(Judged::of(node, |node| {
        vec![
            ("ctx", hex::encode(ctx.as_bytes())),
            ("commitment", hex::encode(node.commitment.as_bytes())),
            ("hash", node.hash.to_string()),
        ]
    }))
}

fn tile(input: &Input<'_>) -> Result<Judged, String> {
    let (ctx, shape) = input.context()?;
    let record = input.base64("record")?;
    let node = match Commitment::from_bytes(&input.array("commitment")?) {
        Ok(commitment) => Node {
            commitment,
            hash: input.digest("hash")?,
        },
        Err(error) => return Ok(Judged::plain(Err::<(), _>(error))),
    };
    let position = input.position()?;
    let opened = open_record(&ctx, &shape, position, &node, &record);
    Ok(Judged::plain(opened.and_then(|tile| {
        let statement = tile.range_statement(&ctx);
        verify_batch(verifier().generators(), &[statement], &[]).map_err(|(_, error)| error)
    })))
}

fn path(input: &Input<'_>) -> Result<Judged, String> {
    let (ctx, shape) = input.context()?;
    let salt = Salt::from_bytes(input.array("salt")?);
    let blinding = Blinding::from_bytes(input.array("blinding")?);
    let blinding = blinding.map_err(|error| error.to_string())?;
    let leaf = opened(input, &blinding, &salt)?.node(&ctx);
    let leaf = leaf.map_err(|error| error.to_string())?;
    let records = input.base64("records")?;
    let index = input.number("index")?;
    let tiles = verify_path(&ctx, &shape, &input.node()?, index, &leaf, &records);
    Ok(Judged::of(tiles, |tiles| {
        vec![("tiles", tiles.len().to_string())]
    }))
}

/// Proofs over one value each: `<level>/<index> <commitment> <proof>` a line.
fn batch(input: &Input<'_>) -> Result<Judged, String> {
    let (ctx, _) = input.context()?;
    let mut proofs = Vec::new();
    for line in input.text("proofs")?.lines() {
        let mut words = line.split([' ', '/']);
        let mut word = || words.next().ok_or(format!("`{line}` is cut short"));
        let wrong = |_| format!("`{line}` is malformed");
        let position = Position {
            level: word()?.parse().map_err(|_| wrong(()))?,
            index: word()?.parse().map_err(|_| wrong(()))?,
        };
        let commitment = hex::decode(word()?).map_err(|_| wrong(()))?;
        let commitment = commitment.try_into().map_err(|_| wrong(()))?;
        let commitment = Commitment::from_bytes(&commitment).map_err(|_| wrong(()))?;
        proofs.push((
            position,
            commitment,
            hex::decode(word()?).map_err(|_| wrong(()))?,
        ));
    }
    let statements: Vec<_> = proofs
        .iter()
        .map(|(position, commitment, proof)| RangeStatement {
            context: RangeContext::Tile {
                ctx: &ctx,
                position: *position,
            },
            commitments: vec![*commitment],
            proof,
            record: &[],
        })
        .collect();
    Ok(
        match verify_batch(verifier().generators(), &statements, &[]) {
            Ok(()) => Judged::plain(Ok::<(), Error>(())),
            Err((index, error)) => Judged {
                code: error.code().into(),
                output: BTreeMap::from([("first".into(), index.to_string())]),
            },
        },
    )
}

/// The code is the reason of the first check that did not pass.
fn statement(input: &Input<'_>) -> Result<Judged, String> {
    let file = input.base64("file")?;
    let now = match input.maybe("now") {
        Some(_) => Some(input.number("now")?),
        None => None,
    };
    let trust = Trust {
        policy: input.maybe("policy").map(str::as_bytes),
        account: input.maybe("account"),
        now,
    };
    let report = verifier().statement(&file, &trust);
    let (check, code) = first_failure(&report);
    let text = serde_json::to_string(&report).map_err(|error| error.to_string())?;
    let output = [
        ("included", verdict(&report)),
        ("check", check.into()),
        ("report", text),
    ];
    Ok(Judged {
        code: code.into(),
        output: output.map(|(name, text)| (name.into(), text)).into(),
    })
}

/// Check and reason of the first check that failed, or else of the first that could not be decided.
#[must_use]
pub fn first_failure(report: &Report) -> (&'static str, &'static str) {
    let find = |outcome| report.checks.iter().find(|check| check.outcome == outcome);
    find(Outcome::Failed)
        .or_else(|| find(Outcome::CannotTell))
        .map_or(("", OK), |check| {
            (check.id, check.reason.unwrap_or_default())
        })
}

fn verdict(report: &Report) -> String {
    match serde_json::to_value(report.included) {
        Ok(serde_json::Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}

fn challenge(input: &Input<'_>) -> Result<Judged, String> {
    let (header, nonce) = (input.hex("block")?, input.text("nonce")?);
    let (entity, origin) = (input.text("entity")?, input.text("log_origin")?);
    let (network, address) = (input.text("network")?, input.text("address")?);
    let text = (|| {
        let network: Network = network.parse()?;
        let address = Address::parse(&network, address)?;
        let block = BitcoinBlock::from_bytes(&header)?;
        block.verify_work(&POW_FLOOR)?;
        let nonce: ChallengeNonce = nonce.parse()?;
        Ok::<_, OwnershipError>(Challenge::new(entity, origin, block, nonce)?.text(&address))
    })();
    Ok(Judged::of(text, |text| vec![("text", text)]))
}

fn ownership(input: &Input<'_>) -> Result<Judged, String> {
    let (network, address) = (input.text("network")?, input.text("address")?);
    let (scheme, message) = (input.text("scheme")?, input.text("message")?);
    let signatures: Vec<&str> = input.text("signatures")?.lines().collect();
    let member = |name| input.maybe(name).map(|_| input.hex(name)).transpose();
    let (script, frame) = (member("script")?, member("frame")?);
    let public_key = member("public_key")?;
    Ok(Judged::plain((|| {
        let network: Network = network.parse()?;
        let address = Address::parse(&network, address)?;
        let scheme: Scheme = scheme.parse()?;
        Claim {
            network,
            script: script.as_deref(),
            public_key: public_key.as_deref(),
            frame: frame.as_deref(),
            ..Claim::new(
                scheme,
                &address,
                Message::Bytes(message.as_bytes()),
                &signatures,
            )
        }
        .verify()
    })()))
}
