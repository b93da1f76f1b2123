//! What two exchanges both list as their own (ATTACKS S-13): addresses, and unspent outputs.
//!
//! Claim of [`compare`]: of the two attestations, `addresses` are all (network, address) pairs that stand in both lists of
//! reserves, whatever their spelling, and `outpoints` all outputs that stand in both lists of evidence. The lists are the
//! ones that each attestation is bound to; whether the attestation is the exchange's is known only with its policy.
//!
//! Not shown: whose the coins are. A custodian that keeps coins of both at one address lists honestly for both, and a
//! borrower who gets coins at an address of the own shares none.
//!
//! Cost: the lists are read whole and sorted; two signatures are verified for each shared address.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use por_protocol::amount::ExactAmount;
use por_protocol::asset::InstanceId;
use por_protocol::balances::{OutPoint, UtxoAnnex, annex_name};
use por_protocol::book_row::Evidence as EvidenceKind;
use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::ownership::{Address, Challenge, Network};
use por_protocol::reserve_row::ReserveRow;
use serde::Serialize;

use super::Publication;
use super::audit::Evidence;
use super::lists::{AuthenticLists, read_lists};
use crate::error::Error;

/// Format of the result as JSON.
const FORMAT: &str = "por/comparison/v1";

/// One of the two publications, and what the checker brings for it.
pub struct Compared<'a> {
    /// The publication.
    pub publication: Publication,
    /// Its policy; without one nothing shows that the attestation is the exchange's.
    pub policy: Option<&'a [u8]>,
    /// The attestation; the last one if none is named.
    pub sequence: Option<u64>,
}

/// What the comparison says, from the worst to the best: it ends the program with 1, 6 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Both list an address or an output.
    Shared,
    /// Neither was found, and not everything could be looked at.
    CannotTell,
    /// Neither, and everything was looked at.
    NothingShared,
}

/// The result.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Names this format.
    pub format: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// The two publications, in the order in which they were named.
    pub sides: [Side; 2],
    /// Between the two snapshots; `None` where one cannot be read.
    pub seconds_apart: Option<u64>,
    /// Whether both attestations name the same log: then they are of one exchange.
    pub same_log: bool,
    /// Addresses that both list.
    pub addresses: Vec<SharedAddress>,
    /// Unspent outputs that both list.
    pub outpoints: Vec<SharedOutpoint>,
    /// EVM addresses that both list on different chains only: one key, and no coin that is counted twice.
    pub keys: Vec<SharedKey>,
}

/// One publication.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Its lists.
    Listed(Listed),
    /// Why its lists cannot be read, or are not what the attestation, the log or the policy says.
    Unreadable(String),
}

/// What one publication lists.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Who signs for it.
    pub entity: String,
    /// Its log.
    pub log_origin: String,
    /// Period of the attestation.
    pub period: String,
    /// Its sequence.
    pub sequence: u64,
    /// SHA-256 of its exact bytes.
    pub attestation: Digest,
    /// Whether signature, approvals, log and witnesses were verified by a policy.
    pub authenticated: bool,
    /// Unix seconds.
    pub snapshot_time: u64,
    /// Different addresses.
    pub addresses: usize,
    /// Different outputs.
    pub outpoints: usize,
    /// What could not be understood, and so was not compared or only letter by letter.
    pub unread: Vec<String>,
}

/// An address that both list.
#[derive(Clone, Debug, Serialize)]
pub struct SharedAddress {
    /// CAIP-2 id of the chain.
    pub network: String,
    /// In its canonical spelling.
    pub address: String,
    /// Coins that both count there.
    pub counted_twice: Vec<InstanceId>,
    /// What each lists there.
    pub sides: [Vec<Entry>; 2],
}

/// One row of one exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// CAIP-19 id of the coin.
    pub instance: InstanceId,
    /// An integer at the instance's decimals.
    pub amount: ExactAmount,
    /// The same in units, where the exchange's books say how many decimals there are.
    pub units: Option<String>,
    /// The address as it stands there.
    pub spelling: String,
    /// Whether the address signed this exchange's challenge: to list an address is no proof, and accuses nobody.
    pub ownership: Ownership,
}

/// What an ownership signature shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// The address signed.
    Proven,
    /// It did not.
    NotProven,
    /// This version cannot tell.
    Undecided,
}

/// An unspent output that both list.
#[derive(Clone, Debug, Serialize)]
pub struct SharedOutpoint {
    /// CAIP-2 id of the chain.
    pub network: String,
    /// `<txid>:<index>`.
    pub outpoint: OutPoint,
    /// What each says of it.
    pub sides: [Output; 2],
}

