//! Objects in memory, or as files. A file's name is the hash of its key, so no key leads out of its bucket, and
//! what is known of an object stands in the object's own file, so both come and go together.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of an object besides its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    /// MD5 of the content in lower-case hexadecimal, without quotes.
    pub(super) etag: String,
    /// Bytes.
    pub(super) size: u64,
    /// By the cloud's clock.
    pub(super) put_at: Timestamp,
}

/// Where objects are. All calls block.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Mutex<Objects>),
    Folder(Folder),
}

/// By bucket and key.
type Objects = BTreeMap<(String, String), (Head, Bytes)>;

impl Store {
    /// Objects in `folder`, which is made if absent; in memory if none.
    pub(super) fn open(folder: Option<PathBuf>, buckets: &[String]) -> io::Result<Self> {
        match folder {
            Some(root) => Ok(Self::Folder(Folder::open(root, buckets)?)),
            None => Ok(Self::Memory(Mutex::default())),
        }
    }

    /// Keeps an object in the place of one with the same key, in one step.
    pub(super) fn put(&self, bucket: &str, head: &Head, content: &Bytes) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.put(bucket, head, content),
            Self::Memory(objects) => {
                let at = (bucket.to_owned(), head.key.clone());
                lock(objects).insert(at, (head.clone(), content.clone()));
                Ok(())
            }
        }
    }

    /// What is known of an object.
    pub(super) fn head(&self, bucket: &str, key: &str) -> io::Result<Option<Head>> {
        match self {
            Self::Folder(folder) => folder.head(bucket, key),
            Self::Memory(_) => Ok(self.get(bucket, key)?.map(|(head, _)| head)),
        }
    }

    /// An object.
    pub(super) fn get(&self, bucket: &str, key: &str) -> io::Result<Option<(Head, Bytes)>> {
        match self {
            Self::Folder(folder) => folder.get(bucket, key),
            Self::Memory(objects) => Ok(lock(objects).get(&(bucket.to_owned(), key.to_owned())).cloned()),
        }
    }

    /// Removes an object; that there is none is no error.
    pub(super) fn remove(&self, bucket: &str, key: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => folder.remove(bucket, key),
            Self::Memory(objects) => {
                lock(objects).remove(&(bucket.to_owned(), key.to_owned()));
                Ok(())
            }
        }
    }

    /// The objects whose keys begin with `prefix`, in the order of their keys.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> io::Result<Vec<Head>> {
        match self {
            Self::Folder(folder) => folder.list(bucket, prefix),
            Self::Memory(objects) => {
                let objects = lock(objects);
                let found = objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix));
                Ok(found.map(|(_, (head, _))| head.clone()).collect())
            }
        }
    }
}

fn lock(objects: &Mutex<Objects>) -> MutexGuard<'_, Objects> {
    objects.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder for each bucket.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    drafts: AtomicU64,
}

impl Folder {
    fn open(root: PathBuf, buckets: &[String]) -> io::Result<Self> {
        for bucket in buckets {
            let folder = root.join(bucket);
            fs::create_dir_all(&folder)?;
            for file in fs::read_dir(folder)? {
                let path = file?.path();
                // Half a file of a process that died.
                if path.extension().is_some_and(|kind| kind == "draft") {
                    fs::remove_file(path)?;
                }
            }
        }
        Ok(Self { root, drafts: AtomicU64::new(0) })
    }

    /// No fsync: what must survive is the process, not the machine.
    fn put(&self, bucket: &str, head: &Head, content: &[u8]) -> io::Result<()> {
        let path = self.path(bucket, &head.key);
        let draft = path.with_extension(format!("{}.draft", self.drafts.fetch_add(1, Ordering::Relaxed)));
        let json = serde_json::to_vec(head)?;
        let length = u32::try_from(json.len()).map_err(io::Error::other)?;
        let write = || {
            let mut file = File::create_new(&draft)?;
            file.write_all(&length.to_be_bytes())?;
            file.write_all(&json)?;
            file.write_all(content)?;
            fs::rename(&draft, &path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&draft)))
    }

    fn head(&self, bucket: &str, key: &str) -> io::Result<Option<Head>> {
        found(File::open(self.path(bucket, key)).and_then(|mut file| read_head(&mut file)))
    }

    fn get(&self, bucket: &str, key: &str) -> io::Result<Option<(Head, Bytes)>> {
        found(File::open(self.path(bucket, key)).and_then(|mut file| {
            let head = read_head(&mut file)?;
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            Ok((head, content.into()))
        }))
    }

    fn remove(&self, bucket: &str, key: &str) -> io::Result<()> {
        found(fs::remove_file(self.path(bucket, key))).map(drop)
    }

    fn list(&self, bucket: &str, prefix: &str) -> io::Result<Vec<Head>> {
        let mut heads = Vec::new();
        for file in fs::read_dir(self.root.join(bucket))? {
            let path = file?.path();
            if path.extension().is_some() {
                continue;
            }
            // One that was removed since is not there.
            let head = found(File::open(path).and_then(|mut file| read_head(&mut file)))?;
            heads.extend(head.filter(|head| head.key.starts_with(prefix)));
        }
        heads.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(heads)
    }

    fn path(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(super::hex(digest(&SHA256, key.as_bytes()).as_ref()))
    }
}

fn read_head(file: &mut File) -> io::Result<Head> {
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let mut json = Vec::new();
    file.take(u32::from_be_bytes(length).into()).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

fn found<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
