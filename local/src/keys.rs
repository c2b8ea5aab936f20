//! The secrets of this machine: the key of its access tokens, and the platform keys, which sign `ctx` and seal webhook secrets.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use domain::clicks::ctx::Keyring;

use crate::{Error, private_files};

const TOKEN_FILE: &str = "jwt-secret";
const PLATFORM_FILE: &str = "platform-secret.json";

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// The secrets.
#[derive(Clone)]
pub struct Keys {
    /// The key of access tokens: 43 characters whose bytes are the HS256 key.
    pub token: String,
    /// The platform keys: `{"current":"k1","k1":"…"}`.
    pub platform: String,
}

impl Keys {
    /// New secrets, for a server in memory.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, Error> {
        let platform = BTreeMap::from([("current", "k1".to_owned()), ("k1", secret()?)]);
        let platform = serde_json::to_string(&platform).map_err(Error::keys)?;
        Ok(Self { token: secret()?, platform })
    }

    /// The secrets in `folder`, created on first use.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or a file in it is damaged.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        private_files::create_dir(folder).map_err(Error::on(folder))?;
        let fresh = Self::generate()?;
        let token = read_or_write(&folder.join(TOKEN_FILE), &fresh.token)?;
        let platform = read_or_write(&folder.join(PLATFORM_FILE), &fresh.platform)?;
        Self { token, platform }.checked(folder)
    }

    /// The secrets that a server has created in `folder`.
    ///
    /// # Errors
    /// When there are none, they cannot be read, or a file is damaged.
    pub fn known(folder: &Path) -> Result<Self, Error> {
        let read = |name| match read(&folder.join(name))? {
            Some(secret) => Ok(secret),
            None => Err(Error::NoKeys(folder.to_owned())),
        };
        Self { token: read(TOKEN_FILE)?, platform: read(PLATFORM_FILE)? }.checked(folder)
    }

    /// The functions would start with damaged platform keys and fail at the first request, and with a damaged token key accept what
    /// others can forge.
    fn checked(self, folder: &Path) -> Result<Self, Error> {
        if BASE64_URL_SAFE_NO_PAD.decode(&self.token).map_or(0, |key| key.len()) != SECRET_BYTES {
            return Err(Error::DamagedTokenKey(folder.join(TOKEN_FILE)));
        }
        match Keyring::from_json(&self.platform) {
            Ok(_) => Ok(self),
            Err(_) => Err(Error::DamagedKeys(folder.join(PLATFORM_FILE))),
        }
    }

    /// The ids of the platform keys that are not current.
    ///
    /// # Errors
    /// When the platform keys are damaged.
    pub fn previous(&self) -> Result<Vec<String>, Error> {
        let mut known: BTreeMap<String, String> = serde_json::from_str(&self.platform).map_err(Error::keys)?;
        let current = known.remove("current").ok_or_else(|| Error::keys("the platform secret names no current key"))?;
        Ok(known.into_keys().filter(|id| *id != current).collect())
    }

    /// Adds a platform key to `folder` and makes it current; returns its id. The previous key stays valid, older ones are removed.
    ///
    /// # Errors
    /// When `folder` has no keys, they are damaged, or it cannot be written.
    pub fn rotate(folder: &Path) -> Result<String, Error> {
        let known: BTreeMap<String, String> = serde_json::from_str(&Self::known(folder)?.platform).map_err(Error::keys)?;
        let rotated = rotated(&known, secret()?)?;
        let current = rotated.get("current").cloned().unwrap_or_default();
        write(&folder.join(PLATFORM_FILE), &serde_json::to_string(&rotated).map_err(Error::keys)?)?;
        Ok(current)
    }
}

fn rotated(known: &BTreeMap<String, String>, fresh: String) -> Result<BTreeMap<String, String>, Error> {
    let kid = known.get("current").ok_or_else(|| Error::keys("the platform secret names no current key"))?;
    let key = known.get(kid).ok_or_else(|| Error::keys(format!("the platform secret has no key {kid}")))?;
    let number: u32 = kid.trim_start_matches('k').parse().map_err(Error::keys)?;
    let next = format!("k{}", number.saturating_add(1));
    Ok(BTreeMap::from([("current".to_owned(), next.clone()), (kid.clone(), key.clone()), (next, fresh)]))
}

