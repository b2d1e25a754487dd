//! Files that are there when all is done, and not before.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::apply::temporary::TemporaryFile;
use crate::args::ApplyArgs;
use crate::connect;
use crate::failure::{Failure, Result};

/// A file that is being written beside the place where it is to stand: a failure leaves what stands there as it is. What is no regular file,
/// a pipe or a device, is written itself.
#[derive(Debug)]
pub struct OutputFile<W> {
    path: String,
    hidden: Option<Hidden>,
    writer: W,
}

/// What is to become a file.
#[derive(Debug)]
struct Hidden {
    temporary: TemporaryFile,
    /// Where it is to stand.
    target: PathBuf,
    /// Those of the file that stands there, or of a new one.
    #[cfg(unix)]
    permissions: fs::Permissions,
}

impl<W> OutputFile<W> {
    /// Begins the file of a path; `open` makes the writer.
    pub fn create(path: &str, open: impl FnOnce(&str) -> Result<W>) -> Result<Self> {
        let failed = |reason: &str| Failure::failed(format!("cannot write {path}: {reason}."));
        let there = fs::metadata(path).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(failed("it is a directory"));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Ok(OutputFile { path: path.to_owned(), hidden: None, writer: open(path)? });
        }
        // the file that a link leads to is written, not the link
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
            return Err(failed("it is no name of a file"));
        };
        // the end of its name tells what is written
        let temporary = TemporaryFile::beside(folder.unwrap_or(Path::new(".")), name)
            .map_err(|error| cannot_write(path, &error))?;
        #[cfg(unix)]
        let permissions = there.map_or_else(|| temporary.permissions.clone(), |there| there.permissions());
        let writer = match temporary.path.to_str() {
            Some(place) => open(place)?,
            None => return Err(failed("its folder's name is no text")),
        };
        let hidden = Hidden {
            temporary,
            target,
            #[cfg(unix)]
            permissions,
        };
        Ok(OutputFile { path: path.to_owned(), hidden: Some(hidden), writer })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Ends the file: it is whole, but not yet where it is to stand.
    pub fn finish(self, end: impl FnOnce(W) -> Result<()>) -> Result<FinishedFile> {
        let OutputFile { path, hidden, writer } = self;
        end(writer)?;
        Ok(FinishedFile { path, hidden })
    }
}

/// A file that is whole.
#[derive(Debug)]
pub struct FinishedFile {
    path: String,
    hidden: Option<Hidden>,
}

impl FinishedFile {
    /// Puts the file where it is to stand, in place of what stands there. Where that fails it is left where it is, and its place is told.
    pub fn place(self) -> Result<(), String> {
        let FinishedFile { path, hidden } = self;
        let Some(hidden) = hidden else { return Ok(()) };
        #[cfg(unix)]
        let hidden = match fs::set_permissions(&hidden.temporary.path, hidden.permissions.clone()) {
            Ok(()) => hidden,
            Err(error) => return Err(format!("cannot write {path}: {error}; {}", hidden.temporary.keep())),
        };
        hidden
            .temporary
            .persist(&hidden.target)
            .map_err(|(error, kept)| format!("cannot write {path}: {error}; {kept}"))
    }

    /// Leaves the file where it is, and tells the place.
    pub fn keep(self) -> Option<String> {
        let FinishedFile { path, hidden } = self;
        Some(format!("{path} is not there: {}", hidden?.temporary.keep()))
    }
}

/// Refuses files that are to be written in place of what is read, of the database, or of each other.
pub fn refuse_clashes(args: &ApplyArgs) -> Result<()> {
    let mut seen: Vec<(&str, FileId)> = Vec::new();
    if args.file != "-" {
        seen.push(("the input", FileId::of(Path::new(&args.file))));
    }
    if let Some(database) = args.database.db.as_deref().and_then(connect::sqlite_file) {
        // SQLite keeps them beside the file itself, whatever link it was found by
        let database = fs::canonicalize(&database).unwrap_or(database);
        seen.push(("the database", FileId::of(&database)));
        for ending in ["-wal", "-journal", "-shm"] {
            let mut beside = database.clone().into_os_string();
            beside.push(ending);
            seen.push(("the database", FileId::of(Path::new(&beside))));
        }
    }
    let written = [
        ("--missing", args.missing.as_deref()),
        ("--diff", args.diff.as_deref()),
        ("--rejects", args.rejects.as_deref()),
    ];
    for (what, path) in written {
        let Some(path) = path else { continue };
        let id = FileId::of(Path::new(path));
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == id)
            && fs::metadata(path).map_or(true, |there| there.is_file())
        {
            return Err(Failure::usage(format!("{what} {path} is the same file as that of {other}")));
        }
        seen.push((what, id));
    }
    Ok(())
}

/// What tells a file from all others: by whatever name, link or descriptor it is reached, it is one.
#[derive(Debug, PartialEq)]
enum FileId {
    /// The number of its file system and its number there.
    #[cfg(unix)]
    There(u64, u64),
    /// Where it is, or would be, without links.
    Place(PathBuf),
}

impl FileId {
    fn of(path: &Path) -> FileId {
        #[cfg(unix)]
        if let Ok(there) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt;
            return FileId::There(there.dev(), there.ino());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let in_folder = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
        let place = fs::canonicalize(path).ok().or_else(in_folder);
        FileId::Place(place.unwrap_or_else(|| path.to_owned()))
    }
}

/// What an error of writing says of a file: not the name that it has while it is written.
pub fn cannot_write(path: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    Failure::failed(format!("cannot write {path}: {reason}."))
}
