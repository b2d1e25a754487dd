//! Names of files that are descriptors of this process, as `/dev/stdout`: what is opened by such a name is another description of the same file,
//! which begins at its start.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The most links that are followed.
const LINKS: usize = 40;

/// An open file of this process, or of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    Own(u32),
    Foreign,
}

/// The descriptor that a path names, by itself or by links.
pub fn named(path: &Path) -> Option<Descriptor> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().ok()?;
        let name = path.file_name()?;
        if let Some(is_own) = is_of_descriptors(&folder) {
            let number = name.to_str()?.parse().ok()?;
            return Some(if is_own { Descriptor::Own(number) } else { Descriptor::Foreign });
        }
        path = folder.join(folder.join(name).read_link().ok()?);
    }
    None
}

/// Whether a folder, which is without links, has the descriptors of this process; `None` where it has other files.
fn is_of_descriptors(folder: &Path) -> Option<bool> {
    if folder == Path::new("/dev/fd") {
        return Some(true);
    }
    if !folder.ends_with("fd") || !folder.starts_with("/proc") {
        return None;
    }
    let process: PathBuf = folder.components().take(3).collect();
    Some(process == Path::new("/proc").join(std::process::id().to_string()))
}

impl Descriptor {
    /// The same description of the file, which is written on where it stands: of standard output and standard error.
    #[cfg(unix)]
    pub fn open(self) -> Option<io::Result<File>> {
        use std::os::fd::AsFd;
        let descriptor = match self {
            Descriptor::Own(1) => io::stdout().as_fd().try_clone_to_owned(),
            Descriptor::Own(2) => io::stderr().as_fd().try_clone_to_owned(),
            _ => return None,
        };
        Some(descriptor.map(File::from))
    }

    #[cfg(not(unix))]
    pub fn open(self) -> Option<io::Result<File>> {
        None
    }
}

/// Whether this is the file to which standard output or standard error goes.
#[cfg(unix)]
pub fn is_printed_to(there: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    [1, 2].into_iter().any(|number| {
        let printed =
            Descriptor::Own(number).open().and_then(Result::ok).and_then(|file| file.metadata().ok());
        printed.is_some_and(|printed| (printed.dev(), printed.ino()) == (there.dev(), there.ino()))
    })
}

#[cfg(not(unix))]
pub fn is_printed_to(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn names_of_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("out.csv");
        std::os::unix::fs::symlink("/dev/stdout", &link).unwrap();
        let again = folder.path().join("again.csv");
        std::os::unix::fs::symlink("out.csv", &again).unwrap();
        for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"] {
            assert_eq!(named(Path::new(path)), Some(Descriptor::Own(1)), "{path}");
        }
        assert_eq!(named(&again), Some(Descriptor::Own(1)));
        assert_eq!(named(Path::new("/dev/fd/63")), Some(Descriptor::Own(63)));
        assert_eq!(
            named(Path::new("/proc/1/fd/1")).is_some(),
            Path::new("/proc/1/fd").canonicalize().is_ok()
        );
        std::fs::write(folder.path().join("plain.csv"), "").unwrap();
        for path in ["plain.csv", "new.csv", "none/new.csv"] {
            assert_eq!(named(&folder.path().join(path)), None, "{path}");
        }
        assert_eq!(named(Path::new("/dev/null")), None);
    }
}
