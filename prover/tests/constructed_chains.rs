//! Chains without a node here: the real clients against replies that were constructed from the APIs' documentation
//! (`fixtures/chains`), then against the same replies with one thing made false (ATTACKS B-02, B-03, B-04, B-08).

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ed25519_dalek::{Signer as _, SigningKey};
use por_protocol::amount::ExactAmount;
use por_protocol::asset::Asset;
use por_protocol::attestation::{Attestation, SnapshotBlock};
use por_protocol::balances::Confirmed;
use por_protocol::book_row::Evidence;
use por_protocol::error::Error;
use por_protocol::ownership::Address;
use por_protocol::report::Facts;
use por_protocol::reserve_row::ReserveRow;
use por_prover::chains::json_rpc::{Endpoint, JsonRpc, Limits};
use por_prover::chains::reading::{Asked, ChainReader, ReaderClient, Reading};
use por_prover::chains::recheck::BalanceChecks;
use por_prover::chains::solana::SolanaNode;
use por_prover::chains::tron::TronNode;
use por_prover::chains::xrpl::XrplNode;
use por_prover::chains::{ChainError, Fault};
use serde_json::Value;
use support::Sample;

/// Of all blocks in the replies, and of the sample's snapshot.
const TIME: u64 = 1_761_868_800;
const LEDGER: u64 = 103_000_000;
const GENESIS_ACCOUNT: &str = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
/// Whose master key is switched off.
const OTHERS_KEY: &str = "rew9ctU4qhr5LL8QNitT7VdxFRyZ96ZmW";
const NO_ACCOUNT: &str = "rj7pZ5ARAvwaoxkbqzroFz2xWMEyovUBC";
const SLOT: u64 = 350_000_000;
const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
const WALLET: &str = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM";
const STAKE: &str = "7EYnhQoR9YM3N7UoaKRoA44Uy8JeaZV3qyouov87awMs";
/// The first stake account that the wallet may withdraw from.
const STAKED: &str = "7ktZK7a28phex41kcsct6YBHQt38MMezsoecq1UuiKFh";
const NOTHING: &str = "YMN9Qj5jPNp7j14VPcML1B6xGgcPWVZUGLFU3Mnyfaf";
/// A durable nonce, which its authority rules.
const NONCE: &str = "US517G5965aydkZ46HS38QLi7UQiSojurfbQfKCELFx";
const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const HEIGHT: u64 = 75_000_000;
const TRON: &str = "tron:728126428";
const TRON_HASH: &str = "00000000047868c0abababababababababababababababababababababababab";
/// The block that changed two of the accounts last.
const CHANGED: &str = "00000000047864d8efefefefefefefefefefefefefefefefefefefefefefefef";
const HOLDER: &str = "TWd4WrZ9wn84f5x1hZhL4DHvk738ns5jwb";
const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
/// Paid in the very block; and emptied before it.
const PAID: &str = "TA4Wt1DUCqz6YegbnsmqsWC5uUfbdBqPxm";
const EMPTIED: &str = "TA9pkx4DFxrEw8JZzUtyDrh2uAat1LDuJL";

fn constructed(chain: &str) -> Value {
    let path = format!("../fixtures/chains/{chain}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A server that answers each request, path and body as one text; its thread ends with the test process.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                bytes.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&bytes);
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
                if body.is_some_and(|body| serde_json::from_str::<Value>(body).is_ok()) {
                    break;
                }
            }
            answer(&String::from_utf8_lossy(&bytes), &mut stream);
        }
    });
    url
}

fn send(stream: &mut TcpStream, status: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
}

/// A node that gives these replies.
fn node(replies: Value) -> String {
    serve(move |request, stream| reply(&replies, request, stream))
}

fn reply(replies: &Value, request: &str, stream: &mut TcpStream) {
    let mut entries = replies.as_array().unwrap().iter();
    let fits = |entry: &&Value| {
        let mut asks = entry["asks"].as_array().unwrap().iter();
        asks.all(|ask| request.contains(ask.as_str().unwrap()))
    };
    match entries.find(fits) {
        Some(entry) => send(stream, "200 OK", &entry["reply"].to_string()),
        None => send(stream, "501 Not Implemented", ""),
    }
}

/// java-tron as it is installed: `/wallet` and `/walletsolidity` each on a port of its own, and neither on the other's.
fn tron_ports(replies: &Value) -> [String; 2] {
    ["/wallet/", "/walletsolidity/"].map(|path| {
        let own = |entry: &&Value| entry["asks"][0].as_str().unwrap().starts_with(path);
        node(
            replies
                .as_array()
                .unwrap()
                .iter()
                .filter(own)
                .cloned()
                .collect(),
        )
    })
}

fn client(url: &str) -> JsonRpc {
    let limits = Limits {
        time: Duration::from_millis(1500),
        reply_bytes: 100_000,
        batch: 1000,
    };
    JsonRpc::new(Endpoint::new(url, None).unwrap(), limits)
}

const fn asked<'a>(address: &'a str, token: Option<&'a str>, decimals: u8) -> Asked<'a> {
    Asked {
        address,
        token,
        decimals,
    }
}

/// Everything a chain's client reads, from the first question to the last.
fn read(chain: &str, url: &str) -> Result<Vec<Reading>, ChainError> {
    read_at(chain, url, None)
}

