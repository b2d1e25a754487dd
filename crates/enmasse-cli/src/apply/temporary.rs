//! Temporary files and folders: readable by their owner only, and removed by the next run where this one is killed.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::{Builder, TempDir, TempPath};

/// How the names of all of them begin.
const PREFIX: &str = ".enmasse-";

/// One that is younger may belong to a run that is about to lock it.
const YOUNG: Duration = Duration::from_secs(60);

/// A file that is there until it is put in its place or dropped. It is locked as long, which tells it from those of dead runs.
#[derive(Debug)]
pub struct TemporaryFile {
    pub path: TempPath,
    /// What a new file of this user may be.
    #[cfg(unix)]
    pub permissions: fs::Permissions,
    _lock: File,
}

impl TemporaryFile {
    /// Makes a file beside the one that it will be, whose name ends as its own.
    pub fn beside(folder: &Path, name: &str) -> io::Result<Self> {
        clear(folder);
        let suffix = format!("-{name}");
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(&suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, path) = builder.tempfile_in(folder)?.into_parts();
        #[cfg(unix)]
        let permissions = {
            let allowed = file.metadata()?.permissions();
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            allowed
        };
        lock(&file);
        Ok(TemporaryFile {
            path,
            #[cfg(unix)]
            permissions,
            _lock: file,
        })
    }

    /// Puts it in its place; where that fails, says why, and where it is.
    pub fn persist(self, target: &Path) -> Result<(), (io::Error, String)> {
        let TemporaryFile { path, _lock, .. } = self;
        path.persist(target).map_err(|failed| (failed.error, kept(failed.path)))
    }

    /// Leaves it to the user, and says where it is.
    pub fn keep(self) -> String {
        kept(self.path)
    }
}

/// Gives a file another name, by which no run removes it.
fn kept(path: TempPath) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().replacen(PREFIX, "kept-", 1));
    let place = path.with_file_name(name.unwrap_or_default());
    match path.keep() {
        Ok(path) if fs::rename(&path, &place).is_ok() => format!("it is {}", place.display()),
        Ok(path) => format!("it is {}", path.display()),
        Err(error) => format!("it cannot be kept: {}", error.error),
    }
}

/// A folder of its owner's only, which goes with everything in it.
#[derive(Debug)]
pub struct TemporaryFolder {
    folder: TempDir,
    _lock: Option<File>,
}

impl TemporaryFolder {
    /// Makes one where the system keeps temporary files.
    pub fn new() -> io::Result<Self> {
        clear(&std::env::temp_dir());
        let mut builder = Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir()?;
        let opened = File::open(folder.path()).ok();
        opened.iter().for_each(lock);
        Ok(TemporaryFolder { folder, _lock: opened })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Where files cannot be locked, none is ever taken for a dead run's.
fn lock(file: &File) {
    // on Windows nobody else could write to it, nor this program by the file's name
    if cfg!(unix) {
        _ = file.try_lock();
    }
}

/// Removes what runs that were killed have left in a folder.
fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !is_left(&path) {
            continue;
        }
        // an error: it stays for the run after this one
        _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Whether a file or a folder is of a run that is no more: not a link, not young, and nobody has it locked.
fn is_left(path: &Path) -> bool {
    let Ok(there) = fs::symlink_metadata(path) else { return false };
    let age = there.modified().ok().and_then(|modified| modified.elapsed().ok());
    cfg!(unix)
        && (there.is_file() || there.is_dir())
        && age.is_some_and(|age| age > YOUNG)
        && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::SystemTime;

    use super::*;

    fn age(path: &Path) {
        File::open(path).unwrap().set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
    }

    #[test]
    fn d08_what_a_killed_run_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [".enmasse-old-a.csv", ".enmasse-new-b.csv", ".other"] {
            fs::write(at(name), "values").unwrap();
        }
        fs::create_dir(at(".enmasse-dir")).unwrap();
        fs::write(at(".enmasse-dir").join("x"), "values").unwrap();
        let alive = TemporaryFile::beside(folder.path(), "c.csv").unwrap();
        for path in [&at(".enmasse-old-a.csv"), &at(".other"), &at(".enmasse-dir"), &alive.path.to_path_buf()]
        {
            age(path);
        }
        let next = TemporaryFile::beside(folder.path(), "d.csv").unwrap();
        assert!(next.path.exists() && alive.path.exists());
        assert!(at(".enmasse-new-b.csv").exists() && at(".other").exists());
        assert!(!at(".enmasse-old-a.csv").exists() && !at(".enmasse-dir").exists());
    }

    #[test]
    fn d08_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = TemporaryFile::beside(folder.path(), "a.csv").unwrap();
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(file.path.to_str().unwrap().ends_with("-a.csv"));
        let kept = TemporaryFolder::new().unwrap();
        assert_eq!(fs::metadata(kept.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
