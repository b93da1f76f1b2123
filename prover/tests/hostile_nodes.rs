//! ATTACKS B-02, B-03, B-08: nodes that lie, hang, flood, redirect or talk nonsense. None of them makes a check pass.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use por_prover::chains::Fault;
use por_prover::chains::bitcoin::BitcoinNode;
use por_prover::chains::evm::EvmNode;
use por_prover::chains::json_rpc::{Endpoint, JsonRpc, Limits};
use serde_json::{Value, json};
use support::Sample;

/// A server that gives every request to `answer` and sends what comes back; its thread ends with the test process.
fn serve(answer: impl Fn(&Value, &mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                if let Some(request) = read_request(&mut stream) {
                    answer(&request, &mut stream);
                }
            });
        }
    });
    url
}

fn read_request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        if let Some(Ok(request)) = body.map(serde_json::from_str) {
            return Some(request);
        }
    }
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    // The client may have hung up, which is what these tests are about.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
}

/// A node that answers each method with a result, and single calls and batches alike.
fn node(result: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> String {
    serve(move |request, stream| {
        let one = |request: &Value| {
            let result = result(request["method"].as_str().unwrap(), &request["params"]);
            json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
        };
        let reply = match request {
            Value::Array(requests) => requests.iter().map(one).collect(),
            request => one(request),
        };
        send(stream, "200 OK", "", reply.to_string().as_bytes());
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

#[track_caller]
fn fault(url: &str) -> Fault {
    let start = Instant::now();
    let error = EvmNode::connect(&client(url)).map(|_| ()).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{error}");
    assert!(!error.why.contains('\u{1b}'), "{error}");
    error.fault
}

fn raw(body: &'static str) -> String {
    serve(move |_, stream| send(stream, "200 OK", "", body.as_bytes()))
}

#[test]
fn b_08_nodes_that_hang_flood_or_redirect_are_given_up() {
    assert_eq!(
        fault(&serve(|_, _| std::thread::sleep(Duration::from_secs(20)))),
        Fault::TimedOut
    );
    // A byte now and then, for ever: the limit is over the whole call.
    let drip = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(200));
            if stream.write_all(b" ").is_err() {
                return;
            }
        }
    });
    assert_eq!(fault(&drip), Fault::TimedOut);
    let flood = serve(|_, stream| send(stream, "200 OK", "", &vec![b' '; 50_000_000]));
    assert_eq!(fault(&flood), Fault::TooLarge);
    let endless = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while stream.write_all(b"4\r\n    \r\n").is_ok() {}
    });
    assert_eq!(fault(&endless), Fault::TooLarge);
    // What stands behind the redirect would answer well: nobody may go there.
    let target = node(|_, _| json!("0x1"));
    let moved = format!("location: {target}\r\n");
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let moved = moved.clone();
        let redirect = serve(move |_, stream| send(stream, status, &moved, b""));
        assert_eq!(fault(&redirect), Fault::Forbidden, "{status}");
    }
    let metadata = serve(|_, stream| {
        send(
            stream,
            "302 Found",
            "location: http://169.254.169.254/latest/meta-data\r\n",
            b"",
        );
    });
    assert_eq!(fault(&metadata), Fault::Forbidden);
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let closed = serve(move |_, stream| send(stream, status, "", b""));
        assert_eq!(fault(&closed), Fault::Unauthorized);
    }
    let cut = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    });
    assert!(matches!(fault(&cut), Fault::Unreachable | Fault::Malformed));
    let silent = serve(|_, _| ());
    assert!(matches!(
        fault(&silent),
        Fault::Unreachable | Fault::Malformed
    ));
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(fault(&gone), Fault::Unreachable);
}

#[test]
fn b_08_replies_that_are_no_replies_are_malformed() {
    for body in [
        "",
        "[]",
        "{}",
        "null",
        "0x1",
        "\"0x1\"",
        "<html></html>",
        r#"{"jsonrpc":"2.0","id":0}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":"0","result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":0,"id":0,"result":"0x1"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0x1","result":"0x2"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0x1"}{"#,
        r#"{"jsonrpc":"2.0","id":0,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":1e400}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0x"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0x01"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0xg"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"1"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":"0x10000000000000000"}"#,
        r#"{"jsonrpc":"2.0","id":0,"error":"no"}"#,
    ] {
        assert_eq!(fault(&raw(body)), Fault::Malformed, "{body}");
    }
    // An error of the node's own, with what a terminal would act upon.
    let shouting = raw(
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-1,\"message\":\"\\u001b[2Jpassed\"}}",
    );
    assert_eq!(fault(&shouting), Fault::NodeError);
    let nested = serve(|_, stream| send(stream, "200 OK", "", "[".repeat(90_000).as_bytes()));
    assert_eq!(fault(&nested), Fault::Malformed);
}