fn read_at(chain: &str, url: &str, solidity: Option<&str>) -> Result<Vec<Reading>, ChainError> {
    let rpc = client(url);
    let all = |node: &dyn ChainReader, network: &str, height: u64, asked: &[Asked<'_>]| {
        if node.network() != network {
            return Err(node.fault(Fault::WrongChain, node.network()));
        }
        node.tip()?;
        let block = node.block(height)?;
        assert_eq!(block.time, TIME);
        node.read(asked, height, &block.hash)
    };
    match chain {
        "xrpl" => {
            let list = [GENESIS_ACCOUNT, OTHERS_KEY, NO_ACCOUNT];
            let list = list.map(|address| asked(address, None, 6));
            all(&XrplNode::connect(&rpc)?, "xrpl:0", LEDGER, &list)
        }
        "solana" => {
            let own = [WALLET, STAKE, NOTHING, NONCE].map(|address| asked(address, None, 9));
            let list = [&own[..], &[asked(WALLET, Some(USDC), 6)]].concat();
            all(&SolanaNode::connect(&rpc)?, SOLANA, SLOT, &list)
        }
        _ => {
            let list = [
                asked(HOLDER, None, 6),
                asked(PAID, None, 6),
                asked(EMPTIED, None, 6),
                asked(USDT, None, 6),
                asked(HOLDER, Some(USDT), 6),
            ];
            let solidity = solidity.map(client);
            let node = TronNode::connect(&rpc, solidity.as_ref())?;
            all(&node, TRON, HEIGHT, &list)
        }
    }
}

fn reading(amount: u128, encumbered: u128, answered: Option<u64>) -> Reading {
    Reading {
        amount: ExactAmount::from_steps(amount),
        encumbered: ExactAmount::from_steps(encumbered),
        staked: ExactAmount::ZERO,
        answered,
        encumbered_later: answered.is_some(),
    }
}

/// Of the block itself, but for whose keys rule it.
fn exact_tron(amount: u128, encumbered: u128) -> Reading {
    Reading {
        encumbered_later: true,
        ..reading(amount, encumbered, None)
    }
}

#[test]
fn constructed_xrpl_balances_are_of_the_exact_ledger_and_the_reserve_is_encumbered() {
    let readings = read("xrpl", &node(constructed("xrpl"))).unwrap();
    // Base 1 XRP and three objects of 0.2 XRP.
    assert_eq!(
        readings,
        [
            reading(25_000_000_123_456, 1_600_000, None),
            reading(7_000_000, 7_000_000, None),
            reading(0, 0, None)
        ]
    );
}

#[test]
fn constructed_solana_balances_name_the_slot_that_they_are_of() {
    let readings = read("solana", &node(constructed("solana"))).unwrap();
    assert_eq!(
        readings,
        [
            // 1.5 of its own; and stake accounts: delegated, cooled down, cooling down, locked, and never delegated.
            Reading {
                staked: ExactAmount::from_steps(3_400_000_000),
                ..reading(5_979_131_525, 3_466_848_640, Some(SLOT + 40))
            },
            reading(2_000_000_000, 2_000_000_000, Some(SLOT + 40)),
            reading(0, 0, Some(SLOT + 40)),
            reading(1_447_680, 1_447_680, Some(SLOT + 40)),
            reading(750_000_001, 50_000_000, Some(SLOT + 41)),
        ]
    );
}

#[test]
fn constructed_tron_balances_are_exact_where_the_node_knows_the_account_s_history() {
    let readings = read("tron", &node(constructed("tron"))).unwrap();
    let later = Some(HEIGHT + 25);
    let tokens = reading(1_234_567_890, 0, later);
    assert_eq!(
        readings,
        [
            exact_tron(64_000_000, 0),
            // Its own key is one of two that must sign.
            exact_tron(3_000_000, 3_000_000),
            exact_tron(0, 0),
            // "This block, and nothing" is what a node says that has written nothing down; and a contract has no key.
            reading(7_000_001, 7_000_001, later),
            tokens,
        ]
    );
    // The first block's balances are written down whether history is kept or not.
    let genesis = "{\"hash\":\"00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc\"}";
    let changed = format!("{{\"hash\":\"{CHANGED}\",\"number\":74999000}}");
    let unrecorded = forged(
        "tron",
        &format!("getaccountbalance\",\"{HOLDER}"),
        &changed,
        genesis,
    );
    let readings = read("tron", &node(unrecorded)).unwrap();
    assert_eq!(readings[0], reading(65_000_000, 0, later));
    assert_eq!(readings[1], exact_tron(3_000_000, 3_000_000));
}

#[test]
fn a_tron_node_is_asked_for_its_solid_state_at_the_port_of_it() {
    let [wallet, solidity] = tron_ports(&constructed("tron"));
    let together = read("tron", &node(constructed("tron"))).unwrap();
    assert_eq!(read_at("tron", &wallet, Some(&solidity)).unwrap(), together);
    assert_eq!(read("tron", &wallet).unwrap_err().fault, Fault::Unreachable);
    // The ports of two chains are not those of one node.
    let other = forged(
        "tron",
        "walletsolidity/getblockbynum",
        "2b6653dc",
        "94a9059e",
    );
    let [_, other] = tron_ports(&other);
    let error = read_at("tron", &wallet, Some(&other)).unwrap_err();
    assert_eq!(error.fault, Fault::WrongChain, "{error}");
}

#[test]
fn b_06_what_a_tron_accounts_own_key_does_not_rule_is_encumbered() {
    let own = format!("\"keys\":[{{\"address\":\"{HOLDER}\",\"weight\":1}}]");
    for (to, threshold, is_free) in [
        (own.clone(), 1, true),
        (own.replace("1}", "2}"), 2, true),
        (own.clone(), 2, false),
        (own.replace(HOLDER, PAID), 1, false),
        ("\"keys\":[]".into(), 1, false),
    ] {
        let from = format!("{own},\"permission_name\":\"owner\",\"threshold\":1");
        let to = format!("{to},\"permission_name\":\"owner\",\"threshold\":{threshold}");
        let account = format!("getaccount\",\"{HOLDER}");
        let readings = read("tron", &node(forged("tron", &account, &from, &to))).unwrap();
        let held = |amount| if is_free { 0 } else { amount };
        assert_eq!(
            readings[0],
            exact_tron(64_000_000, held(64_000_000)),
            "{to}"
        );
        // Tokens of the account, too.
        let tokens = 1_234_567_890;
        assert_eq!(
            readings[4],
            reading(tokens, held(tokens), Some(HEIGHT + 25)),
            "{to}"
        );
    }
}

