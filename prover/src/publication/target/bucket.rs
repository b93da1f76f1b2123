//! A publication in a bucket: Amazon S3 and whatever speaks its API, Google Cloud Storage, Azure Blob Storage.
//!
//! Claim: a file that never changes is created only where nothing stands, and the checkpoint is replaced only while it is
//! the one that was read. Both rest on the service's conditional writes (`If-None-Match`, `If-Match`, or a generation).
//! Some services answer Ok to such a write and overwrite: so before the first write of a run a probe tells, and a service
//! that fails it is refused.
//!
//! Credentials and endpoint come from the environment alone, by the names that object_store reads; none is ever printed.
//! Memory: [`WORKERS`] files of at most [`MAX_TOGETHER_BYTES`] at a time, or one of at most [`MAX_FILE_BYTES`].

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, BackoffConfig, Error as StoreError, GetResult, ObjectStore,
    ObjectStoreExt as _, PutMode, PutOptions, PutPayload, PutResult, RetryConfig, UpdateVersion,
};
use tokio::runtime::Runtime;
use url::Url;

use super::connector::Connector;
use super::fault::fault;
use super::{other_bytes, served_as, too_long, was_faster};
use crate::error::Error;

/// The longest file that is written in one conditional request; services allow 5 GB.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
/// Requests at a time: a service's answer takes longer than the bytes of a pack.
const WORKERS: usize = 8;
/// The longest file that is written beside others; a pack is 8 MB.
const MAX_TOGETHER_BYTES: u64 = 16 << 20;
/// A file created once is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A file that changes is asked for anew each time.
pub(super) const NEVER_STALE: &str = "no-cache";
/// Requests that fail for the moment are repeated so many times.
const RETRIES: usize = 4;
/// And only so long after the first.
const RETRY_TIME: Duration = Duration::from_secs(120);

/// A bucket, and the folder in it that holds the publication.
pub struct Bucket {
    pub(super) url: String,
    prefix: Key,
    pub(super) store: Box<dyn ObjectStore>,
    pub(super) runtime: Runtime,
    /// What the probe found, once it was made.
    pub(super) probed: OnceLock<()>,
}

impl Bucket {
    /// The bucket that a URL names: `s3://`, `gs://` or `az://`, then bucket and folder.
    ///
    /// # Errors
    /// [`Error::Refused`] for another URL; [`Error::Remote`] where the environment does not say how to reach it.
    pub fn open(url: &str) -> Result<Self, Error> {
        let remedy = "Write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER; credentials belong into the environment.";
        // A URL that is refused may hold a password: it is not shown.
        let refuse = |why: &str| Error::refused(why, remedy);
        let parsed = Url::parse(url).map_err(|_| refuse("the target is no URL"))?;
        if !parsed.username().is_empty()
            || parsed.password().is_some()
            || parsed.query().is_some()
            || parsed.fragment().is_some()
            || parsed.port().is_some()
        {
            return Err(refuse(
                "the target's URL holds more than a bucket and a folder",
            ));
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(refuse("the target's URL names no bucket"));
        }
        let prefix = Key::from_url_path(parsed.path())
            .map_err(|_| refuse("the target's folder cannot be the name of one"))?;
        let url = parsed.as_str().trim_end_matches('/').to_owned();
        let store = connect(&parsed, &url).map_err(|error| match error {
            None => refuse("publications are written to folders and buckets"),
            Some(error) => fault(&url, &error),
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(Error::io(Path::new(&url)))?;
        Ok(Self {
            url,
            prefix,
            store,
            runtime,
            probed: OnceLock::new(),
        })
    }

    pub(in crate::publication) fn place(&self, path: &str) -> PathBuf {
        format!("{}/{path}", self.url).into()
    }

    pub(super) fn key(&self, path: &str) -> Key {
        path.split('/')
            .fold(self.prefix.clone(), |key, part| key.join(part))
    }

    pub(super) fn fault(&self, path: &str) -> impl FnOnce(StoreError) -> Error {
        let place = format!("{}/{path}", self.url);
        move |error| fault(&place, &error)
    }

    pub(in crate::publication) fn read(
        &self,
        path: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.read_version(path, limit)?.map(|(bytes, _)| bytes))
    }

    fn read_version(
        &self,
        path: &str,
        limit: u64,
    ) -> Result<Option<(Vec<u8>, UpdateVersion)>, Error> {
        let Some(found) = self.get(path)? else {
            return Ok(None);
        };
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let mut bytes = Vec::new();
        self.stream(path, found, |block| {
            if (bytes.len() + block.len()) as u64 > limit {
                return Err(too_long(&self.place(path), limit));
            }
            bytes.extend_from_slice(block);
            Ok(true)
        })?;
        Ok(Some((bytes, version)))
    }

    /// Copies a file of at most `limit` bytes; `None` if there is none.
    pub(in crate::publication) fn copy(
        &self,
        path: &str,
        limit: u64,
        to: &mut impl std::io::Write,
    ) -> Result<Option<u64>, Error> {
        let Some(found) = self.get(path)? else {
            return Ok(None);
        };
        let mut copied = 0;
        let place = self.place(path);
        self.stream(path, found, |block| {
            copied += block.len() as u64;
            if copied > limit {
                return Err(too_long(&place, limit));
            }
            let here = PathBuf::from(format!("the copy of {}", place.display()));
            to.write_all(block).map_err(Error::io(&here))?;
            Ok(true)
        })?;
        Ok(Some(copied))
    }

    fn get(&self, path: &str) -> Result<Option<GetResult>, Error> {
        match self.runtime.block_on(self.store.get(&self.key(path))) {
            Ok(found) => Ok(Some(found)),
            // A bucket that is missing looks like a file that is: the first write says so.
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.fault(path)(error)),
        }
    }

