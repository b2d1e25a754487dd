//! PostgreSQL's password file: <https://www.postgresql.org/docs/current/libpq-pgpass.html>.

use std::path::PathBuf;

use super::place::Place;
use super::{Login, home_file, private_text, variable};

/// `PGPASSWORD`, otherwise the password file's entry for the place.
pub fn password(place: &Place) -> Login {
    let found = || {
        private_text(&file()?, 0o077, "users other than its owner can read it")
            .and_then(|text| search(&text, place))
    };
    Login { user: None, password: variable("PGPASSWORD").or_else(found) }
}

fn file() -> Option<PathBuf> {
    match variable("PGPASSFILE") {
        Some(path) => Some(path.into()),
        None if cfg!(windows) => Some(PathBuf::from(variable("APPDATA")?).join("postgresql/pgpass.conf")),
        None => home_file(".pgpass"),
    }
}

/// The password in the first matching line.
fn search(text: &str, place: &Place) -> Option<String> {
    let user = place.user.clone().or_else(|| variable("PGUSER")).or_else(|| variable("USER"));
    let host = place.host.as_deref().unwrap_or("localhost");
    // A socket's directory counts as the local machine.
    let host = if host.starts_with('/') { "localhost" } else { host };
    let port = place.port.as_deref().unwrap_or("5432");
    let database = place.database.as_deref().or(user.as_deref()).unwrap_or_default();
    let wanted = [host, port, database, user.as_deref().unwrap_or_default()];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line.trim_end_matches('\r'));
        let (password, names) = fields.split_last().filter(|(_, names)| names.len() == 4)?;
        // An escaped star is a literal name.
        let fits = |((name, is_star), wanted): (&(String, bool), &str)| *is_star || name == wanted;
        names.iter().zip(wanted).all(fits).then(|| password.0.clone())
    })
}

/// The five fields of a line without backslashes, and whether each is a wildcard.
fn fields(line: &str) -> Vec<(String, bool)> {
    let mut fields = vec![String::new()];
    let mut raw = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == ':' && fields.len() < 5 {
            fields.push(String::new());
            raw.push(String::new());
            continue;
        }
        let taken = if c == '\\' { chars.next().unwrap_or(c) } else { c };
        if let (Some(field), Some(raw)) = (fields.last_mut(), raw.last_mut()) {
            field.push(taken);
            raw.push(c);
        }
    }
    fields.into_iter().zip(raw).map(|(field, raw)| (field, raw == "*")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Place {
        Place::of(url).unwrap()
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let text = "# a comment:5432:*:*:no\n\
                    short:line\n\
                    db.example:5433:shop:amy:first\n\
                    db.example:*:*:amy:any\r\n\
                    *:5432:we\\:ird\\\\:bob:pa\\:ss\\\\word:with colon\n\
                    localhost:*:*:amy:local\n\
                    \\*:*:*:amy:star";
        for (url, expected) in [
            ("postgres://amy@db.example:5433/shop", Some("first")),
            ("postgres://amy@db.example/shop", Some("any")),
            ("postgres://bob@h/we%3Aird%5C", Some("pa:ss\\word:with colon")),
            ("postgres://amy@/shop", Some("local")),
            ("postgres:///shop?host=/run/postgresql&user=amy", Some("local")),
            ("postgres://amy@*/shop", Some("star")),
            ("postgres://amy@other/shop", None),
            ("postgres://eve@db.example:5433/shop", None),
        ] {
            assert_eq!(search(text, &place(url)).as_deref(), expected, "{url}");
        }
    }
}
