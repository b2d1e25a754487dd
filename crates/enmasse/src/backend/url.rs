//! Parses a database's URL without ever showing its password.

// Without any database feature, this module is unused.
#![cfg_attr(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")), allow(dead_code))]

use std::fmt;
use std::str::FromStr;

use enmasse_core::error::{Error, ErrorKind, Result};

/// A database's URL: `scheme:rest?name=value&…`. Its `Debug` and `Display` leave out the password and the parameters.
#[derive(Clone)]
pub(crate) struct DatabaseUrl {
    /// In lower case.
    pub scheme: String,
    /// The text between the scheme's colon and the question mark, unchanged.
    pub rest: String,
    /// The decoded parameters, in order.
    params: Vec<(String, String)>,
}

impl DatabaseUrl {
    pub fn parse(url: &str) -> Result<Self> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(configuration(
                "A database's URL begins with sqlite:, postgres:, postgresql:, mysql: or mariadb:, as in sqlite://app.db",
            ));
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let params = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect::<Result<_>>()?;
        Ok(DatabaseUrl { scheme: scheme.to_ascii_lowercase(), rest: rest.to_owned(), params })
    }

    /// Removes a parameter and returns it; the last of several with the same name wins.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.params.retain_mut(|(key, value)| {
            let same = key == name;
            if same {
                found = Some(std::mem::take(value));
            }
            !same
        });
        found
    }

    /// Removes a parameter and parses its value.
    pub fn take_parsed<T: FromStr>(&mut self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => {
                Err(configuration(format!("The URL's parameter '{name}' must be {expected}, not '{text}'")))
            }
        }
    }

    /// The remaining parameters.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub fn take_all(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.params)
    }

    /// Refuses the remaining parameters.
    #[cfg(feature = "sqlite")]
    pub fn refuse_rest(&self, known: &[&str]) -> Result<()> {
        match self.params.first() {
            Some((name, _)) => Err(unknown_parameter(name, known)),
            None => Ok(()),
        }
    }

    /// The text after `//`, if any.
    pub fn after_slashes(&self) -> &str {
        self.rest.strip_prefix("//").unwrap_or(&self.rest)
    }

    /// The parts of `//user:password@hosts/database`, decoded except for the hosts.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub fn authority(&self) -> Result<Authority> {
        // The last @ counts, so a password may contain / and @.
        let (credentials, place) = match self.after_slashes().rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, self.after_slashes()),
        };
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, password) = match credentials.map(|text| text.split_once(':').ok_or(text)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(decode(user)?), Some(decode(password)?)),
            Some(Err(user)) => (Some(decode(user)?), None),
        };
        let hosts = hosts
            .split(',')
            .map(|host| {
                let (name, port) = match host.rsplit_once(':') {
                    // Colons in an IPv6 address are in brackets.
                    Some((name, port)) if !port.contains(']') => (name, Some(port)),
                    _ => (host, None),
                };
                let port = match port.filter(|port| !port.is_empty()) {
                    // Not shown: it may be a part of an unencoded password.
                    Some(port) => Some(port.parse().map_err(|_| {
                        configuration(
                            "The URL's port is not a number from 0 to 65535. In a user's name or a password, \
                             write '%3A' for ':', '%2F' for '/', '%3F' for '?' and '%40' for '@'",
                        )
                    })?),
                    None => None,
                };
                let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
                Ok((decode(name)?, port))
            })
            .collect::<Result<_>>()?;
        Ok(Authority {
            user,
            password,
            hosts,
            database: Some(decode(database)?).filter(|name| !name.is_empty()),
        })
    }
}

/// User, hosts and database.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) struct Authority {
    pub user: Option<String>,
    pub password: Option<String>,
    pub hosts: Vec<(String, Option<u16>)>,
    pub database: Option<String>,
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        match self.rest.rsplit_once('@').filter(|_| self.scheme != "sqlite") {
            Some((credentials, place)) => {
                let user = credentials.split_once("//").map_or(credentials, |(_, user)| user);
                write!(f, "//{}@{place}", user.split_once(':').map_or(user, |(user, _)| user))
            }
            // The text after a colon is a port, or the part of a password before a `?`.
            None => match self.rest.rsplit_once(':').filter(|_| self.scheme != "sqlite") {
                Some((host, port)) if !port.starts_with(|first: char| first.is_ascii_digit()) => {
                    f.write_str(host)
                }
                _ => f.write_str(&self.rest),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Decodes each `%41` to its byte. A plus sign is literal, as in libpq.
pub(crate) fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        // The text may be a password, so the error does not show it.
        let byte = byte.ok_or_else(|| {
            configuration(
                "A '%' in a database's URL must be followed by two hexadecimal digits: '%25' is '%' itself",
            )
        })?;
        bytes.push(byte);
        rest = &rest[2..];
    }
    String::from_utf8(bytes)
        .map_err(|_| configuration("A database's URL must be UTF-8 when its '%' sequences are decoded"))
}

pub(crate) fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Error {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let name = if plain { name } else { "…" }; // it may be a part of a password with a ? in it
    configuration(format!(
        "Unknown parameter '{name}' in the database's URL. Choices are: {}",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_url_apart() {
        let mut url =
            DatabaseUrl::parse("Postgres://me%40here:p%3Aw%25@[::1]:5433,b/my%20db?a=1&b=x%26y&a=2").unwrap();
        assert_eq!(url.scheme, "postgres");
        assert_eq!(url.take("a").as_deref(), Some("2"));
        assert_eq!(url.take("b").as_deref(), Some("x&y"));
        assert_eq!(url.take("b"), None);
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        {
            let authority = url.authority().unwrap();
            assert_eq!(authority.user.as_deref(), Some("me@here"));
            assert_eq!(authority.password.as_deref(), Some("p:w%"));
            assert_eq!(authority.hosts, [("::1".to_owned(), Some(5433)), ("b".to_owned(), None)]);
            assert_eq!(authority.database.as_deref(), Some("my db"));
        }
    }

    #[test]
    fn shows_no_password() {
        for (url, shown) in [
            ("postgres://me:secret@host/db?password=secret", "postgres://me@host/db"),
            ("mysql://me:sec@ret@host/db", "mysql://me@host/db"),
            ("postgres://me:a/secret@host/db", "postgres://me@host/db"),
            ("postgres://host/db", "postgres://host/db"),
            ("postgres://host:5432/db", "postgres://host:5432/db"),
            ("postgres://me:secret?part@host/db", "postgres://me"),
            ("sqlite://a@b.db?key=secret", "sqlite://a@b.db"),
        ] {
            let url = DatabaseUrl::parse(url).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn refuses_what_it_cannot_read() {
        for url in
            ["", "app.db", "mysql://u:hush%zzhush@h/d?x=%f", "mysql://u:hush/hush", "mysql://u@h/d?x=%f"]
        {
            let error = match DatabaseUrl::parse(url).map(|url| url.authority().map(|_| ())) {
                Ok(Ok(())) => panic!("{url} was taken"),
                Ok(Err(error)) | Err(error) => error,
            };
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