#[test]
fn b_03_a_tron_block_that_may_be_replaced_is_not_read() {
    let mut young = constructed("tron");
    let mut entries = young.as_array_mut().unwrap().iter_mut();
    let now = entries.find(|entry| entry["asks"][0] == "/walletsolidity/getnowblock");
    let raw = serde_json::json!({ "number": 74_999_000, "timestamp": 1_761_865_800_000_u64 });
    now.unwrap()["reply"] =
        serde_json::json!({ "blockID": CHANGED, "block_header": { "raw_data": raw } });
    let error = read("tron", &node(young)).unwrap_err();
    assert_eq!(error.fault, Fault::NotAvailable, "{error}");
    assert!(error.why.contains("before 75000000"), "{error}");
}

/// java-tron with its defaults: `getaccountbalance` fails for nobody, and says of every account "this block, and nothing".
#[test]
fn b_01_a_tron_node_without_history_shows_no_balance_of_the_block_and_no_zero() {
    let block = format!("{{\"hash\":\"{TRON_HASH}\",\"number\":{HEIGHT}}}");
    let mut stock = constructed("tron");
    for entry in stock.as_array_mut().unwrap() {
        let asks = entry["asks"].to_string();
        if asks.contains("getblockbalance") {
            let error =
                "class org.tron.core.exception.ItemNotFoundException : This block does not exist";
            entry["reply"] = serde_json::json!({ "Error": error });
        } else if asks.contains("getaccountbalance") {
            let echo: Value = serde_json::from_str(&block).unwrap();
            entry["reply"] = serde_json::json!({ "block_identifier": echo });
        }
    }
    let later = Some(HEIGHT + 25);
    let expected = [
        reading(65_000_000, 0, later),
        reading(3_500_000, 3_500_000, later),
        reading(5, 0, later),
        reading(7_000_001, 7_000_001, later),
        reading(1_234_567_890, 0, later),
    ];
    assert_eq!(read("tron", &node(stock.clone())).unwrap(), expected);
    // A history that ends before the block answers with what was there then.
    let stale = stock.as_array_mut().unwrap().iter_mut();
    for entry in stale.filter(|entry| entry["asks"].to_string().contains("getaccountbalance")) {
        entry["reply"] = serde_json::json!({
            "balance": 9, "block_identifier": { "hash": CHANGED, "number": 74_999_000 },
        });
    }
    assert_eq!(read("tron", &node(stock)).unwrap(), expected);
}

/// The replies with one text in one reply made another; it must be there.
#[track_caller]
fn forged(chain: &str, asks: &str, from: &str, to: &str) -> Value {
    let mut forged = constructed(chain);
    let mut entries = forged.as_array_mut().unwrap().iter_mut();
    let entry = entries
        .find(|entry| entry["asks"].to_string().contains(asks))
        .unwrap();
    let reply = entry["reply"].to_string();
    assert!(reply.contains(from), "{from} is not in {reply}");
    entry["reply"] = serde_json::from_str(&reply.replacen(from, to, 1)).unwrap();
    forged
}

