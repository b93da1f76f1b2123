//! Building the books: rows, order, shards, merge. Needs the run key and no signing key.
//!
//! Everything written is a function of plan, run key and sorted rows, so threads, interruptions and repetitions change
//! no byte.

mod book;
mod inputs;
mod judge;
mod layout;
mod leaves;
mod rows;
mod shard;
pub(crate) mod sorted_runs;

pub use book::{Builder, BuiltBook, shards_folder};
pub use inputs::RunInputs;
pub use judge::judge_shard;
pub use layout::{pack_path, read_path};
pub use leaves::LeafIndex;
pub use rows::{BookRows, RowsFile, RowsWriter, write_rows};
pub use shard::{
    FoundShard, ShardFiles, ShardId, ShardInput, leaf_span, run_shard, shards, tile_count,
};
