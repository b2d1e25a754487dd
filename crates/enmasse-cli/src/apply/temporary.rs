//! Temporary files and folders: readable only by their owner, and removed by the next run if this one is
//! killed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{Builder, TempDir, TempPath};

/// How the names of all of them begin, and how many random letters and digits follow.
const PREFIX: &str = ".enmasse-";
const RANDOM: usize = 12;

/// The only file in a folder.
const INSIDE: &str = "rows.jsonl";

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
        clear_files(folder);
        let suffix = format!("-{name}");
        let mut builder = Builder::new();
        builder.prefix(PREFIX).rand_bytes(RANDOM).suffix(&suffix);
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
        clear_folders(&std::env::temp_dir());
        let mut builder = Builder::new();
        builder.prefix(PREFIX).rand_bytes(RANDOM);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir()?;
        let opened = File::open(folder.path()).ok();
        opened.iter().for_each(lock);
        Ok(TemporaryFolder { folder, _lock: opened })
    }

    /// Where the one file in it is to be.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(INSIDE)
    }
}

/// Where files cannot be locked, none is ever taken for a dead run's.
fn lock(file: &File) {
    // on Windows nobody else could write to it, nor this program by the file's name
    if cfg!(unix) {
        _ = file.try_lock();
    }
}

/// Removes the files that runs that were killed have left in a folder. What is not exactly of their form is somebody else's.
fn clear_files(folder: &Path) {
    for (path, after) in ours(folder) {
        let is_private = |there: &fs::Metadata| there.is_file() && is_of_owner(there);
        if after.len() > 1 && after.starts_with('-') && is_left(&path, is_private) {
            // an error: it stays for the run after this one
            _ = fs::remove_file(&path);
        }
    }
}

/// Likewise the folders, with the file that they have.
fn clear_folders(folder: &Path) {
    for (path, after) in ours(folder) {
        if after.is_empty() && is_left(&path, fs::Metadata::is_dir) {
            let names = fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.file_name());
            if names.into_iter().all(|name| name == INSIDE) {
                _ = fs::remove_file(path.join(INSIDE));
                _ = fs::remove_dir(&path);
            }
        }
    }
}

/// What has a name like ours in a folder, and what follows the random part of it.
fn ours(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (random, after) = name.strip_prefix(PREFIX)?.split_at_checked(RANDOM)?;
        let is_random = random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_random.then(|| (entry.path(), after.to_owned()))
    })
}

#[cfg(unix)]
fn is_of_owner(there: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&there.permissions()) & 0o777 == 0o600
}

#[cfg(not(unix))]
fn is_of_owner(_: &fs::Metadata) -> bool {
    true
}

/// Whether it is of a run that is no more: of this kind and no link, not young, and nobody has it locked.
fn is_left(path: &Path, is_it: impl Fn(&fs::Metadata) -> bool) -> bool {
    let Ok(there) = fs::symlink_metadata(path) else { return false };
    let age = there.modified().ok().and_then(|modified| modified.elapsed().ok());
    cfg!(unix)
        && is_it(&there)
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

    fn write(path: &Path, mode: u32) {
        fs::write(path, "values").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn d08_what_a_killed_run_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let left = ".enmasse-abcDEF123456-a.csv";
        let others = [".enmasse-old-a.csv", ".enmasse-abcDEF123456", ".enmasse-abcDEF_23456-a.csv", ".other"];
        for name in others.iter().chain([&left, &".enmasse-abcDEF123457-b.csv"]) {
            write(&at(name), 0o600);
        }
        write(&at(".enmasse-abcDEF123458-c.csv"), 0o644);
        for name in [".enmasse-abcDEF123459", ".enmasse-abcDEF123459-d"] {
            fs::create_dir(at(name)).unwrap();
            write(&at(name).join(INSIDE), 0o600);
            age(&at(name));
        }
        let alive = TemporaryFile::beside(folder.path(), "c.csv").unwrap();
        others.iter().chain([&left, &".enmasse-abcDEF123458-c.csv"]).for_each(|name| age(&at(name)));
        age(&alive.path);
        let before = fs::read_dir(folder.path()).unwrap().count();
        let next = TemporaryFile::beside(folder.path(), "d.csv").unwrap();
        assert!(next.path.exists() && alive.path.exists() && !at(left).exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before, "one less, and one more");
    }

    #[test]
    fn d08_folders_are_removed_with_our_file_in_them_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let names =
            [".enmasse-abcDEF123456", ".enmasse-abcDEF123457", ".enmasse-mine", ".enmasse-abcDEF123458-x"];
        for name in names {
            fs::create_dir(at(name)).unwrap();
            write(&at(name).join(INSIDE), 0o600);
        }
        write(&at(names[1]).join("mine"), 0o600);
        names.iter().for_each(|name| age(&at(name)));
        clear_folders(folder.path());
        assert_eq!(names.map(|name| at(name).exists()), [false, true, true, true]);
        assert!(at(names[1]).join(INSIDE).exists());
    }

    #[test]
    fn d08_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = TemporaryFile::beside(folder.path(), "a.csv").unwrap();
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(file.path.to_str().unwrap().ends_with("-a.csv"));
        let kept = TemporaryFolder::new().unwrap();
        assert_eq!(fs::metadata(kept.file().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
