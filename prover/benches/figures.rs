//! The figures of `bench/README.md`, from one command: `make bench`.
//!
//! CPU time of one thread (the wall clock of a shared machine says little), median of several runs; peak memory of the
//! whole process for the tree. Writes the statement that the WASM benchmark verifies to the path in `POR_BENCH_STATEMENT`.

use std::error::Error;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetTable};
use por_protocol::attestation::{Attestation, Rows, Snapshot, statement_key_name};
use por_protocol::book_row::{BookRow, Root, Total};
use por_protocol::context::{BookContext, Ctx};
use por_protocol::digest::Digest;
use por_protocol::hex_bytes::{HexBytes, HexSecret};
use por_protocol::kind::Kind;
use por_protocol::liabilities::{
    ARITY, ChildSecret, Commitment, Committer, LeafOpening, Position, Shape, Subtree, TileProver,
    TileWitness, prove_total, verify_subtree,
};
use por_protocol::log::{Checkpoint, LogProof, TreeSize};
use por_protocol::merkle::RowTree;
use por_protocol::note::{KeyName, SecretKey};
use por_protocol::period::Period;
use por_protocol::range_proof::Generators;
use por_protocol::report::Included;
use por_protocol::run_key::{RunKey, Secrets, Subject};
use por_protocol::statement::{AttachedRow, Core, OpenedBook, Statement};
use por_protocol::suite::{ATTESTATION_FORMAT, STATEMENT_FORMAT, SUITE};
use por_protocol::verify::{Trust, Verifier};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rustix::time::{ClockId, clock_gettime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ORIGIN: &str = "bench.example/por";
const LEAVES: u64 = 1 << 20;

fn main() -> Result<()> {
    let secrets =
        RunKey::from_bytes(std::array::from_fn(|byte| byte as u8))?.secrets(&Digest::of(b"bench"));
    println!("| figure | measured | bar |");
    println!("|---|--:|--:|");
    // First, while the process is small: the peak is of the whole process.
    let shape = Shape::new(LEAVES)?;
    let (seconds, _) = cpu_ms(|| tree(&secrets, &ctx(shape), shape))?;
    row(
        "tree of 2^20 leaves, proofs zeroed",
        &format!("{:.1} s", seconds / 1e3),
        "40 s",
    );
    row(
        "  peak memory",
        &format!("{} MB", peak_memory_mb()?),
        "400 MB",
    );

    let prover = TileProver::default();
    let generators = Generators::new();
    let small = Shape::new(4096)?;
    let (milliseconds, (root, levels)) = cpu_ms(|| subtree(&prover, &secrets, &ctx(small), small))?;
    // 4,096 leaves are 256 + 16 + 1 tiles; each was also verified by the prover.
    row(
        "prove, per leaf, all levels, own check included",
        &format!("{:.2} ms", milliseconds / 4096.0),
        "0.62 of the library",
    );
    let slices: Vec<&[u8]> = levels.iter().map(Vec::as_slice).collect();
    let audit = median(7, || {
        verify_subtree(&generators, &ctx(small), &small, &root, &slices, &[])
            .map_err(|error| error.into())
            .map(drop)
    })?;
    row(
        "full audit, per tile, batch of 273",
        &format!("{:.3} ms", audit / 273.0),
        "0.9 ms",
    );

    let (prove, verify) = library()?;
    row(
        "library alone: prove, per value of 16",
        &format!("{prove:.2} ms"),
        "-",
    );
    row(
        "library alone: verify one proof of 16 values",
        &format!("{verify:.2} ms"),
        "-",
    );

    let (file, policy, book_bytes) = statement(&prover, &secrets)?;
    if let Ok(path) = std::env::var("POR_BENCH_STATEMENT") {
        std::fs::write(&path, &file)?;
        std::fs::write(format!("{path}.policy"), &policy)?;
    }
    row(
        "one book of a statement at 2^20 leaves",
        &format!("{book_bytes} B"),
        "10,240 B",
    );
    let trust = Trust {
        policy: Some(policy.as_bytes()),
        now: Some(u64::MAX),
        ..Trust::default()
    };
    let check = |verifier: &Verifier| match verifier.statement(&file, &trust).included {
        Included::Verified => Ok(()),
        other => Err(format!("the benchmark's statement is {other:?}").into()),
    };
    let verifier = Verifier::default();
    row(
        "  verified, warm",
        &format!("{:.1} ms", median(15, || check(&verifier))?),
        "20 ms",
    );
    row(
        "  verified, with generators",
        &format!("{:.1} ms", median(15, || check(&Verifier::default()))?),
        "60 ms",
    );
    Ok(())
}

/// The yardstick: the same machine, minute and proof size through `bulletproofs` alone.
fn library() -> Result<(f64, f64)> {
    let (generators, pedersen) = (BulletproofGens::new(64, 16), PedersenGens::default());
    let values: Vec<u64> = (1..=16).collect();
    let blindings: Vec<Scalar> = (1..=16_u64).map(Scalar::from).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let transcript = || Transcript::new(b"bench");
    let mut proved = None;
    let prove = median(5, || {
        proved = Some(
            RangeProof::prove_multiple_with_rng(
                &generators,
                &pedersen,
                &mut transcript(),
                &values,
                &blindings,
                64,
                &mut rng,
            )
            .map_err(|error| format!("{error:?}"))?,
        );
        Ok(())
    })?;
    let (proof, commitments) = proved.ok_or("nothing was proved")?;
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let verify = median(15, || {
        proof
            .verify_multiple_with_rng(
                &generators,
                &pedersen,
                &mut transcript(),
                &commitments,
                64,
                &mut rng,
            )
            .map_err(|error| format!("{error:?}").into())
    })?;
    Ok((prove / 16.0, verify))
}

fn row(figure: &str, measured: &str, bar: &str) {
    println!("| {figure} | {measured} | {bar} |");
}

fn thread_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn cpu_ms<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let start = thread_ms();
    let result = work()?;
    Ok((thread_ms() - start, result))
}

fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let mut times = (0..runs)
        .map(|_| Ok(cpu_ms(&mut work)?.0))
        .collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    times.get(runs / 2).copied().ok_or_else(|| "no runs".into())
}

fn peak_memory_mb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

fn ctx(shape: Shape) -> Ctx {
    let context = BookContext {
        log_origin: ORIGIN,
        period: "2026-10",
        sequence: 0,
        snapshot_time: 1_790_000_000,
        asset: "BTC",
        kind: "owed",
        decimals: 8,
        shape,
    };
    context.ctx()
}

fn leaf(secrets: &Secrets, ctx: &Ctx, index: u64) -> Result<ChildSecret> {
    let account = format!("account-{index:08}");
    let (blinding, salt) = secrets.leaf(ctx, Subject::Account(&account))?;
    let amount = Amount::from_atoms(index);
    Ok(LeafOpening {
        account: &account,
        amount,
        blinding: &blinding,
        salt: &salt,
    }
    .secret(ctx))
}

/// One level over the nodes below it; missing nodes are void.
fn level(
    prover: &TileProver,
    secrets: &Secrets,
    ctx: &Ctx,
    shape: &Shape,
    level: u8,
    below: impl Fn(u64) -> Result<Option<ChildSecret>>,
) -> Result<(Vec<u8>, Vec<ChildSecret>)> {
    let (mut records, mut nodes) = (Vec::new(), Vec::new());
    let indices: Vec<u64> = (0..shape.nodes(level)).collect();
    // As `por build` does it: 64 tiles are verified together.
    for indices in indices.chunks(64) {
        let mut tiles = Vec::new();
        for index in indices {
            let position = Position {
                level,
                index: *index,
            };
            let mut children = Vec::with_capacity(ARITY);
            for slot in position.children().ok_or("a leaf has no children")? {
                children.push(below(slot.index)?.unwrap_or_else(|| ChildSecret::void(ctx, slot)));
            }
            tiles.push(TileWitness {
                position,
                children: children.try_into().map_err(|_| "not 16 children")?,
                seed: secrets.tile_seed(ctx, position),
            });
        }
        for (record, node) in prover.prove_batch(ctx, tiles)? {
            records.extend_from_slice(&record);
            nodes.push(node);
        }
    }
    Ok((records, nodes))
}