#[test]
fn b_08_a_batch_has_each_reply_once() {
    let reply = |id: u64| json!({ "jsonrpc": "2.0", "id": id, "result": id });
    let asked = [json!([]), json!([]), json!([])];
    let ask = |replies: Value| {
        let url =
            serve(move |_, stream| send(stream, "200 OK", "", replies.to_string().as_bytes()));
        client(&url).batch::<u64>("test", &asked, |_| ())
    };
    // Any order, the right results.
    assert_eq!(
        ask(json!([reply(2), reply(0), reply(1)])).unwrap(),
        [0, 1, 2]
    );
    for replies in [
        json!([]),
        json!([reply(0), reply(1)]),
        json!([reply(0), reply(1), reply(1)]),
        json!([reply(0), reply(1), reply(2), reply(2)]),
        json!([reply(0), reply(1), reply(3)]),
        json!(reply(0)),
        json!([[reply(0)], reply(1), reply(2)]),
    ] {
        assert_eq!(
            ask(replies.clone()).unwrap_err().fault,
            Fault::Malformed,
            "{replies}"
        );
    }
    let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": "batch too large" } });
    assert_eq!(ask(error).unwrap_err().fault, Fault::NodeError);
}

/// A block as a node shows it, whose header has the hash shown: a header can be invented.
fn block(height: u64) -> Value {
    json!({
        "number": format!("{height:#x}"), "parentHash": format!("0x{}", "01".repeat(32)),
        "sha3Uncles": format!("0x{}", "02".repeat(32)), "miner": format!("0x{}", "03".repeat(20)),
        "stateRoot": format!("0x{}", "04".repeat(32)), "transactionsRoot": format!("0x{}", "05".repeat(32)),
        "receiptsRoot": format!("0x{}", "06".repeat(32)), "logsBloom": format!("0x{}", "00".repeat(256)),
        "difficulty": "0x0", "gasLimit": "0x1", "gasUsed": "0x0", "timestamp": "0x6903fe00", "extraData": "0x",
        "mixHash": format!("0x{}", "07".repeat(32)), "nonce": format!("0x{}", "00".repeat(8)),
        "hash": format!("0x{}", "08".repeat(32)),
    })
}

fn evm(block: Value) -> String {
    node(move |method, _| match method {
        "eth_chainId" => json!("0x1"),
        "eth_getBlockByNumber" => block.clone(),
        "eth_blockNumber" => json!("0x2000000"),
        _ => Value::Null,
    })
}

/// The same block with the hash of its header, put together here without the adapter's help.
fn with_its_hash(mut block: Value) -> Value {
    let bytes = |name: &str| hex::decode(&block[name].as_str().unwrap()[2..]).unwrap();
    let number = |name: &str| u64::from_str_radix(&block[name].as_str().unwrap()[2..], 16).unwrap();
    let rlp = |bytes: &[u8]| match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        long if long.len() > 55 => [&[0xb9, 1, 0][..], long].concat(),
        short => [&[0x80 + short.len() as u8][..], short].concat(),
    };
    let integer = |value: u64| {
        let bytes = value.to_be_bytes();
        rlp(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..])
    };
    let mut payload = Vec::new();
    for name in [
        "parentHash",
        "sha3Uncles",
        "miner",
        "stateRoot",
        "transactionsRoot",
        "receiptsRoot",
        "logsBloom",
    ] {
        payload.extend(rlp(&bytes(name)));
    }
    for name in ["difficulty", "number", "gasLimit", "gasUsed", "timestamp"] {
        payload.extend(integer(number(name)));
    }
    for name in ["extraData", "mixHash", "nonce"] {
        payload.extend(rlp(&bytes(name)));
    }
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let header = [&[0xf9][..], &length, &payload].concat();
    let hash = por_protocol::state_proof::keccak256(&header);
    block["hash"] = json!(format!("0x{}", hex::encode(hash)));
    block
}

#[test]
fn b_02_b_03_headers_that_are_not_what_was_asked_are_refused() {
    let ask = |block: Value| {
        let client = client(&evm(block));
        EvmNode::connect(&client).unwrap().block(5)
    };
    assert!(ask(with_its_hash(block(5))).is_ok());
    assert_eq!(
        ask(block(5)).unwrap_err().fault,
        Fault::Malformed,
        "a hash of nothing"
    );
    assert_eq!(
        ask(with_its_hash(block(6))).unwrap_err().fault,
        Fault::Malformed,
        "another block"
    );
    assert_eq!(ask(Value::Null).unwrap_err().fault, Fault::NotAvailable);
    for name in ["stateRoot", "number", "miner", "logsBloom", "timestamp"] {
        for value in [
            json!("0x"),
            json!("0xzz"),
            json!(7),
            json!(null),
            json!("0x0001"),
        ] {
            let mut block = with_its_hash(block(5));
            block[name] = value.clone();
            assert_eq!(
                ask(block).unwrap_err().fault,
                Fault::Malformed,
                "{name} {value}"
            );
        }
    }
    // A field of a fork that this version does not know changes the hash: refused, not guessed.
    let mut later = with_its_hash(block(5));
    later["baseFeePerGas"] = json!("0x7");
    assert_eq!(ask(later).unwrap_err().fault, Fault::Malformed);
}