    /// Gives the content block by block, until `take` has enough.
    fn stream(
        &self,
        path: &str,
        found: GetResult,
        mut take: impl FnMut(&[u8]) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut blocks = found.into_stream();
        while let Some(block) = self.runtime.block_on(blocks.next()) {
            if !take(&block.map_err(self.fault(path))?)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn create(&self, path: &str, from: &Path) -> Result<(), Error> {
        let file = File::open(from).map_err(Error::io(from))?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(Error::io(from))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(Error::input(
                from,
                format!(
                    "it has more than the {MAX_FILE_BYTES} bytes that are written to a bucket at once"
                ),
                "Publish to a folder, and copy that to the bucket, log/checkpoint last.",
            ));
        }
        self.create_whole(path, bytes.into())
    }

    /// Creates many files, several at a time. After the first that fails no other is begun.
    pub(super) fn create_all(
        &self,
        files: &[(String, PathBuf)],
        done: impl Fn() + Sync,
    ) -> Result<(), Error> {
        self.probe()?;
        let long = |(_, from): &&(String, PathBuf)| {
            from.metadata()
                .is_ok_and(|found| found.len() > MAX_TOGETHER_BYTES)
        };
        let (long, short): (Vec<_>, Vec<_>) = files.iter().partition(long);
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
        let first = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        let work = || -> Result<(), Error> {
            // A connection and a runtime of its own: requests block.
            let bucket = Self::open(&self.url)?;
            bucket.probed.get_or_init(|| ());
            while let Some((path, from)) = short.get(next.fetch_add(1, Ordering::Relaxed)) {
                if first().is_some() {
                    break;
                }
                bucket.create(path, from)?;
                done();
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            for _ in 0..WORKERS.min(short.len()) {
                scope.spawn(|| {
                    if let Err(error) = work() {
                        first().get_or_insert(error);
                    }
                });
            }
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        long.into_iter().try_for_each(|(path, from)| {
            self.create(path, from)?;
            done();
            Ok(())
        })
    }

    pub(super) fn create_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.create_whole(path, Bytes::copy_from_slice(bytes))
    }

    fn create_whole(&self, path: &str, bytes: Bytes) -> Result<(), Error> {
        self.probe()?;
        match self.put(path, PutMode::Create, bytes.clone(), FOR_EVER) {
            Ok(_) => Ok(()),
            Err(StoreError::AlreadyExists { .. }) => self.compare(path, &bytes),
            Err(error) => Err(self.fault(path)(error)),
        }
    }

    /// Whether the file holds these bytes; others are in the way.
    fn compare(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let other = || Err(other_bytes(self.place(path)));
        let Some(found) = self.get(path)? else {
            return other();
        };
        if found.meta.size != bytes.len() as u64 {
            return other();
        }
        let (mut rest, mut same) = (bytes, true);
        self.stream(path, found, |block| {
            match rest.strip_prefix(block) {
                Some(after) => rest = after,
                None => same = false,
            }
            Ok(same)
        })?;
        if same && rest.is_empty() {
            Ok(())
        } else {
            other()
        }
    }

    pub(super) fn replace(
        &self,
        path: &str,
        expected: Option<Option<&[u8]>>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.probe()?;
        let present = self.read_version(path, MAX_FILE_BYTES)?;
        let (found, version) = match present {
            Some((found, version)) => (Some(found), Some(version)),
            None => (None, None),
        };
        if found.as_deref() == Some(bytes) {
            return Ok(());
        }
        let mode = match (expected, version) {
            (None, _) => PutMode::Overwrite,
            (Some(expected), _) if expected != found.as_deref() => {
                return Err(was_faster(self.place(path)));
            }
            (Some(_), Some(version)) => PutMode::Update(version),
            (Some(_), None) => PutMode::Create,
        };
        match self.put(path, mode, Bytes::copy_from_slice(bytes), NEVER_STALE) {
            Ok(_) => Ok(()),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                // It may be our own write, whose answer was lost and which was repeated.
                let now = self.read(path, MAX_FILE_BYTES)?;
                if now.as_deref() == Some(bytes) {
                    return Ok(());
                }
                Err(was_faster(self.place(path)))
            }
            Err(error) => Err(self.fault(path)(error)),
        }
    }

    pub(super) fn put(
        &self,
        path: &str,
        mode: PutMode,
        bytes: Bytes,
        cache: &'static str,
    ) -> Result<PutResult, StoreError> {
        // No content-encoding: a tile is one range of a pack's own bytes.
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, served_as(path)),
            (Attribute::CacheControl, cache),
        ]);
        let options = PutOptions {
            mode,
            attributes,
            ..PutOptions::default()
        };
        let key = self.key(path);
        self.runtime
            .block_on(self.store.put_opts(&key, PutPayload::from(bytes), options))
    }
}

/// The client for a URL; `Err(None)` for a scheme that is no bucket's.
fn connect(url: &Url, name: &str) -> Result<Box<dyn ObjectStore>, Option<StoreError>> {
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: RETRY_TIME,
    };
    match url.scheme() {
        "s3" => boxed(
            AmazonS3Builder::from_env()
                .with_url(name)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build(),
        ),
        "gs" => boxed(
            GoogleCloudStorageBuilder::from_env()
                .with_url(name)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build(),
        ),
        "az" => boxed(
            MicrosoftAzureBuilder::from_env()
                .with_url(name)
                .with_retry(retry)
                .with_http_connector(Connector)
                .build(),
        ),
        _ => Err(None),
    }
}

fn boxed(
    store: Result<impl ObjectStore, StoreError>,
) -> Result<Box<dyn ObjectStore>, Option<StoreError>> {
    store
        .map(|store| Box::new(store) as Box<dyn ObjectStore>)
        .map_err(Some)
}