#[test]
fn b_02_b_03_b_04_b_08_constructed_replies_with_one_lie_are_refused() {
    use Fault::{False, Malformed, NotAvailable, OtherBlock, WrongChain};
    let index = LEDGER.to_string();
    let wide = format!("\"{}\"", "9".repeat(400));
    for (chain, asks, from, to, fault) in [
        (
            "xrpl",
            "server_info",
            "\"network_id\":0",
            "\"network_id\":1",
            WrongChain,
        ),
        ("xrpl", "server_info", "\"network_id\":0,", "", NotAvailable),
        (
            "xrpl",
            "103000000",
            "\"validated\":true",
            "\"validated\":false",
            NotAvailable,
        ),
        (
            "xrpl",
            "103000000",
            "\"close_time\":815184000",
            "\"close_time\":\"815184000\"",
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"validated\":true",
            "\"validated\":false",
            NotAvailable,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            index.as_str(),
            "102999999",
            OtherBlock,
        ),
        ("xrpl", GENESIS_ACCOUNT, "E6DB", "E6DC", OtherBlock),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            GENESIS_ACCOUNT,
            NO_ACCOUNT,
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"25000000123456\"",
            "25000000123456",
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"25000000123456\"",
            "\"1e400\"",
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"25000000123456\"",
            "\"-5\"",
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"25000000123456\"",
            "\"0x5\"",
            Malformed,
        ),
        (
            "xrpl",
            GENESIS_ACCOUNT,
            "\"25000000123456\"",
            wide.as_str(),
            Malformed,
        ),
        ("xrpl", "ledger_entry", "\"1000000\"", "\"\"", Malformed),
        (
            "xrpl",
            "ledger_entry",
            "FeeSettings",
            "AccountRoot",
            Malformed,
        ),
        ("solana", "getGenesisHash", "5eykt4", "EtWTRA", WrongChain),
        (
            "solana",
            "getBlock",
            "\"blockhash\":\"",
            "\"blockhash\":\"0",
            Malformed,
        ),
        ("solana", "getBlock", "1761868800", "null", NotAvailable),
        ("solana", "getBlock", "1761868800", "-1", Malformed),
        ("solana", STAKE, "350000040", "349999999", OtherBlock),
        ("solana", STAKE, "1500000000", "-1", Malformed),
        ("solana", STAKE, "1500000000", "1.5", Malformed),
        ("solana", STAKE, "1500000000", "\"0x\"", Malformed),
        ("solana", STAKE, ",null,", ",", Malformed),
        (
            "solana",
            "getProgramAccounts",
            "350000039",
            "349999999",
            OtherBlock,
        ),
        (
            "solana",
            "getProgramAccounts",
            "Stake1111",
            "Steak1111",
            Malformed,
        ),
        ("solana", "SysvarC1ock", "Sysvar111", "Sisvar111", Malformed),
        (
            "solana",
            "SysvarC1ock",
            "350000041",
            "349999999",
            OtherBlock,
        ),
        (
            "solana",
            "getTokenAccountsByOwner",
            "350000041",
            "349999999",
            OtherBlock,
        ),
        (
            "solana",
            "getTokenAccountsByOwner",
            "\"base64\"",
            "\"base58\"",
            Malformed,
        ),
        (
            "solana",
            "getTokenAccountsByOwner",
            "TokenkegQ",
            "FakenkegQ",
            Malformed,
        ),
        (
            "solana",
            "getTokenAccountsByOwner",
            "\"xvp",
            "\"yvp",
            Malformed,
        ),
        ("tron", "num\\\":0}", "2b6653dc", "94a9059e", WrongChain),
        (
            "tron",
            "num\\\":75000000}",
            "1761868800000",
            "\"1761868800000\"",
            Malformed,
        ),
        (
            "tron",
            "num\\\":75000000}",
            "75000000",
            "75000001",
            Malformed,
        ),
        (
            "tron",
            "getblockbalance",
            "75000000",
            "74999999",
            OtherBlock,
        ),
        ("tron", "getblockbalance", "abab", "abac", OtherBlock),
        ("tron", "getblockbalance", "hash", "hush", Malformed),
        (
            "tron",
            "getaccountbalance",
            "74999000",
            "75000001",
            OtherBlock,
        ),
        ("tron", "getaccountbalance", "efef", "efee", OtherBlock),
        ("tron", "getaccountbalance", "74999000", "-1", Malformed),
        ("tron", "getaccountbalance", "hash", "hush", Malformed),
        ("tron", PAID, "abab", "abac", OtherBlock),
        ("tron", "num\\\":74999000", "efef", "efee", OtherBlock),
        (
            "tron",
            "getaccountbalance",
            "64000000",
            "\"64000000\"",
            Malformed,
        ),
        ("tron", "getaccountbalance", "64000000", "-1", Malformed),
        ("tron", "getaccount\",\"TR7", USDT, HOLDER, Malformed),
        (
            "tron",
            "getaccount\",\"TWd",
            "\"weight\":1",
            "\"weight\":-1",
            Malformed,
        ),
        (
            "tron",
            "getaccount\",\"TWd",
            "\"threshold\"",
            "\"limit\"",
            Malformed,
        ),
        (
            "tron",
            "getaccount\",\"TWd",
            "\"keys\"",
            "\"locks\"",
            Malformed,
        ),
        ("xrpl", GENESIS_ACCOUNT, "\"Flags\":0,", "", Malformed),
        ("tron", "decimals()", "6\"", "8\"", False),
        ("tron", "balanceOf", "[\"", "[\"0", Malformed),
        ("tron", "balanceOf", "[\"00", "[\"", Malformed),
        ("tron", "balanceOf", "[\"00", "[\"0x", Malformed),
        ("tron", "balanceOf", "[\"0", "[\"f", Malformed),
    ] {
        let forged = forged(chain, asks, from, to);
        let error = read(chain, &node(forged)).unwrap_err();
        assert_eq!(
            error.fault, fault,
            "{chain} {asks}: {from} -> {to}: {error}"
        );
    }
    // A mint of other decimals is another amount, and so is a coin that says it is this one (B-04).
    let mint = constructed("solana")[3]["reply"]["result"]["value"][0]["data"][0].clone();
    let mut bytes = base64_decode(mint.as_str().unwrap());
    bytes[44] = 9;
    let forged = forged(
        "solana",
        USDC,
        mint.as_str().unwrap(),
        &base64_encode(&bytes),
    );
    assert_eq!(read("solana", &node(forged)).unwrap_err().fault, False);
}

/// One stake account of the replies with its data changed.
fn with_stake(change: impl Fn(&mut Vec<u8>)) -> Value {
    let mut replies = constructed("solana");
    let mut entries = replies.as_array_mut().unwrap().iter_mut();
    let entry = entries.find(|entry| entry["asks"][0] == "getProgramAccounts");
    let data = &mut entry.unwrap()["reply"]["result"]["value"][0]["account"]["data"][0];
    let mut bytes = base64_decode(data.as_str().unwrap());
    change(&mut bytes);
    *data = base64_encode(&bytes).into();
    replies
}

#[test]
fn b_05_b_08_stake_accounts_are_their_withdrawers_and_counted_once() {
    let honest = read("solana", &node(with_stake(|_| ()))).unwrap();
    assert_eq!(
        honest,
        read("solana", &node(constructed("solana"))).unwrap()
    );
    // Never initialised; another's; cut.
    let changes: [fn(&mut Vec<u8>); 3] = [
        |data| data[0] = 0,
        |data| data[44] ^= 1,
        |data| data.truncate(199),
    ];
    for change in changes {
        let error = read("solana", &node(with_stake(change))).unwrap_err();
        assert_eq!(error.fault, Fault::Malformed, "{error}");
    }
    // A stake account that is listed beside the wallet that may withdraw it.
    let replies = constructed("solana").to_string();
    assert!(replies.contains(STAKED));
    let twice = serde_json::from_str(&replies.replace(STAKED, STAKE)).unwrap();
    let error = read("solana", &node(twice)).unwrap_err();
    assert_eq!(error.fault, Fault::False, "{error}");
    assert!(
        error.why.contains(STAKE) && error.why.contains(WALLET),
        "{error}"
    );
    // Stakes that move while they are read: the second listing is another.
    let asked = AtomicUsize::new(0);
    let before = constructed("solana");
    let after = forged("solana", "getProgramAccounts", "10000000,", "10000001,");
    let moving = serve(move |request, stream| {
        let staking = request.contains("getProgramAccounts") && request.contains(WALLET);
        let again = staking && asked.fetch_add(1, Ordering::Relaxed) > 0;
        reply(if again { &after } else { &before }, request, stream);
    });
    let error = read("solana", &moving).unwrap_err();
    assert_eq!(error.fault, Fault::NotAvailable, "{error}");
    // Public nodes leave the call out.
    let mut public = constructed("solana");
    for entry in public.as_array_mut().unwrap() {
        if entry["asks"][0] == "getProgramAccounts" {
            let error = serde_json::json!({ "code": -32601, "message": "Method not found" });
            entry["reply"] = serde_json::json!({ "jsonrpc": "2.0", "id": 0, "error": error });
        }
    }
    let error = read("solana", &node(public)).unwrap_err();
    assert_eq!(error.fault, Fault::NodeError, "{error}");
    assert!(error.why.contains("name a node that answers it"), "{error}");
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64ct::Encoding as _;
    base64ct::Base64::decode_vec(text).unwrap()
}