#[test]
fn b_08_bitcoin_nodes_that_talk_nonsense_are_refused() {
    let genesis = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
    let scan = |unspents: Value| {
        node(move |method, params| match method {
            "getblockhash" if params[0] == 0 => json!(genesis),
            "getblockhash" => json!("11".repeat(32)),
            "getblockchaininfo" => json!({ "blocks": 9, "pruned": false }),
            "scantxoutset" => json!({
                "success": true, "height": 9, "bestblock": "11".repeat(32), "unspents": unspents,
            }),
            _ => Value::Null,
        })
    };
    let utxo = |script: &str, amount: &str, txid: &str| {
        let text = format!(
            r#"{{"txid":"{txid}","vout":0,"scriptPubKey":"{script}","amount":{amount},"coinbase":false,"height":3}}"#
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let own = [0x51];
    let txid = "ab".repeat(32);
    let ask = |unspents: Value| {
        let client = client(&scan(unspents));
        let node = BitcoinNode::connect(&client).unwrap();
        node.utxos(&[own.to_vec()], 9, &"11".repeat(32), |_, _| ())
            .map(|set| set.len())
    };
    assert_eq!(ask(json!([utxo("51", "0.5", &txid)])).unwrap(), 1);
    for unspents in [
        json!([utxo("51", "-0.5", &txid)]),
        json!([utxo("51", "0.123456789", &txid)]),
        json!([utxo("51", "\"0.5\"", &txid)]),
        json!([utxo("5", "0.5", &txid)]),
        json!([utxo("52", "0.5", &txid)]),
        json!([utxo("51", "0.5", "ab")]),
        json!([utxo("51", "0.5", &txid), utxo("51", "0.5", &txid)]),
        json!([{}]),
        json!({}),
    ] {
        assert_eq!(
            ask(unspents.clone()).unwrap_err().fault,
            Fault::Malformed,
            "{unspents}"
        );
    }
    let wrong_genesis = node(|_, _| json!("00".repeat(32)));
    let client_of = client(&wrong_genesis);
    assert_eq!(
        BitcoinNode::connect(&client_of).unwrap().network(),
        format!("bip122:{}", "00".repeat(16))
    );
    // Pruned below what is asked for, or far ahead of it.
    for (info, height) in [
        (
            json!({ "blocks": 900, "pruned": true, "pruneheight": 800 }),
            500,
        ),
        (json!({ "blocks": 90_000 }), 500),
        (json!({ "blocks": 400 }), 500),
    ] {
        let url = node(move |method, _| match method {
            "getblockhash" => json!(genesis),
            _ => info.clone(),
        });
        let client = client(&url);
        let node = BitcoinNode::connect(&client).unwrap();
        let error = node
            .utxos(&[own.to_vec()], height, "", |_, _| ())
            .unwrap_err();
        assert_eq!(error.fault, Fault::NotAvailable, "{error}");
    }
}

/// A publication on eip155:1 and Bitcoin, with balances that only the exchange signs.
static PUBLISHED: LazyLock<Sample> = LazyLock::new(|| {
    let sample = Sample::planned(&["ETH"], 60);
    sample.finish();
    sample
});

#[test]
fn b_02_b_08_no_hostile_node_makes_an_audit_pass() {
    let sample = &*PUBLISHED;
    sample.audit(&[]).expect(0);
    let ask = |url: &str| {
        let done = sample.audit(&["--ethereum-rpc", url, "--rpc-timeout", "2", "--json"]);
        let report: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(report["books"][0]["reserves"][0]["class"], "D", "{report}");
        done.code
    };
    let hang = serve(|_, _| std::thread::sleep(Duration::from_secs(60)));
    assert_eq!(ask(&hang), 6);
    assert_eq!(ask(&raw("<html>")), 6);
    assert_eq!(
        ask(&serve(|_, stream| send(
            stream,
            "302 Found",
            "location: http://127.0.0.1:1/\r\n",
            b""
        ))),
        6
    );
    assert_eq!(ask("http://169.254.169.254"), 6);
    assert_eq!(ask("http://127.0.0.1:1"), 6);
    // A node of the chain with another block at the height: either it or the attestation is of an invented chain.
    assert_eq!(ask(&evm(with_its_hash(block(25_600_000)))), 1);
    assert_eq!(ask(&evm(Value::Null)), 6);
    let testnet = node(|method, _| {
        if method == "eth_chainId" {
            json!("0xaa36a7")
        } else {
            Value::Null
        }
    });
    assert_eq!(ask(&testnet), 6);
    // Credentials are no part of an address.
    let done = sample.audit(&["--ethereum-rpc", "http://user:hunter2@127.0.0.1:1"]);
    assert_eq!(done.code, 3);
    assert!(!done.err.contains("hunter2"), "{}", done.err);
}
