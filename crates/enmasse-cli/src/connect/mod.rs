//! Connects to a URL, with the password from the files of the database's own tools.

mod buffers;
mod my_cnf;
mod pgpass;
mod place;

pub use buffers::keep_small;

use std::io::Read;
use std::path::{Path, PathBuf};

use enmasse::Database;

use self::place::Place;
use crate::args::DatabaseArgs;
use crate::failure::{Failure, Result};

/// File extensions of SQLite databases.
const SQLITE_FILES: [&str; 3] = [".db", ".sqlite", ".sqlite3"];

/// Connects for reading and writing.
pub async fn connect(args: &DatabaseArgs) -> Result<Database> {
    connect_in_mode(args, "rw").await
}

/// Connects only for reading: even the journal mode of a SQLite file stays as it is.
pub async fn connect_to_read(args: &DatabaseArgs) -> Result<Database> {
    connect_in_mode(args, "ro").await
}

async fn connect_in_mode(args: &DatabaseArgs, mode: &str) -> Result<Database> {
    let Some(given) = args.db.as_deref().filter(|db| !db.is_empty()) else {
        return Err(Failure::usage(
            "no database given: use --db URL or the environment variable DATABASE_URL",
        ));
    };
    let url = url_of(given);
    let url = match scheme(&url) {
        Some("sqlite") => sqlite(url, mode)?,
        Some("postgres" | "postgresql") => with_password(url, pgpass::password),
        Some("mysql" | "mariadb") => with_password(url, my_cnf::login),
        _ => url,
    };
    Ok(Database::connect(&url).await?)
}

/// A file name with an extension of SQLite databases needs no scheme.
fn url_of(given: &str) -> String {
    let is_file = SQLITE_FILES.iter().any(|end| given.to_ascii_lowercase().ends_with(end));
    match scheme(given) {
        None if is_file => format!("sqlite://{}", given.replace('%', "%25").replace('?', "%3F")),
        _ => given.to_owned(),
    }
}

/// The library's schemes, in lower case.
fn scheme(url: &str) -> Option<&'static str> {
    let (scheme, _) = url.split_once(':')?;
    let known = ["sqlite", "postgres", "postgresql", "mysql", "mariadb"];
    known.into_iter().find(|known| scheme.eq_ignore_ascii_case(known))
}

/// The path of a SQLite database as the library will open it; `None` for other databases.
pub fn sqlite_file(given: &str) -> Option<PathBuf> {
    let url = url_of(given);
    let place = url.split('?').next().unwrap_or(&url);
    let path = place.split_once(':').filter(|_| scheme(&url) == Some("sqlite"))?.1;
    let path = place::decoded(path.strip_prefix("//").unwrap_or(path));
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// The library would create a missing file, which would hide a misspelt name.
fn sqlite(url: String, mode: &str) -> Result<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let Some(path) = sqlite_file(&url) else { return Ok(url) };
    let said = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "mode");
    if said.is_none_or(|(_, mode)| mode != "rwc") && path.try_exists().is_ok_and(|exists| !exists) {
        let path = path.to_string_lossy();
        return Err(Failure::failed(format!(
            "no such file: {} (?mode=rwc at the end of the URL creates an empty database)",
            // The part before `@` may be a password, if the user meant a server's URL.
            path.rsplit_once('@').map_or(&*path, |(_, rest)| rest)
        )));
    }
    let mode = format!("mode={mode}");
    let more = [
        said.is_none().then_some(mode.as_str()),
        // Keeps the file's journal mode.
        (!query.contains("journal_mode=")).then_some("journal_mode=keep"),
        // Each connection reads the schema of all tables, and one connection is enough here.
        (!query.contains("one_connection=")).then_some("one_connection=true"),
    ];
    let mut full = url;
    for parameter in more.into_iter().flatten() {
        full.push(if full.contains('?') { '&' } else { '?' });
        full.push_str(parameter);
    }
    Ok(full)
}

/// The parts of the login that are not in the URL.
#[derive(Default)]
struct Login {
    user: Option<String>,
    password: Option<String>,
}

/// Adds the missing parts of the login to the URL.
fn with_password(url: String, find: impl FnOnce(&Place) -> Login) -> String {
    let Some(place) = Place::of(&url) else { return url };
    if place.has_password {
        return url;
    }
    let login = find(&place);
    place.with_login(&url, login)
}

/// A non-empty environment variable.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A file in the user's home directory.
fn home_file(name: &str) -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(name))
}

/// The largest password file that is read.
const PASSWORDS: u64 = 1 << 20;

/// The file's text, unless its permissions include one of the `forbidden` bits; `None` if it does not exist.
/// As in libpq and MySQL's client, files that others can read or write, pipes and devices are not used; a
/// pipe may never end.
fn private_text(path: &Path, forbidden: u32, problem: &str) -> Option<String> {
    let there = std::fs::metadata(path).ok()?;
    let ignored = |problem: &str| {
        tell!("enmasse: warning: {} is ignored: {problem}", path.display());
        None
    };
    if !there.is_file() {
        return ignored("it is not a regular file");
    }
    if mode(&there) & forbidden != 0 {
        return ignored(&format!("{problem} (chmod 600 makes it private)"));
    }
    if there.len() > PASSWORDS {
        return ignored("it is larger than 1 MiB");
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(PASSWORDS).read_to_end(&mut bytes)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(unix)]
fn mode(there: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    there.permissions().mode()
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_no_scheme() {
        assert_eq!(url_of("app.db"), "sqlite://app.db");
        assert_eq!(url_of("/var/50%?.SQLite3"), "sqlite:///var/50%25%3F.SQLite3");
        assert_eq!(url_of("postgres://h/x.db"), "postgres://h/x.db");
        assert_eq!(url_of("app"), "app");
    }

    #[test]
    fn a_file_is_not_made() {
        assert_eq!(
            sqlite("sqlite://Cargo.toml".into(), "rw").ok().as_deref(),
            Some("sqlite://Cargo.toml?mode=rw&journal_mode=keep&one_connection=true")
        );
        assert_eq!(
            sqlite("sqlite://Cargo.toml?pool_size=1".into(), "ro").ok().as_deref(),
            Some("sqlite://Cargo.toml?pool_size=1&mode=ro&journal_mode=keep&one_connection=true")
        );
        assert_eq!(sqlite("sqlite::memory:".into(), "rw").ok().as_deref(), Some("sqlite::memory:"));
        assert_eq!(
            sqlite("sqlite://none.db?mode=rwc&journal_mode=wal".into(), "rw").ok().as_deref(),
            Some("sqlite://none.db?mode=rwc&journal_mode=wal&one_connection=true")
        );
        let error = sqlite("sqlite://no%20such.db?mode=rw".into(), "rw").unwrap_err();
        assert!(error.message().starts_with("no such file: no such.db ("), "{}", error.message());
    }
}
