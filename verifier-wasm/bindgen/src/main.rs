//! Writes the JavaScript side of a compiled module: `por-bindgen <in.wasm> <out dir>`.
//!
//! wasm-bindgen wants its command line and its library at the very same version. As a library of the workspace both
//! are pinned by `Cargo.lock`, and nobody installs a tool by hand.
//!
//! Output, for a module script that the page's worker imports: `<name>.js`, `<name>.d.ts`, `<name>_bg.wasm`,
//! `<name>_bg.wasm.d.ts`. The name section is dropped: it is the larger part of the module, and it holds paths of
//! the machine that built it.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        eprintln!("usage: por-bindgen <in.wasm> <out dir>");
        return ExitCode::from(2);
    };
    match generate(Path::new(input), Path::new(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("por-bindgen: {message}");
            ExitCode::from(4)
        }
    }
}

/// Reads the module at `input` and writes its bindings into the folder `output`, which is made if it is missing.
fn generate(input: &Path, output: &Path) -> Result<(), String> {
    if !input.is_file() {
        return Err(format!(
            "{} is not there; build it first: cargo build -p por-verifier-wasm --profile wasm --target wasm32-unknown-unknown",
            input.display()
        ));
    }
    let mut bindgen = Bindgen::new();
    bindgen
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .input_path(input)
                .typescript(true)
                // The page hands the module over: a default address in the script would be one more thing to fetch.
                .omit_default_module_path(true)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(output)
        })
        .map_err(|error| format!("{}: {error:#}", input.display()))
}
