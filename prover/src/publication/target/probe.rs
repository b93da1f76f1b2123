//! The probe: whether a bucket keeps conditional writes, tried on a key of its own before the first write of a run.
//!
//! Some services answer Ok to a conditional write and overwrite. What they lose is not a file but the log: two publishers
//! would each believe that their head is the one that is public.

use std::path::Path;

use bytes::Bytes;
use object_store::{Error as StoreError, ObjectStoreExt as _, PutMode, UpdateVersion};

use super::bucket::{Bucket, NEVER_STALE};
use crate::error::Error;

impl Bucket {
    /// Tries on a key of its own whether conditional writes are kept; once for each run.
    ///
    /// # Errors
    /// [`Error::Remote`] if they are not.
    pub(super) fn probe(&self) -> Result<(), Error> {
        if self.probed.get().is_some() {
            return Ok(());
        }
        let mut name = [0; 16];
        getrandom::fill(&mut name)
            .map_err(|error| Error::io(Path::new(&self.url))(error.into()))?;
        let path = format!(".por-probe/{}", hex::encode(name));
        let found = self.try_conditions(&path);
        let key = self.key(&path);
        let removed = self.runtime.block_on(self.store.delete(&key));
        found?;
        match removed {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(self.fault(&path)(error)),
        }
        let _ = self.probed.set(());
        Ok(())
    }

    fn try_conditions(&self, path: &str) -> Result<(), Error> {
        let refuse = |why: &str| {
            Error::Remote {
            place: self.url.clone(),
            why: why.into(),
            remedy: "Two publishers could overwrite each other there. Use a service that keeps conditional writes, or publish to a folder and copy that, log/checkpoint last.".into(),
        }
        };
        let put = |mode, text: &'static str| {
            let bytes = Bytes::from_static(text.as_bytes());
            self.put(path, mode, bytes, NEVER_STALE)
        };
        let first = put(PutMode::Create, "first\n").map_err(self.fault(path))?;
        match put(PutMode::Create, "second\n") {
            Ok(_) => {
                return Err(refuse(
                    "it says Ok to a write that must fail because the file exists (If-None-Match), and overwrites",
                ));
            }
            Err(StoreError::AlreadyExists { .. }) => {}
            Err(error) => return Err(self.fault(path)(error)),
        }
        let read = UpdateVersion::from(first);
        match put(PutMode::Update(read.clone()), "third\n") {
            Ok(_) => {}
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                return Err(refuse(
                    "it refuses to replace a file that nobody has changed (If-Match)",
                ));
            }
            Err(error) => return Err(self.fault(path)(error)),
        }
        match put(PutMode::Update(read), "fourth\n") {
            Ok(_) => {
                return Err(refuse(
                    "it says Ok to a write that must fail because the file has changed (If-Match), and overwrites",
                ));
            }
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {}
            Err(error) => return Err(self.fault(path)(error)),
        }
        match self.read(path, 64)?.as_deref() {
            Some(b"third\n") => Ok(()),
            _ => Err(refuse("it does not give back what was written last")),
        }
    }
}