fn base64_encode(bytes: &[u8]) -> String {
    use base64ct::Encoding as _;
    base64ct::Base64::encode_string(bytes)
}

#[test]
fn b_08_hostile_replies_are_given_up_by_every_client() {
    let start = Instant::now();
    for chain in ["xrpl", "solana", "tron"] {
        let fault = |url: &str| read(chain, url).unwrap_err().fault;
        for body in [
            "",
            "[]",
            "{}",
            "null",
            "0",
            "\"0x\"",
            "1e400",
            "<html>",
            "{\"result\":null}",
            "{\"result\":{}}",
            "{\"result\":{\"status\":\"success\"}}",
            "{\"blockID\":1e400}",
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":1e400}",
            "{\"result\":[]}",
        ] {
            let url = serve(move |_, stream| send(stream, "200 OK", body));
            let found = fault(&url);
            assert!(
                matches!(found, Fault::Malformed | Fault::NotAvailable),
                "{chain} {body}: {found:?}"
            );
        }
        let deep = serve(|_, stream| send(stream, "200 OK", &"[".repeat(90_000)));
        assert_eq!(fault(&deep), Fault::Malformed, "{chain}");
        let flood = serve(|_, stream| send(stream, "200 OK", &" ".repeat(1_000_000)));
        assert_eq!(fault(&flood), Fault::TooLarge, "{chain}");
        let metadata = "302 Found\r\nlocation: http://169.254.169.254/latest/meta-data";
        let moved = serve(move |_, stream| send(stream, metadata, ""));
        assert_eq!(fault(&moved), Fault::Forbidden, "{chain}");
        let hang = serve(|_, _| std::thread::sleep(Duration::from_secs(5)));
        assert_eq!(fault(&hang), Fault::TimedOut, "{chain}");
        assert_eq!(fault("http://169.254.169.254"), Fault::Forbidden, "{chain}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn constructed_balances_are_collected_and_say_when_they_are_of_a_later_block() {
    let sample = Sample::new(&["BTC"], 10);
    let asset = |id: &str, instance: &str, decimals: u8| {
        format!(
            "[[asset]]\nid = \"{id}\"\nname = \"{id}\"\ndecimals = 6\n\
             [[asset.instance]]\nid = \"{instance}\"\ndecimals = {decimals}\n"
        )
    };
    let assets = [
        asset("SOL", &format!("{SOLANA}/slip44:501"), 9),
        asset("USDC", &format!("{SOLANA}/token:{USDC}"), 6),
        asset("TRX", &format!("{TRON}/slip44:195"), 6),
        asset("USDT", &format!("{TRON}/trc20:{USDT}"), 6),
        asset("XRP", &format!("{XRPL}/slip44:144"), 6),
    ];
    sample.write("assets.toml", assets.concat());
    std::fs::remove_dir_all(sample.at("exchange")).unwrap();
    let terms = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    sample
        .por("init", &[&terms[..], &["--assets", "assets.toml"]].concat())
        .expect(0);
    let list: String = [
        (SOLANA, WALLET, "SOL"),
        (SOLANA, STAKE, "SOL"),
        (SOLANA, NOTHING, "SOL"),
        (SOLANA, NONCE, "SOL"),
        (SOLANA, WALLET, "USDC"),
        (TRON, HOLDER, "TRX"),
        (TRON, HOLDER, "USDT"),
        (XRPL, GENESIS_ACCOUNT, "XRP"),
        (XRPL, OTHERS_KEY, "XRP"),
        (XRPL, NO_ACCOUNT, "XRP"),
    ]
    .into_iter()
    .map(|(network, address, asset)| {
        // What the exchange itself says of an account that is listed as such stays.
        let staked = if address == STAKE { "2" } else { "" };
        format!("{network},{address},{asset},{staked}\n")
    })
    .collect();
    sample.write("list.csv", format!("network,address,asset,staked\n{list}"));
    let chain = |network: &str, height: u64, urls: &[String]| {
        let nodes: String = (0..)
            .zip(urls)
            .map(|(index, url)| {
                format!("[[chain.node]]\nname = \"node {index}\"\nurl = \"{url}\"\n")
            })
            .collect();
        format!("[[chain]]\nnetwork = \"{network}\"\nheight = {height}\n{nodes}")
    };
    let twice = [node(constructed("solana")), node(constructed("solana"))];
    let [wallet, solidity] = tron_ports(&constructed("tron"));
    let solidity = format!("solidity_url = \"{solidity}\"\n");
    let tron = chain(TRON, HEIGHT, &[wallet]) + &solidity;
    let other_chains = tron + &chain(XRPL, LEDGER, &[node(constructed("xrpl"))]);
    sample.write(
        "chains.toml",
        format!("{}{other_chains}", chain(SOLANA, SLOT, &twice)),
    );
    let collect = |out: &str| {
        let arguments =
            "reserves collect --home exchange --config chains.toml --reserves list.csv --out";
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        sample.anyone(&[&arguments[..], &[out]].concat())
    };
    collect("collected").expect(0);
    let list = sample.read("collected/reserves.csv");
    for line in [
        format!("{SOLANA},{WALLET},SOL,3.4,5.979131525,agreed_readings,3.46684864"),
        format!("{SOLANA},{STAKE},SOL,2,2,agreed_readings,2"),
        format!("{SOLANA},{NOTHING},SOL,,0,agreed_readings,"),
        format!("{SOLANA},{NONCE},SOL,,0.00144768,agreed_readings,0.00144768"),
        format!("{SOLANA},{WALLET},USDC,,750.000001,agreed_readings,50"),
        format!("{TRON},{HOLDER},TRX,,64,signed_reading,"),
        format!("{TRON},{HOLDER},USDT,,1234.56789,signed_reading,"),
        format!("{XRPL},{GENESIS_ACCOUNT},XRP,,25000000.123456,signed_reading,1.6"),
        format!("{XRPL},{OTHERS_KEY},XRP,,7,signed_reading,7"),
        format!("{XRPL},{NO_ACCOUNT},XRP,,0,signed_reading,"),
    ] {
        assert!(
            list.lines().any(|other| other == line),
            "no {line} in\n{list}"
        );
    }
    let readings = sample.read("collected/annexes/readings.jsonl");
    let later = readings
        .lines()
        .filter(|line| line.contains("\"answered\":"))
        .count();
    // All of Solana at two nodes, and the one TRC-20 token; TRX and XRP are of the block itself.
    assert_eq!((later, readings.lines().count()), (11, 15), "{readings}");

    // No other chain's nodes have a second URL.
    let wrong = chain(SOLANA, SLOT, &twice) + &solidity;
    sample.write("chains.toml", format!("{wrong}{other_chains}"));
    collect("two").refuses(3, &["solana:", "solidity_url"]);

    // Nodes that do not agree (B-02), and a node of another chain.
    let other = node(forged("solana", STAKE, "1500000000", "1500000001"));
    let both = chain(SOLANA, SLOT, &[node(constructed("solana")), other]);
    sample.write("chains.toml", format!("{both}{other_chains}"));
    collect("disagree").refuses(1, &["is another there"]);
    sample.write(
        "chains.toml",
        format!(
            "{}{other_chains}",
            chain(SOLANA, SLOT, &[node(constructed("tron"))])
        ),
    );
    collect("wrong").refuses(6, &["getGenesisHash", "501"]);
    let testnet = node(forged("solana", "getGenesisHash", "5eykt4", "EtWTRA"));
    sample.write(
        "chains.toml",
        format!("{}{other_chains}", chain(SOLANA, SLOT, &[testnet])),
    );
    collect("wrong").refuses(1, &[&format!("not of {SOLANA}"), "a node of solana:EtWTRA"]);
    assert!(!sample.at("wrong").exists() && !sample.at("disagree").exists());
}

/// What an auditor's own node says of a list of reserves: true, false, or that it cannot tell; and the classes.
struct Recheck {
    attestation: Attestation,
    assets: Vec<Asset>,
    rows: Vec<ReserveRow>,
}

impl Recheck {
    /// One row for each (coin, address, amount, encumbered), by `evidence`, of a snapshot at this block.
    fn new(
        (network, height, hash): (&str, u64, &str),
        evidence: &str,
        held: &[(&str, u8, &str, &str, &str)],
    ) -> Self {
        static ATTESTED: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let sample = Sample::planned(&["BTC"], 20);
            sample.finish();
            let path = "publication/attestations/000000/attestation.json";
            std::fs::read(sample.at(path)).unwrap()
        });
        let mut attestation = Attestation::parse(&ATTESTED).unwrap();
        attestation.snapshot.blocks = vec![SnapshotBlock {
            network: network.into(),
            height,
            hash: hash.into(),
            muhash: None,
        }];
        let asset = |(index, (coin, decimals)): (usize, &(&str, u8))| {
            let asset = serde_json::json!({
                "id": format!("C{index}"), "name": "Coin", "decimals": 6,
                "instance": [{ "id": format!("{network}/{coin}"), "decimals": decimals }],
            });
            serde_json::from_value(asset).unwrap()
        };
        let row = |(coin, _, address, amount, encumbered): &(&str, u8, &str, &str, &str)| {
            let row = serde_json::json!({
                "network": network, "address": address, "instance": format!("{network}/{coin}"), "amount": amount,
                "encumbered": encumbered, "evidence": evidence, "scheme": "solana", "signatures": [],
            });
            ReserveRow::parse(row.to_string().as_bytes()).unwrap()
        };
        let coins: BTreeSet<(&str, u8)> = held
            .iter()
            .map(|(coin, decimals, ..)| (*coin, *decimals))
            .collect();
        Self {
            attestation,
            assets: coins.iter().enumerate().map(asset).collect(),
            rows: held.iter().map(row).collect(),
        }
    }

    fn at(&self, network: &str, url: &str) -> (Confirmed, Result<Facts, Error>) {
        let checks = BalanceChecks {
            readers: vec![(
                network.into(),
                ReaderClient {
                    rpc: client(url),
                    solidity: None,
                },
            )],
            ..BalanceChecks::offline().unwrap()
        };
        assert!(checks.is_asked());
        let assets: Vec<&Asset> = self.assets.iter().collect();
        checks.run(&self.attestation, (&assets, &self.rows), &BTreeMap::new())
    }

    /// The code of what went wrong; nothing is confirmed by it.
    #[track_caller]
    fn refused(&self, network: &str, url: &str) -> &'static str {
        let (confirmed, result) = self.at(network, url);
        let mut expected = Confirmed::default();
        let block = &self.attestation.snapshot.blocks[0];
        expected.block(&block.network, &block.hash).unwrap();
        for own in [&expected, &Confirmed::default()] {
            if format!("{confirmed:?}") == format!("{own:?}") {
                return result.unwrap_err().code();
            }
        }
        panic!("{confirmed:?} beside {result:?}");
    }
}

