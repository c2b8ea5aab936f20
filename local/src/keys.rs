//! The secrets of this machine: what signs its tokens, and what signs ctx.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::Error;

const TOKEN_FILE: &str = "jwt-secret";
const PLATFORM_FILE: &str = "platform-secret.json";

/// The secrets.
#[derive(Clone)]
pub struct Keys {
    /// What signs tokens: 43 characters whose bytes are the HS256 key.
    pub token: String,
    /// What signs ctx: `{"current":"k1","k1":"…"}`.
    pub platform: String,
}

impl Keys {
    /// Fresh secrets, for a house without a memory.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<Self, Error> {
        let platform = BTreeMap::from([("current", "k1".to_owned()), ("k1", secret()?)]);
        let platform = serde_json::to_string(&platform).map_err(Error::keys)?;
        Ok(Self { token: secret()?, platform })
    }

    /// The secrets in `folder`, made on first use.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::on(folder))?;
        let fresh = Self::generate()?;
        Ok(Self {
            token: read_or_write(&folder.join(TOKEN_FILE), &fresh.token)?,
            platform: read_or_write(&folder.join(PLATFORM_FILE), &fresh.platform)?,
        })
    }

    /// The secrets that a house has left in `folder`.
    ///
    /// # Errors
    /// When there are none, or they cannot be read.
    pub fn known(folder: &Path) -> Result<Self, Error> {
        let read = |name| match read(&folder.join(name))? {
            Some(secret) => Ok(secret),
            None => Err(Error::NoKeys(folder.to_owned())),
        };
        Ok(Self { token: read(TOKEN_FILE)?, platform: read(PLATFORM_FILE)? })
    }

    /// The ids of the keys that are not current.
    ///
    /// # Errors
    /// When the platform secret is no document of keys.
    pub fn former(&self) -> Result<Vec<String>, Error> {
        let mut known: BTreeMap<String, String> = serde_json::from_str(&self.platform).map_err(Error::keys)?;
        let current = known.remove("current").ok_or_else(|| Error::keys("the platform secret names no current key"))?;
        Ok(known.into_keys().filter(|id| *id != current).collect())
    }

    /// Adds a key for ctx to `folder` and makes it current; the one before stays good, older ones go.
    ///
    /// # Errors
    /// When there are no keys in it, or it cannot be written.
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

/// 32 random bytes in base64url.
#[expect(clippy::disallowed_methods, reason = "keys are made here and nowhere else")]
fn secret() -> Result<String, Error> {
    let mut bytes = [0; 32];
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

/// Replaces a secret whole or not at all, readable by nobody else at any time.
fn write(path: &Path, content: &str) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let replace = || {
        let mut file = File::create(&draft)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    replace().map_err(Error::on(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_are_nobody_elses_business() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::open(folder.path()).unwrap();
        let second = Keys::open(folder.path()).unwrap();
        assert_eq!((first.token.len(), &first.token, &first.platform), (43, &second.token, &second.platform));
        let mode = fs::metadata(folder.path().join(TOKEN_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_without_keys_gets_them_from_a_house_and_nobody_else() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("mistyped");
        assert!(matches!(Keys::known(&folder), Err(Error::NoKeys(named)) if named == folder));
        assert!(matches!(Keys::rotate(&folder), Err(Error::NoKeys(_))));
        assert!(!folder.exists());
        let made = Keys::open(&folder).unwrap();
        assert_eq!(Keys::known(&folder).unwrap().token, made.token);
    }

    #[test]
    fn rotation_keeps_the_key_before_and_no_other() {
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