/// An unspent output as one exchange lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Address that it pays to.
    pub address: String,
    /// In the chain's smallest unit.
    pub amount: ExactAmount,
}

/// An EVM address that the two list on different chains.
#[derive(Clone, Debug, Serialize)]
pub struct SharedKey {
    /// The address, which is the same on all EVM chains.
    pub address: String,
    /// CAIP-2 ids of the chains on which each lists it.
    pub networks: [BTreeSet<String>; 2],
}

/// Compares what two publications list.
///
/// # Errors
/// [`Error::Io`] where this machine cannot read a file that is there. Whatever is missing or wrong in a publication makes its
/// side [`Side::Unreadable`].
pub fn compare(sources: [Compared<'_>; 2]) -> Result<Comparison, Error> {
    let [a, b] = sources.map(read);
    let (a, b) = match (a?, b?) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => {
            let side = |read: Result<Reserves, String>| match read {
                Ok(reserves) => Side::Listed(reserves.listed),
                Err(why) => Side::Unreadable(why),
            };
            return Ok(Comparison {
                format: FORMAT,
                verdict: Verdict::CannotTell,
                sides: [side(a), side(b)],
                seconds_apart: None,
                same_log: false,
                addresses: Vec::new(),
                outpoints: Vec::new(),
                keys: Vec::new(),
            });
        }
    };
    let addresses = shared_addresses(&a, &b);
    let outpoints = shared_outpoints(&a, &b);
    let keys = shared_keys(&a, &b);
    let unread = !a.listed.unread.is_empty() || !b.listed.unread.is_empty();
    let verdict = match (addresses.is_empty() && outpoints.is_empty(), unread) {
        (false, _) => Verdict::Shared,
        (true, true) => Verdict::CannotTell,
        (true, false) => Verdict::NothingShared,
    };
    let times = [&a, &b].map(|side| side.listed.snapshot_time);
    Ok(Comparison {
        format: FORMAT,
        verdict,
        seconds_apart: Some(times[0].abs_diff(times[1])),
        same_log: a.listed.log_origin == b.listed.log_origin,
        sides: [Side::Listed(a.listed), Side::Listed(b.listed)],
        addresses,
        outpoints,
        keys,
    })
}

/// CAIP-2 id and canonical address.
type Place = (String, String);

/// By CAIP-2 id and outpoint.
type Outputs = BTreeMap<(String, OutPoint), Output>;

/// What one attestation lists, by what makes two entries the same.
struct Reserves {
    listed: Listed,
    lists: AuthenticLists,
    challenge: Result<Challenge, ProtocolError>,
    /// Rows, by their number in the list.
    addresses: BTreeMap<Place, Vec<usize>>,
    outpoints: Outputs,
    /// Chains on which an EVM address stands.
    keys: BTreeMap<String, BTreeSet<String>>,
}

/// The inner error says why there is nothing to compare.
fn read(source: Compared<'_>) -> Result<Result<Reserves, String>, Error> {
    let Compared {
        publication,
        policy,
        sequence,
    } = source;
    match read_lists(&publication, policy, sequence, true) {
        Ok((lists, evidence)) => Ok(Ok(Reserves::of(lists, &evidence, policy.is_some()))),
        Err(Error::Io { path, source }) if source.kind() != ErrorKind::NotFound => {
            Err(Error::Io { path, source })
        }
        Err(Error::Untrue { place, why, .. }) => Ok(Err(format!("{place}: {why}"))),
        Err(Error::Refused { why, .. }) => Ok(Err(why)),
        Err(error) => Ok(Err(error.to_string())),
    }
}

