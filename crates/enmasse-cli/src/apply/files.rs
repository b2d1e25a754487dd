//! Files that are there when all is done, and not before.

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
    pub fn create<E: std::fmt::Display>(path: &str, open: impl FnOnce(&str) -> Result<W, E>) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot write {path}: {error}"));
        let target = Path::new(path);
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = target.file_name().and_then(|name| name.to_str()) else {
            return Err(failed(&"it is no name of a file"));
        };
        // the end of its name tells what is written
        let temporary = tempfile::Builder::new()
            .prefix(".")
            .suffix(&format!("-{name}"))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| failed(&error))?
            .into_temp_path();
        let writer = match temporary.to_str() {
            Some(place) => open(place).map_err(|error| failed(&error))?,
            None => return Err(failed(&"its folder's name is no text")),
        };
        Ok(OutputFile { path: path.to_owned(), temporary, writer })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Ends the file, and puts it where it is to stand.
    pub fn finish(self, end: impl FnOnce(W) -> Result<()>) -> Result<()> {
        let OutputFile { path, temporary, writer } = self;
        end(writer)?;
        temporary
            .persist(&path)
            .map_err(|error| Failure::failed(format!("cannot write {path}: {}", error.error)))
    }
}
