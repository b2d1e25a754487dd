//! Files that are there when all is done, and not before.

use std::io;
use std::path::Path;

use tempfile::TempPath;

use crate::failure::{Failure, Result};

/// A file that is being written beside the place where it is to stand: a failure leaves what stands there as it is.
#[derive(Debug)]
pub struct OutputFile<W> {
    path: String,
    temporary: TempPath,
    writer: W,
}

impl<W> OutputFile<W> {
    /// Begins the file of a path; `open` makes the writer.
    pub fn create(path: &str, open: impl FnOnce(&str) -> Result<W>) -> Result<Self> {
        let failed = |reason: &str| Failure::failed(format!("cannot write {path}: {reason}."));
        let target = Path::new(path);
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
            return Err(failed("it is no name of a file"));
        };
        // the end of its name tells what is written
        let temporary = tempfile::Builder::new()
            .prefix(".")
            .suffix(&format!("-{name}"))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| cannot_write(path, &error))?
            .into_temp_path();
        let writer = match temporary.to_str() {
            Some(place) => open(place)?,
            None => return Err(failed("its folder's name is no text")),
        };
        Ok(OutputFile { path: path.to_owned(), temporary, writer })
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
    temporary: TempPath,
}

impl FinishedFile {
    /// Puts the file where it is to stand, in place of what stands there. Where that fails it is left where it is, and its place is told.
    pub fn place(self) -> Result<(), String> {
        let FinishedFile { path, temporary } = self;
        temporary.persist(&path).map_err(|error| {
            let reason = error.error;
            match error.path.keep() {
                Ok(place) => format!("cannot write {path}: {reason}; it is {}", place.display()),
                Err(_) => format!("cannot write {path}: {reason}"),
            }
        })
    }
}

/// What an error of writing says of a file: not the name that it has while it is written.
pub fn cannot_write(path: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    Failure::failed(format!("cannot write {path}: {reason}."))
}