impl Reserves {
    fn of(lists: AuthenticLists, evidence: &Evidence, authenticated: bool) -> Self {
        let mut unread = Vec::new();
        let mut addresses: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut with_outputs = BTreeSet::new();
        for (number, row) in lists.reserves.iter().enumerate() {
            let network: Result<Network, _> = row.network.parse();
            if row.evidence == EvidenceKind::UtxoSet
                && let Ok(network) = network
            {
                with_outputs.insert(network);
            }
            let parsed = network.and_then(|network| Address::parse(&network, &row.address));
            let address = match parsed {
                Ok(address) => {
                    if let Network::Evm(_) = address.network() {
                        let networks = keys.entry(address.as_str().into()).or_default();
                        networks.insert(row.network.clone());
                    }
                    address.as_str().to_owned()
                }
                // Two that are the same letter by letter are the same still.
                Err(error) => {
                    let shown = row.address.escape_debug();
                    unread.push(format!("{} {shown}: {error}", row.network.escape_debug()));
                    row.address.clone()
                }
            };
            let rows = addresses.entry((row.network.clone(), address)).or_default();
            rows.push(number);
        }
        let mut outpoints = Outputs::new();
        for network in with_outputs {
            match outputs(&network, evidence) {
                Ok(found) => outpoints.extend(found),
                Err(why) => unread.push(format!("outputs on {network}: {why}")),
            }
        }
        let attestation = &lists.attestation;
        let listed = Listed {
            entity: attestation.entity.clone(),
            log_origin: attestation.log_origin.clone(),
            period: attestation.period.to_string(),
            sequence: attestation.sequence,
            attestation: lists.digest,
            authenticated,
            snapshot_time: attestation.snapshot.time,
            addresses: addresses.len(),
            outpoints: outpoints.len(),
            unread,
        };
        Self {
            challenge: attestation.challenge(),
            listed,
            lists,
            addresses,
            outpoints,
            keys,
        }
    }

    fn entry(&self, row: &ReserveRow) -> Entry {
        let assets = self.lists.books.iter().map(|book| &book.asset);
        let instance = assets
            .flat_map(|asset| asset.instances())
            .find(|instance| instance.id == row.instance);
        let challenge = self.challenge.as_ref().map_err(Clone::clone);
        let ownership = match challenge.and_then(|challenge| row.verify_ownership(challenge)) {
            Ok(()) => Ownership::Proven,
            Err(ProtocolError::Unsupported { .. } | ProtocolError::Missing { .. }) => {
                Ownership::Undecided
            }
            Err(_) => Ownership::NotProven,
        };
        Entry {
            instance: row.instance.clone(),
            amount: row.amount,
            units: instance.map(|instance| row.amount.to_units(instance.decimals)),
            spelling: row.address.clone(),
            ownership,
        }
    }

    fn entries(&self, rows: &[usize]) -> Vec<Entry> {
        let rows = rows.iter().filter_map(|row| self.lists.reserves.get(*row));
        rows.map(|row| self.entry(row)).collect()
    }
}

/// The outputs of one chain that rows rest on.
fn outputs(network: &Network, evidence: &Evidence) -> Result<Outputs, String> {
    let name = annex_name(network).ok_or("there is no list of outputs for this chain")?;
    let bytes = evidence
        .get(&name)
        .ok_or_else(|| format!("the attestation has no annex {name}"))?;
    let annex = UtxoAnnex::parse(network, bytes).map_err(|error| format!("{name}: {error}"))?;
    let outputs = annex.outputs().map(|(outpoint, address, amount, _, _)| {
        let address = address.to_owned();
        ((network.to_string(), outpoint), Output { address, amount })
    });
    Ok(outputs.collect())
}

/// What stands under the same key in both maps, in its order.
fn in_both<'a, K: Ord, V>(
    a: &'a BTreeMap<K, V>,
    b: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, [&'a V; 2])> {
    a.iter()
        .filter_map(|(key, of_a)| Some((key, [of_a, b.get(key)?])))
}

fn shared_addresses(a: &Reserves, b: &Reserves) -> Vec<SharedAddress> {
    in_both(&a.addresses, &b.addresses)
        .map(|((network, address), [of_a, of_b])| {
            let sides = [a.entries(of_a), b.entries(of_b)];
            let of_b: BTreeSet<_> = sides[1].iter().map(|entry| &entry.instance).collect();
            let twice = sides[0].iter().map(|entry| &entry.instance);
            let twice: BTreeSet<_> = twice.filter(|instance| of_b.contains(instance)).collect();
            SharedAddress {
                network: network.clone(),
                address: address.clone(),
                counted_twice: twice.into_iter().cloned().collect(),
                sides,
            }
        })
        .collect()
}

fn shared_outpoints(a: &Reserves, b: &Reserves) -> Vec<SharedOutpoint> {
    in_both(&a.outpoints, &b.outpoints)
        .map(|((network, outpoint), sides)| SharedOutpoint {
            network: network.clone(),
            outpoint: *outpoint,
            sides: sides.map(Clone::clone),
        })
        .collect()
}

fn shared_keys(a: &Reserves, b: &Reserves) -> Vec<SharedKey> {
    in_both(&a.keys, &b.keys)
        .filter(|(_, [of_a, of_b])| of_a.is_disjoint(of_b))
        .map(|(address, networks)| SharedKey {
            address: address.clone(),
            networks: networks.map(Clone::clone),
        })
        .collect()
}
