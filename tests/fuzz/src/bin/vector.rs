//! One case of `fixtures/vectors`, as text: every object of the protocol, by its own reader.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: &str| {
    // What comes of it is the vectors' matter; here nothing may panic.
    let _ = acceptance::vectors::run(case);
});
