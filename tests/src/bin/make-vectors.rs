//! Writes `fixtures/vectors`: `cargo run --release -p acceptance --bin make-vectors`, in the repository's root.
//!
//! The same bytes every time. Cases that are no longer made are deleted, so that the folder is exactly what this makes.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors");
    let made = acceptance::vector_cases::all();
    for object in std::fs::read_dir(&folder).into_iter().flatten() {
        let object = object?.path();
        if !object.is_dir() {
            continue;
        }
        for case in std::fs::read_dir(&object)? {
            let case = case?.path();
            let name = case.strip_prefix(&folder).map_err(io::Error::other)?;
            if !made.contains_key(&name.to_string_lossy().into_owned()) {
                std::fs::remove_file(&case)?;
            }
        }
    }
    for (path, text) in &made {
        let path = folder.join(path);
        if let Some(object) = path.parent() {
            std::fs::create_dir_all(object)?;
        }
        std::fs::write(path, text)?;
    }
    println!("{} vectors written to {}", made.len(), folder.display());
    Ok(())
}
