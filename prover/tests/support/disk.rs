//! What a disk holds after a power loss, by the calls that a program made: a file's bytes are lost until the file is
//! flushed, and its name is lost until the folder that holds the name is flushed (the strictest reading of POSIX).

use std::collections::BTreeSet;
use std::path::Path;

use crate::faults::Call;

/// Which files and names a power loss would take.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    bytes: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Disk {
    /// Follows one call. Paths are made absolute below `root`.
    ///
    /// # Panics
    /// If a file gets its name, or a second one, while its bytes could still be lost: after a power loss an empty or cut
    /// file would stand where readers look.
    pub fn apply(&mut self, root: &Path, call: &Call) {
        if call.line.contains(" = -1 ") || call.line.contains("unfinished") {
            return;
        }
        let mut paths: Vec<String> = call.paths();
        for path in &mut paths {
            *path = root.join(&*path).to_str().unwrap().to_owned();
        }
        // Where a call names a file, the folder that a relative name begins at is no part of it.
        let sync = call.name.ends_with("sync");
        let ours = |path: &&String| {
            let path = Path::new(path.as_str());
            path.starts_with(root) && (sync || path != root)
        };
        let mut paths_of_ours = paths.iter().filter(ours);
        match call.kind() {
            "write" | "writev" | "pwrite64" | "ftruncate" => {
                // The first path is the descriptor's; others are in the bytes written.
                if let Some(path) = paths.first().filter(ours) {
                    self.bytes.insert(path.clone());
                }
            }
            "copy_file_range" => {
                self.bytes.insert(paths[1].clone());
            }
            "open" if call.line.contains("O_CREAT") => {
                if let Some(path) = paths_of_ours.next() {
                    self.names.insert(path.clone());
                }
            }
            "mkdir" => {
                if let Some(path) = paths_of_ours.next() {
                    self.names.insert(path.clone());
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(path) = paths_of_ours.next() {
                    self.bytes.remove(path);
                    self.names
                        .retain(|name| Path::new(name).parent() != Some(Path::new(path)));
                }
            }
            "rename" | "link" => {
                let [from, to] = [paths_of_ours.next().unwrap(), paths_of_ours.next().unwrap()];
                assert!(!self.bytes.contains(from), "not flushed: {}", call.line);
                self.names.insert(to.clone());
                if call.kind() == "rename" {
                    self.names.remove(from);
                }
            }
            "unlink" => {
                if let Some(path) = paths_of_ours.next() {
                    self.bytes.remove(path);
                    self.names.remove(path);
                }
            }
            _ => {}
        }
    }

    /// What a power loss would take of what lies below `folder`.
    pub fn lost_below(&self, folder: &Path) -> Vec<String> {
        let all = self.bytes.union(&self.names);
        all.filter(|path| Path::new(path).starts_with(folder))
            .cloned()
            .collect()
    }
}
