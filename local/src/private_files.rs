//! Files and directories that only their owner can read: what the server stores includes secrets and visitors' data.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Creates a directory, and its parents, with mode 0700. An existing directory keeps its mode: it may be shared.
///
/// # Errors
/// When it cannot be created.
pub fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
}

/// Creates a file, or empties an existing one, with mode 0600.
///
/// # Errors
/// When it cannot be opened for writing.
pub fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)?;
    // The mode above is that of a new file only. Devices and pipes keep theirs.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

/// Writes a file with mode 0600.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, content: &str) -> io::Result<()> {
    create(path)?.write_all(content.as_bytes())
}

/// Creates a file if there is none, keeps its content if there is one, and gives it mode 0600.
///
/// # Errors
/// When it cannot be created or its mode cannot be changed.
pub fn ensure(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))
}

/// Gives a file mode 0600 if it exists.
///
/// # Errors
/// When its mode cannot be changed.
pub fn restrict(path: &Path) -> io::Result<()> {
    match fs::set_permissions(path, Permissions::from_mode(FILE_MODE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Copies a damaged file to the first free name `<file>.damaged-<number>`, on the disk when this returns; returns that name.
///
/// # Errors
/// When it cannot be read, or the copy not written.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=u32::MAX {
        let mut name = OsString::from(path);
        name.push(format!(".damaged-{number}"));
        match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&name) {
            Ok(mut copy) => {
                io::copy(&mut File::open(path)?, &mut copy)?;
                copy.sync_all()?;
                return Ok(name.into());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_readable_by_their_owner_only_whether_new_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let [new, old] = ["new", "old"].map(|name| folder.path().join(name));
        fs::write(&old, "longer than what follows").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        for path in [&new, &old] {
            write(path, "short").unwrap();
            assert_eq!((mode(path), fs::read_to_string(path).unwrap().as_str()), (0o600, "short"));
        }
        fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        ensure(&old).unwrap();
        assert_eq!((mode(&old), fs::read_to_string(&old).unwrap().as_str()), (0o600, "short"));
        restrict(&folder.path().join("missing")).unwrap();
    }

    #[test]
    fn a_file_set_aside_keeps_what_was_set_aside_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("messages.journal");
        for (number, content) in [(1, "first"), (2, "second")] {
            fs::write(&path, content).unwrap();
            let kept = set_aside(&path).unwrap();
            assert_eq!(kept, folder.path().join(format!("messages.journal.damaged-{number}")));
            assert_eq!((mode(&kept), fs::read_to_string(&kept).unwrap().as_str()), (0o600, content));
        }
        assert_eq!(fs::read_to_string(folder.path().join("messages.journal.damaged-1")).unwrap(), "first");
    }

    #[test]
    fn a_new_directory_is_private_and_an_existing_one_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o755)).unwrap();
        let new = shared.join("a/b");
        create_dir(&shared).unwrap();
        create_dir(&new).unwrap();
        assert_eq!((mode(&shared), mode(&new)), (0o755, 0o700));
    }
}
