//! Signed claims and published lists of wallets, raw, through the commands' own readers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use por_prover::ownership::{Links, import, verify_batch};

fuzz_target!(|file: &[u8]| {
    verify_batch(&mut &*file, &mut std::io::sink(), &|_| ()).expect("nothing fails to be read");
    import(&mut &*file, &Links::default(), &mut |_| Ok(()), &|_| ()).expect("nor here");
});
