//! A publication in a bucket: Amazon S3 and whatever speaks its API, Google Cloud Storage, Azure Blob Storage.
//!
//! Claim: a file that never changes is created only where nothing stands, and the checkpoint is replaced only while it is
//! the one that was read. Both rest on the service's conditional writes (`If-None-Match`, `If-Match`, or a generation).
//! Some services answer Ok to such a write and overwrite: so before the first write of a run a probe tells, and a service
//! that fails it is refused.
//!
//! Credentials and endpoint come from the environment alone, by the names that object_store reads; none is ever printed.
//! Memory: one file at a time, at most [`MAX_FILE_BYTES`].

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
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
use super::{other_bytes, served_as, too_long, was_faster};
use crate::error::Error;

/// The longest file that is written in one conditional request; services allow 5 GB.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
/// A file created once is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A file that changes is asked for anew each time.
const NEVER_STALE: &str = "no-cache";
/// Requests that fail for the moment are repeated so many times.
const RETRIES: usize = 4;
/// And only so long after the first.
const RETRY_TIME: Duration = Duration::from_secs(120);

/// A bucket, and the folder in it that holds the publication.
pub struct Bucket {
    url: String,
    prefix: Key,
    store: Box<dyn ObjectStore>,
    runtime: Runtime,
    /// What the probe found, once it was made.
    probed: OnceLock<()>,
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

    pub(super) fn place(&self, path: &str) -> PathBuf {
        format!("{}/{path}", self.url).into()
    }

    fn key(&self, path: &str) -> Key {
        path.split('/')
            .fold(self.prefix.clone(), |key, part| key.join(part))
    }

    fn fault(&self, path: &str) -> impl FnOnce(StoreError) -> Error {
        let place = format!("{}/{path}", self.url);
        move |error| fault(&place, &error)
    }

    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
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

    #[allow(dead_code, reason = "mirrors use it next")]
    /// Copies a file of at most `limit` bytes; `None` if there is none.
    pub(super) fn copy(
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
            to.write_all(block).map_err(Error::io(&place))?;
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

    fn put(
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

/// The client for a URL; `Err(None)` for a scheme that is no bucket's.
fn connect(url: &Url, name: &str) -> Result<Box<dyn ObjectStore>, Option<StoreError>> {
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: RETRY_TIME,
    };
    match url.scheme() {
        "s3" => AmazonS3Builder::from_env()
            .with_url(name)
            .with_retry(retry)
            .with_http_connector(Connector)
            .build()
            .map(|store| Box::new(store) as Box<dyn ObjectStore>)
            .map_err(Some),
        "gs" => GoogleCloudStorageBuilder::from_env()
            .with_url(name)
            .with_retry(retry)
            .with_http_connector(Connector)
            .build()
            .map(|store| Box::new(store) as Box<dyn ObjectStore>)
            .map_err(Some),
        "az" => MicrosoftAzureBuilder::from_env()
            .with_url(name)
            .with_retry(retry)
            .with_http_connector(Connector)
            .build()
            .map(|store| Box::new(store) as Box<dyn ObjectStore>)
            .map_err(Some),
        _ => Err(None),
    }
}

/// What went wrong, in our words: the library's may quote a request with its signature, or whatever the server says.
fn fault(place: &str, error: &StoreError) -> Error {
    let credentials = "Check the credentials in the environment, and that they may read, create and replace files there, and delete those below .por-probe/.";
    let (why, remedy) = match error {
        StoreError::NotFound { .. } => (
            "there is no such bucket".to_string(),
            "Make it first; check its name, and region and endpoint in the environment.",
        ),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            ("access is denied".into(), credentials)
        }
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => (
            "the environment switches off what publications need, such as conditional writes"
                .into(),
            "Remove that setting, such as AWS_CONDITIONAL_PUT.",
        ),
        _ => (
            cause(error),
            "Check endpoint, region and credentials in the environment and the network, then start the same command again.",
        ),
    };
    Error::Remote {
        place: place.into(),
        why,
        remedy: remedy.into(),
    }
}

/// The connection's fault, or the status and the service's own code for it; nothing else is quoted.
fn cause(error: &StoreError) -> String {
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut text = String::new();
    while let Some(found) = link {
        if let Some(http) = found.downcast_ref::<object_store::client::HttpError>() {
            return std::error::Error::source(http)
                .map_or_else(|| "the request failed".into(), ToString::to_string);
        }
        text = format!("{text} {found}");
        link = found.source();
    }
    let word = |after: &str| {
        let rest = text.split_once(after)?.1;
        let word: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        (!word.is_empty()).then_some(word)
    };
    match (word("status code: "), word("<Code>")) {
        (Some(status), Some(code)) => format!("it answers with status {status} ({code})"),
        (Some(status), None) => format!("it answers with status {status}"),
        _ => "the environment does not say how to reach it, or its answer makes no sense".into(),
    }
}