/// Random bytes in base64url.
#[expect(clippy::disallowed_methods, reason = "the one place that creates keys")]
fn secret() -> Result<String, Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(Error::keys)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn read_or_write(path: &Path, fresh: &str) -> Result<String, Error> {
    if let Some(known) = read(path)? {
        return Ok(known);
    }
    write(path, fresh)?;
    Ok(fresh.to_owned())
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(known) => Ok(Some(known.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::on(path)(error)),
    }
}

/// Replaces a secret atomically; only the owner of the process can read it at any time.
fn write(path: &Path, content: &str) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let replace = || {
        let mut file = private_files::create(&draft)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    replace().map_err(Error::on(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_created_once_and_only_their_owner_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::open(folder.path()).unwrap();
        let second = Keys::open(folder.path()).unwrap();
        assert_eq!((first.token.len(), &first.token, &first.platform), (43, &second.token, &second.platform));
        let mode = fs::metadata(folder.path().join(TOKEN_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn only_a_server_creates_keys_in_a_folder_without_keys() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("mistyped");
        assert!(matches!(Keys::known(&folder), Err(Error::NoKeys(named)) if named == folder));
        assert!(matches!(Keys::rotate(&folder), Err(Error::NoKeys(_))));
        assert!(!folder.exists());
        let created = Keys::open(&folder).unwrap();
        assert_eq!(Keys::known(&folder).unwrap().token, created.token);
    }

    #[test]
    fn damaged_platform_keys_are_refused_with_the_file_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let good = Keys::open(folder.path()).unwrap().platform;
        let path = folder.path().join(PLATFORM_FILE);
        let cut = good.get(..good.len() / 2).unwrap();
        for damaged in ["", "{}", "null", r#"{"current":"k1"}"#, r#"{"current":"k1","k1":"short"}"#, cut] {
            fs::write(&path, damaged).unwrap();
            for refused in
                [Keys::open(folder.path()).map(drop), Keys::known(folder.path()).map(drop), Keys::rotate(folder.path()).map(drop)]
            {
                let message = refused.unwrap_err().to_string();
                assert!(message.starts_with(&format!("{} is damaged", path.display())), "{message}");
                assert!(message.contains("restore it from a backup"), "{message}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "a damaged file is not replaced");
        }
        fs::write(&path, &good).unwrap();
        assert_eq!(Keys::open(folder.path()).unwrap().platform, good);
    }

    #[test]
    fn a_damaged_token_key_is_refused_with_the_file_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let good = Keys::open(folder.path()).unwrap().token;
        let path = folder.path().join(TOKEN_FILE);
        for damaged in ["", "short", &good[..42], &good.replace(|c: char| c.is_ascii_alphanumeric(), "?")] {
            fs::write(&path, damaged).unwrap();
            let message = Keys::open(folder.path()).map(drop).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{} is damaged: restore it from a backup", path.display())), "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "a damaged file is not replaced");
        }
        fs::write(&path, &good).unwrap();
        assert_eq!(Keys::open(folder.path()).unwrap().token, good);
    }

    #[test]
    fn rotation_keeps_the_previous_key_and_no_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::open(folder.path()).unwrap();
        assert_eq!(Keys::rotate(folder.path()).unwrap(), "k2");
        assert_eq!(Keys::rotate(folder.path()).unwrap(), "k3");
        let third: BTreeMap<String, String> = serde_json::from_str(&Keys::open(folder.path()).unwrap().platform).unwrap();
        assert_eq!(third.keys().collect::<Vec<_>>(), ["current", "k2", "k3"]);
        assert_eq!(third["k3"].len(), 43);
        assert!(!first.platform.contains(&third["k2"]));
    }
}