/// The whole tree, its records dropped as a build would write them out.
fn tree(secrets: &Secrets, ctx: &Ctx, shape: Shape) -> Result<()> {
    let prover = TileProver::without_proofs();
    let (_, mut nodes) = {
        // 65,536 tiles at a time would be a shard; here one level after the other, keeping nodes only.
        let mut nodes = Vec::new();
        for index in 0..shape.nodes(1) {
            let position = Position { level: 1, index };
            let children = position.children().ok_or("a leaf has no children")?;
            let children = children
                .into_iter()
                .map(|slot| leaf(secrets, ctx, slot.index))
                .collect::<Result<Vec<_>>>()?;
            let children: [ChildSecret; ARITY] =
                children.try_into().map_err(|_| "not 16 children")?;
            nodes.push(
                prover
                    .prove(ctx, position, &children, secrets.tile_seed(ctx, position))?
                    .1,
            );
        }
        ((), nodes)
    };
    for above in 2..=shape.depth() {
        nodes = level(&prover, secrets, ctx, &shape, above, |index| {
            Ok(nodes.get(index as usize).cloned())
        })?
        .1;
    }
    if nodes.len() == 1 {
        Ok(())
    } else {
        Err("the tree has no single root".into())
    }
}

/// A real tree of three levels, and its records from the root down.
fn subtree(
    prover: &TileProver,
    secrets: &Secrets,
    ctx: &Ctx,
    shape: Shape,
) -> Result<(Subtree, Vec<Vec<u8>>)> {
    let (records, mut nodes) = level(prover, secrets, ctx, &shape, 1, |index| {
        leaf(secrets, ctx, index).map(Some)
    })?;
    let mut levels = vec![records];
    for above in 2..=shape.depth() {
        let (records, next) = level(prover, secrets, ctx, &shape, above, |index| {
            Ok(nodes.get(index as usize).cloned())
        })?;
        levels.insert(0, records);
        nodes = next;
    }
    Ok((
        Subtree {
            top: shape.root(),
            node: root(&nodes)?.node(),
        },
        levels,
    ))
}

fn root(nodes: &[ChildSecret]) -> Result<Root> {
    let [node] = nodes else {
        return Err("no single root".into());
    };
    let half = Committer::default().half(node.amount, &node.blinding);
    Ok(Root {
        commitment: Commitment::from_point(half + half)?,
        hash: node.hash,
    })
}

