//! The embedded sample: a ledger and signed addresses made from a seed, for `por demo`, tests and benches.
//!
//! Nothing here is secret: whoever knows the seed knows every key.

use std::fmt::Write as _;

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::asset::InstanceId;
use por_protocol::balances::ReadingRecord;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, BitcoinChain, Challenge, EvmChainId, OwnershipError};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use crate::error::Error;

/// Names that sample accounts are made of.
const FIRST_NAMES: [&str; 16] = [
    "amara", "bao", "carmen", "dmitri", "elif", "farid", "grace", "hiro", "ines", "jun", "kofi",
    "lucia", "minh", "nadia", "omar", "priya",
];
/// One sample asset: id, decimals in the ledger, and how large the largest balances are, as a power of two of its steps.
const ASSETS: [(&str, u8, u32); 3] = [("BTC", 8, 38), ("ETH", 18, 74), ("USDT", 6, 44)];

/// Account number `index` of the sample.
#[must_use]
pub fn sample_account(index: u64) -> String {
    let name = FIRST_NAMES
        .get((index % FIRST_NAMES.len() as u64) as usize)
        .copied()
        .unwrap_or("amara");
    format!("{name}.{index:05}@example.com")
}

/// A sample ledger as CSV, with the exact total of each asset in ledger order.
///
/// Every account holds each asset with probability 3/4 (at least the first one), and balances are log-uniform: a few
/// whales, many crumbs.
#[must_use]
pub fn sample_ledger(accounts: u64, seed: u64) -> (String, [u128; 3]) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut csv = String::from("account,asset,amount\n");
    let mut totals = [0; 3];
    for index in 0..accounts {
        let account = sample_account(index);
        for (place, (asset, decimals, bits)) in ASSETS.iter().enumerate() {
            let wide = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
            let magnitude = bits - rng.next_u32() % 24;
            let steps = wide >> (128 - magnitude);
            let held = place == 0 || rng.next_u32() % 4 < 3;
            if !held {
                continue;
            }
            if let (Some(total), Ok(decimals)) = (totals.get_mut(place), Decimals::new(*decimals)) {
                *total += steps;
                // Writing to a string cannot fail.
                let _ = writeln!(
                    csv,
                    "{account},{asset},{}",
                    ExactAmount::from_steps(steps).to_units(decimals)
                );
            }
        }
    }
    (csv, totals)
}

/// Sample reserves as CSV, signed over `challenge`: five per cent above `totals`, spread over several addresses.
///
/// # Errors
/// [`Error::Refused`] if the sample keys cannot sign, which is a fault of the program.
pub fn sample_reserves(
    totals: &[u128; 3],
    seed: u64,
    challenge: &Challenge,
) -> Result<String, Error> {
    let fault =
        |error: OwnershipError| Error::refused(error.to_string(), "This is a fault of this build.");
    let chain = EvmChainId::new(1)
        .ok_or_else(|| Error::refused("no chain", "This is a fault of this build."))?;
    let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x0072_6573_6572_7665);
    let mut csv = String::from("network,address,asset,amount,scheme,signature\n");
    for ((asset, decimals, _), total) in ASSETS.iter().zip(totals) {
        let reserves = total + total / 20 + 1;
        let parts: u128 = 4;
        for part in 0..parts {
            let mut secret = [0; 32];
            rng.fill_bytes(&mut secret);
            let key = SampleKey::from_secret(&secret).map_err(fault)?;
            let (address, scheme): (Address, &str) = match (*asset, part % 2) {
                ("BTC", 0) => (
                    key.p2wpkh_address(BitcoinChain::Mainnet).map_err(fault)?,
                    "bip322-simple",
                ),
                ("BTC", _) => (
                    key.p2tr_address(BitcoinChain::Mainnet).map_err(fault)?,
                    "bip322-simple",
                ),
                _ => (key.evm_address(chain).map_err(fault)?, "eip191"),
            };
            let text = challenge.text(&address);
            let signature = match (*asset, part % 2) {
                ("BTC", 0) => key.sign_bip322_p2wpkh(text.as_bytes()),
                ("BTC", _) => key.sign_bip322_p2tr(text.as_bytes()),
                _ => key.sign_eip191(text.as_bytes()),
            }
            .map_err(fault)?;
            // The last part takes what division leaves.
            let share = if part + 1 == parts {
                reserves - reserves / parts * (parts - 1)
            } else {
                reserves / parts
            };
            if let Ok(decimals) = Decimals::new(*decimals) {
                let amount = ExactAmount::from_steps(share).to_units(decimals);
                // Writing to a string cannot fail.
                let _ = writeln!(
                    csv,
                    "{},{address},{asset},{amount},{scheme},{signature}",
                    address.network()
                );
            }
        }
    }
    Ok(csv)
}

/// Names of the sample's nodes, of two companies.
const NODES: [&str; 2] = ["sample node, Alpha", "sample node, Beta"];

/// The sample's reserves with their evidence: every second ether address was read at two named nodes, which agree; all else
/// at the exchange's own. Gives the CSV and the readings annex.
///
/// # Errors
/// [`Error::Refused`] for other rows than the sample's, which is a fault of the program.
pub fn sample_readings(
    csv: &str,
    snapshot_time: u64,
    slot: u64,
) -> Result<(String, String), Error> {
    let fault = || Error::refused("no sample row", "This is a fault of this build.");
    let decimals = Decimals::new(18).map_err(|_| fault())?;
    let instance = InstanceId::new("eip155:1/slip44:60").map_err(|_| fault())?;
    let (mut rows, mut readings) = (String::new(), String::new());
    for (number, line) in csv.lines().enumerate() {
        let mut fields = line.split(',');
        let (_, address, asset, amount) =
            (fields.next(), fields.next(), fields.next(), fields.next());
        let (Some(address), Some(asset), Some(amount)) = (address, asset, amount) else {
            return Err(fault());
        };
        let evidence = match (number, asset) {
            (0, _) => "evidence",
            (number, "ETH") if number % 2 == 0 => "agreed_readings",
            _ => "signed_reading",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "{line},{evidence}");
        if evidence != "agreed_readings" {
            continue;
        }
        for node in NODES {
            let reading = ReadingRecord {
                instance: instance.clone(),
                address: address.to_owned(),
                amount: ExactAmount::from_units(amount, decimals).map_err(|_| fault())?,
                node: node.to_owned(),
                slot,
                answered: None,
                time: snapshot_time,
            };
            readings += &serde_json::to_string(&reading).map_err(|_| fault())?;
            readings.push('\n');
        }
    }
    Ok((rows, readings))
}