const XRPL: &str = "xrpl:0";
const LEDGER_HASH: &str = "E6DB7365949BF9814D76BCC730B01818EB9136A89DB224F3F9F5AAE4569D758E";

fn xrpl(amount: &str, encumbered: &str) -> Recheck {
    let held = [
        ("slip44:144", 6, GENESIS_ACCOUNT, amount, encumbered),
        ("slip44:144", 6, NO_ACCOUNT, "0", "0"),
    ];
    Recheck::new((XRPL, LEDGER, LEDGER_HASH), "agreed_readings", &held)
}

#[test]
fn b_01_b_02_b_03_an_auditors_own_node_decides_about_readings_of_the_very_block() {
    let honest = xrpl("25000000123456", "1600000");
    let url = node(constructed("xrpl"));
    let (mut confirmed, result) = honest.at(XRPL, &url);
    let facts = result.unwrap();
    assert_eq!(facts.get("blocks_confirmed").map(String::as_str), Some("1"));
    assert!(!facts.contains_key("same_at_a_later_block"));
    // All that was confirmed: the block, and every reading of this evidence.
    let mut expected = Confirmed::default();
    expected.requeried(XRPL, Evidence::AgreedReadings);
    expected
        .block(XRPL, &honest.attestation.snapshot.blocks[0].hash)
        .unwrap();
    assert_eq!(format!("{confirmed:?}"), format!("{expected:?}"));
    confirmed
        .check_blocks(&honest.attestation.snapshot)
        .unwrap();
    assert!(confirmed.block(XRPL, "another").is_err());

    for false_claim in [
        xrpl("25000000123457", "1600000"),
        xrpl("25000000123455", "1600000"),
        xrpl("25000000123456", "1599999"),
    ] {
        assert_eq!(false_claim.refused(XRPL, &url), "mismatch");
    }
    let forged_hash = Recheck {
        attestation: {
            let mut other = honest.attestation.clone();
            other.snapshot.blocks[0].hash = "00".repeat(32);
            other
        },
        ..xrpl("25000000123456", "1600000")
    };
    assert_eq!(forged_hash.refused(XRPL, &url), "mismatch");
    // A block of another time, however right its balances are (SPEC §7.5).
    for (time, near) in [
        (TIME - 7_200, true),
        (TIME + 7_200, true),
        (TIME - 7_201, false),
        (TIME + 7_201, false),
        (0, false),
    ] {
        let mut dated = xrpl("25000000123456", "1600000");
        dated.attestation.snapshot.time = time;
        let (confirmed, result) = dated.at(XRPL, &url);
        assert_eq!((result.is_ok(), confirmed.is_empty()), (near, !near));
        if let Err(error) = result {
            assert_eq!(error.code(), "mismatch", "{error}");
        }
    }
    // A node of another chain, one that lies about the balance, one that is not there, and a chain without a block.
    let testnet = forged(
        "xrpl",
        "server_info",
        "\"network_id\":0",
        "\"network_id\":1",
    );
    assert_eq!(honest.refused(XRPL, &node(testnet)), "unreachable");
    let liar = forged("xrpl", GENESIS_ACCOUNT, "25000000123456", "25000000123450");
    assert_eq!(honest.refused(XRPL, &node(liar)), "mismatch");
    assert_eq!(honest.refused(XRPL, "http://127.0.0.1:9"), "unreachable");
    let elsewhere = Recheck {
        attestation: {
            let mut other = honest.attestation.clone();
            other.snapshot.blocks[0].network = "xrpl:1".into();
            other
        },
        ..xrpl("25000000123456", "1600000")
    };
    assert_eq!(elsewhere.refused(XRPL, &url), "unreachable");
}