/// A statement of one book at 2^20 leaves. Only the tiles on the path are made: their other children are any nodes.
fn statement(prover: &TileProver, secrets: &Secrets) -> Result<(Vec<u8>, String, usize)> {
    let shape = Shape::new(LEAVES)?;
    let ctx = ctx(shape);
    let (account, index, exact) = (
        "account-00777777",
        777_777,
        ExactAmount::from_steps(777_777),
    );
    let mut node = leaf(secrets, &ctx, index)?;
    let (mut at, mut path) = (Position { level: 0, index }, Vec::new());
    for _ in 0..shape.depth() {
        let (position, slot) = at.parent();
        let mut children: [ChildSecret; ARITY] = std::array::from_fn(|other| ChildSecret {
            amount: Amount::from_atoms(1_000_000_007 * (other as u64 + 1)),
            blinding: Scalar::from(12_345 + other as u64),
            hash: Digest::of(&[other as u8]),
        });
        *children.get_mut(slot).ok_or("no such slot")? = node;
        let (record, next) =
            prover.prove(&ctx, position, &children, secrets.tile_seed(&ctx, position))?;
        path.insert(0, record);
        (node, at) = (next, position);
    }
    let tiles = path.concat();
    let root = root(std::slice::from_ref(&node))?;
    let proof = prove_total(&ctx, &root.node(), &node, secrets.total_seed(&ctx));
    let row = BookRow {
        asset: bitcoin()?,
        kind: Kind::Owed,
        leaf_count: LEAVES,
        root,
        total: Total::Public {
            amount: node.amount,
            proof: HexBytes(proof.to_vec()),
        },
        reserves: Vec::new(),
    };
    let row = serde_json::to_vec(&row)?;
    let key = |name: KeyName, seed: u8| {
        SecretKey::new(name, &std::array::from_fn(|byte| byte as u8 ^ seed))
    };
    let (log, statements) = (
        key(KeyName::new(ORIGIN)?, 1)?,
        key(statement_key_name(ORIGIN)?, 2)?,
    );
    let rows = RowTree::new([row.as_slice()]);
    let attestation = Attestation {
        format: ATTESTATION_FORMAT.into(),
        suite: SUITE.into(),
        entity: "Bench Exchange".into(),
        log_origin: ORIGIN.into(),
        period: Period::new("2026-10")?,
        sequence: 0,
        supersedes: None,
        snapshot: Snapshot {
            time: 1_790_000_000,
            blocks: Vec::new(),
        },
        statement_key: statements.public().to_string(),
        books: Rows {
            count: 1,
            root: rows.root(),
        },
        reserves: Rows {
            count: 0,
            root: RowTree::new([]).root(),
        },
        challenge: None,
        annexes: Vec::new(),
    };
    let text = serde_json::to_string_pretty(&attestation)? + "\n";
    let (blinding, salt) = secrets.leaf(&ctx, Subject::Account(account))?;
    let opened = OpenedBook {
        asset: "BTC".into(),
        kind: Kind::Owed,
        index,
        exact,
        amount: exact.round_up(Decimals::new(8)?, Decimals::new(8)?)?,
        blinding: HexSecret(blinding.to_bytes()),
        salt: HexSecret(*salt.as_bytes()),
    };
    let core = |books: Vec<OpenedBook>| -> Result<String> {
        let core = Core {
            format: STATEMENT_FORMAT.into(),
            attestation: Digest::of(text.as_bytes()),
            account: AccountId::new(account)?,
            books,
            no_other_balance: true,
        };
        Ok(serde_json::to_string_pretty(&core)? + "\n")
    };
    // What a book adds to a statement: its opening as it stands in the core, and its tiles.
    let book_bytes = tiles.len() + core(vec![opened.clone()])?.len() - core(Vec::new())?.len();
    let note = statements.sign(&core(vec![opened])?)?;
    let attached = AttachedRow {
        index: 0,
        path: rows.path(0),
        row: &row,
    };
    let proof = log_proof(&log, text.as_bytes())?;
    let file = Statement::encode(
        &note,
        log.sign(&text)?.as_bytes(),
        &[attached],
        &tiles,
        Some(&proof),
    );
    Ok((
        file,
        format!("log {}\nquorum none\n", log.public()),
        book_bytes,
    ))
}

/// A log of ten years of months and this attestation after them.
fn log_proof(log: &SecretKey, entry: &[u8]) -> Result<String> {
    let entries: Vec<Vec<u8>> = (0..120_u8)
        .map(|number| vec![number; 2_000])
        .chain([entry.to_vec()])
        .collect();
    let tree = RowTree::new(entries.iter().map(Vec::as_slice));
    let head = Checkpoint {
        origin: log.public().name().clone(),
        size: TreeSize::new(entries.len() as u64),
        root: tree.root(),
    };
    let checkpoint = log.sign(&head.to_text())?;
    let proof = LogProof {
        index: 120,
        path: tree.path(120),
        checkpoint: checkpoint.as_bytes(),
    };
    Ok(proof.to_text())
}

fn bitcoin() -> Result<Asset> {
    let table = include_str!("../../fixtures/assets/sample.toml");
    #[derive(serde::Deserialize)]
    struct File {
        asset: AssetTable,
    }
    let file: File = toml::from_str(table)?;
    file.asset
        .find("BTC")
        .map(|(_, asset)| asset.clone())
        .ok_or_else(|| "no BTC".into())
}
