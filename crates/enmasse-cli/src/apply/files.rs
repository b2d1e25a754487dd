//! Files that are there when all is done, and not before.

use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::TempPath;

use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};

/// A file that is being written beside the place where it is to stand: a failure leaves what stands there as it is. What is no regular file,
/// a pipe or a device, is written itself.
#[derive(Debug)]
pub struct OutputFile<W> {
    path: String,
    temporary: Option<(TempPath, PathBuf)>,
    writer: W,
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
            return Ok(OutputFile { path: path.to_owned(), temporary: None, writer: open(path)? });
        }
        // the file that a link leads to is written, not the link
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
            return Err(failed("it is no name of a file"));
        };
        // the end of its name tells what is written
        let suffix = format!("-{name}");
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(&suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| cannot_write(path, &error))?
            .into_temp_path();
        if let Some(there) = there {
            fs::set_permissions(&temporary, there.permissions())
                .map_err(|error| cannot_write(path, &error))?;
        }
        let writer = match temporary.to_str() {
            Some(place) => open(place)?,
            None => return Err(failed("its folder's name is no text")),
        };
        Ok(OutputFile { path: path.to_owned(), temporary: Some((temporary, target)), writer })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Ends the file: it is whole, but not yet where it is to stand.
    pub fn finish(self, end: impl FnOnce(W) -> Result<()>) -> Result<FinishedFile> {
        let OutputFile { path, temporary, writer } = self;
        end(writer)?;
        Ok(FinishedFile { path, temporary })
    }
}

/// A file that is whole.
#[derive(Debug)]
pub struct FinishedFile {
    path: String,
    temporary: Option<(TempPath, PathBuf)>,
}

impl FinishedFile {
    /// Puts the file where it is to stand, in place of what stands there. Where that fails it is left where it is, and its place is told.
    pub fn place(self) -> Result<(), String> {
        let FinishedFile { path, temporary } = self;
        let Some((temporary, target)) = temporary else { return Ok(()) };
        temporary.persist(target).map_err(|error| {
            let reason = error.error;
            match error.path.keep() {
                Ok(place) => format!("cannot write {path}: {reason}; it is {}", place.display()),
                Err(_) => format!("cannot write {path}: {reason}"),
            }
        })
    }

    /// Leaves the file where it is, and tells the place.
    pub fn keep(self) -> Option<String> {
        let FinishedFile { path, temporary } = self;
        let (temporary, _) = temporary?;
        Some(match temporary.keep() {
            Ok(place) => format!("{path} is not there: it is {}", place.display()),
            Err(error) => format!("cannot keep {path}: {}", error.error),
        })
    }
}

/// Refuses files that are to be written in place of what is read, of the database, or of each other.
pub fn refuse_clashes(args: &ApplyArgs) -> Result<()> {
    let database = args.database.db.as_deref().and_then(sqlite_file);
    let input = Some(args.file.as_str()).filter(|file| *file != "-");
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    let read = [("the input", input), ("the database", database)];
    let written = [
        ("--missing", args.missing.as_deref()),
        ("--diff", args.diff.as_deref()),
        ("--rejects", args.rejects.as_deref()),
    ];
    for (what, path) in read.into_iter().chain(written) {
        let Some(path) = path else { continue };
        let place = place_of(path);
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == place)
            && what.starts_with("--")
            && fs::metadata(path).map_or(true, |there| there.is_file())
        {
            return Err(Failure::usage(format!("{what} {path} is the same file as that of {other}")));
        }
        seen.push((what, place));
    }
    Ok(())
}

/// The file of a SQLite database.
fn sqlite_file(url: &str) -> Option<&str> {
    let rest = match url.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sqlite") => {
            rest.strip_prefix("//").unwrap_or(rest)
        }
        Some(_) => return None,
        None => url,
    };
    Some(rest.split('?').next().unwrap_or(rest))
}

/// Where a file is or would be, without links.
fn place_of(path: &str) -> PathBuf {
    let path = Path::new(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let in_folder = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// What an error of writing says of a file: not the name that it has while it is written.
pub fn cannot_write(path: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    Failure::failed(format!("cannot write {path}: {reason}."))
}