#[test]
fn b_03_a_reading_of_a_later_block_raises_no_class_and_refutes_nothing() {
    let block = constructed("solana")
        .as_array()
        .unwrap()
        .iter()
        .find_map(|entry| Some(entry["reply"]["result"]["blockhash"].as_str()?.to_string()))
        .unwrap();
    let held = |sol: &'static str| {
        let rows = [
            ("slip44:501", 9, WALLET, sol, "3466848640"),
            ("slip44:501", 9, STAKE, "2000000000", "2000000000"),
            ("slip44:501", 9, NOTHING, "0", "0"),
            ("slip44:501", 9, NONCE, "1447680", "1447680"),
        ];
        Recheck::new((SOLANA, SLOT, &block), "signed_reading", &rows)
    };
    let url = node(constructed("solana"));
    let (confirmed, result) = held("5979131525").at(SOLANA, &url);
    let facts = result.unwrap();
    assert_eq!(
        facts.get("same_at_a_later_block").map(String::as_str),
        Some("4")
    );
    let mut block_only = Confirmed::default();
    block_only.block(SOLANA, &block).unwrap();
    assert_eq!(format!("{confirmed:?}"), format!("{block_only:?}"));
    // Coins may have moved since: that shows nothing, and is no pass.
    assert_eq!(held("5979131526").refused(SOLANA, &url), "unreachable");
}

/// An account of the XRP Ledger by its Ed25519 key, and what `por` is to know of it.
fn own_xrpl_key() -> (SigningKey, &'static str, String) {
    let key = SigningKey::from_bytes(&[9; 32]);
    let public = format!("ed{}", hex::encode(key.verifying_key().as_bytes()));
    // RIPEMD-160 of SHA-256 of the 33 bytes, as `openssl` has them, in the ledger's base58.
    (key, "raVzRChukbcb5XzoihEDn9EoGJpCizjkx8", public)
}

/// The replies, of another account, and of a ledger that closed at this Unix time.
fn xrpl_node(account: &str, time: u64) -> String {
    let closed = (time - 946_684_800).to_string();
    let replies = constructed("xrpl").to_string();
    let replies = replies.replace(GENESIS_ACCOUNT, account);
    node(serde_json::from_str(&replies.replace("815184000", &closed)).unwrap())
}

#[test]
fn b_01_b_03_xrp_is_collected_attested_and_confirmed_by_an_auditors_own_node() {
    let sample = Sample::new(&["BTC"], 20);
    sample.write(
        "assets.toml",
        format!(
            "[[asset]]\nid = \"XRP\"\nname = \"XRP\"\ndecimals = 6\n\
             [[asset.instance]]\nid = \"{XRPL}/slip44:144\"\ndecimals = 6\n"
        ),
    );
    std::fs::remove_dir_all(sample.at("exchange")).unwrap();
    let terms = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    sample
        .por("init", &[&terms[..], &["--assets", "assets.toml"]].concat())
        .expect(0);
    let accounts: String = (0..20)
        .map(|number| format!("u{number},XRP,1000000\n"))
        .collect();
    sample.write("ledger.csv", format!("account,asset,amount\n{accounts}"));
    let now = SystemTime::now();
    let unix = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let snapshot = humantime::format_rfc3339_seconds(now).to_string();
    let plan = [
        "--ledger",
        "ledger.csv",
        "--period",
        &snapshot[..7],
        "--snapshot",
        &snapshot,
    ];
    sample.por("plan", &plan).expect(0);
    sample.por("build", &[]).expect(0);

    let (key, account, public) = own_xrpl_key();
    let address = Address::parse(&XRPL.parse().unwrap(), account).unwrap();
    let text = support::challenge().text(&address);
    let signature = hex::encode_upper(key.sign(text.as_bytes()).to_bytes());
    sample.write(
        "list.csv",
        format!(
            "network,address,asset,scheme,signature,public_key\n\
             {XRPL},{account},XRP,xrpl,{signature},{public}\n"
        ),
    );
    let collect = |url: &str, out: &str| {
        sample.write(
            "chains.toml",
            format!(
                "[[chain]]\nnetwork = \"{XRPL}\"\nheight = {LEDGER}\n\
                 [[chain.node]]\nname = \"own rippled\"\nurl = \"{url}\"\n"
            ),
        );
        let arguments =
            "reserves collect --home exchange --config chains.toml --reserves list.csv --out";
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        sample.anyone(&[&arguments[..], &[out]].concat()).expect(0);
    };
    let attest = |sample: &Sample, folder: &str| {
        let list = format!("{folder}/reserves.csv");
        let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
        let collected = ["--reserves", &list, "--collected", folder];
        sample.por("attest", &[&terms[..], &collected].concat())
    };
    // A ledger of the day before: the coins may have left since.
    collect(&xrpl_node(account, unix - 86_400), "yesterday");
    attest(&sample, "yesterday").refuses(3, &["time of a snapshot block", "nothing was signed"]);
    let url = xrpl_node(account, unix - 60);
    collect(&url, "collected");
    let liar = sample.copy();
    attest(&sample, "collected").expect(0);
    sample.publish().expect(0);

    let audit = |sample: &Sample, url: Option<&str>| {
        let node = url.map(|url| format!("{XRPL}={url}"));
        let node = node.iter().flat_map(|node| ["--reading-rpc", node]);
        let arguments: Vec<&str> = node.chain(["--json"]).collect();
        let done = sample.audit(&arguments);
        let report: Value = serde_json::from_str(&done.out).unwrap();
        let sum = &report["books"][0]["reserves"][0];
        let text = |name: &str| sum[name].as_str().unwrap().to_string();
        (done.code, text("class"), text("amount"), text("encumbered"))
    };
    let expect = |code: i32, class: &str, amount: &str| {
        (code, class.into(), amount.into(), "1600000".to_string())
    };
    let free = "24999998523456";
    assert_eq!(audit(&sample, None), expect(0, "D", free));
    assert_eq!(audit(&sample, Some(&url)), expect(0, "B", free));
    // The same balance in a ledger of another time, or none at all.
    let later = xrpl_node(account, unix + 7_300);
    assert_eq!(audit(&sample, Some(&later)), expect(1, "D", free));
    let gone = "http://127.0.0.1:9";
    assert_eq!(audit(&sample, Some(gone)), expect(6, "D", free));
    // An exchange that says more than its ledger: its word may do without records.
    liar.edit(
        "collected/reserves.csv",
        "25000000.123456",
        "25000001.123456",
    );
    std::fs::remove_file(liar.at("collected/annexes/readings.jsonl")).unwrap();
    attest(&liar, "collected").expect(0);
    liar.publish().expect(0);
    let more = "24999999523456";
    assert_eq!(audit(&liar, None), expect(0, "D", more));
    assert_eq!(audit(&liar, Some(&url)), expect(1, "D", more));
}

#[test]
fn b_08_the_options_for_an_auditors_other_nodes_are_read_strictly() {
    let sample = Sample::planned(&["BTC"], 20);
    sample.finish();
    for wrong in [
        "xrpl:0",
        "xrpl:0=",
        "eip155:1=http://127.0.0.1:9",
        "http://127.0.0.1:9",
        "=http://127.0.0.1:9",
        "tron:728126428=http://127.0.0.1:9,",
        "tron:728126428=,http://127.0.0.1:9",
    ] {
        sample
            .audit(&["--reading-rpc", wrong])
            .says(2, &["write NETWORK=URL"]);
    }
    sample
        .audit(&["--reading-credentials", "a"])
        .says(2, &["--reading-rpc"]);
    let known = "xrpl:0=http://user:password@127.0.0.1:9";
    let done = sample.audit(&["--reading-rpc", known]);
    assert!(done.code != 0 && !done.err.contains("password"), "{done:?}");
    let xrpl = format!("xrpl:0={}", node(constructed("xrpl")));
    let done = sample.audit(&["--reading-rpc", &xrpl]);
    done.says(6, &["of which the attestation has no block"]);
    let [wallet, solidity] = tron_ports(&constructed("tron"));
    let tron = format!("{TRON}={wallet},{solidity}");
    let done = sample.audit(&["--reading-rpc", &tron]);
    done.says(6, &["of which the attestation has no block"]);
}
