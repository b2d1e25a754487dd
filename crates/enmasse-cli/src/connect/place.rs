//! The server of a URL: the search key of a password file.

use super::Login;

/// The server and the user in a URL.
#[derive(Debug, Default, PartialEq)]
pub struct Place {
    pub user: Option<String>,
    pub has_password: bool,
    /// The first of several hosts.
    pub host: Option<String>,
    pub port: Option<String>,
    pub database: Option<String>,
}

impl Place {
    /// Parses the URL as the library does; `None` for a URL that the library will refuse.
    pub fn of(url: &str) -> Option<Place> {
        let (_, rest) = url.split_once(':')?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = rest.strip_prefix("//")?;
        let (credentials, place) =
            rest.rsplit_once('@').map_or((None, rest), |(who, place)| (Some(who), place));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        let first = hosts.split(',').next().unwrap_or_default();
        let (host, port) = match first.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (first, None),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let (user, password) = match credentials.map(|who| who.split_once(':').ok_or(who)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(user), Some(password)),
            Some(Err(user)) => (Some(user), None),
        };
        let text = |text: &str| Some(decoded(text)).filter(|text| !text.is_empty());
        let mut found = Place {
            user: user.and_then(text),
            has_password: password.is_some(),
            host: text(host),
            port: port.and_then(text),
            database: text(database),
        };
        // Parameters with libpq's names override the earlier parts.
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "user" => found.user = text(value),
                "password" => found.has_password = true,
                "host" => found.host = text(value.split(',').next().unwrap_or_default()),
                "port" => found.port = text(value.split(',').next().unwrap_or_default()),
                "dbname" => found.database = text(value),
                _ => {}
            }
        }
        Some(found)
    }

    /// Adds a login to a URL without one.
    pub fn with_login(&self, url: &str, login: Login) -> String {
        let user = self.user.clone().or(login.user);
        let (Some((scheme, rest)), false) =
            (url.split_once("://"), user.is_none() && login.password.is_none())
        else {
            return url.to_owned();
        };
        // The query may contain an @.
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let hosts = place.rsplit_once('@').map_or(place, |(_, hosts)| hosts);
        let user = user.map_or(String::new(), |user| encoded(&user));
        let password = login.password.map_or(String::new(), |password| format!(":{}", encoded(&password)));
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        format!("{scheme}://{user}{password}@{hosts}{query}")
    }
}

/// Decodes `%41`; the library refuses invalid escapes.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|digits| byte == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        (bytes, rest) = match hex {
            Some(hex) => ([bytes, vec![hex]].concat(), &after[2..]),
            None => ([bytes, vec![byte]].concat(), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes every byte with a meaning in URLs as `%41`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_url_is_taken_apart() {
        assert_eq!(
            Place::of("postgres://me%40x:pw@[::1]:5433,b/my%20db?a=b@c").unwrap(),
            Place {
                user: some("me@x"),
                has_password: true,
                host: some("::1"),
                port: some("5433"),
                database: some("my db"),
            }
        );
        assert_eq!(Place::of("mysql://host").unwrap(), Place { host: some("host"), ..Place::default() });
        assert_eq!(
            Place::of("postgres:///db?host=/run/pg&user=u&password=x").unwrap(),
            Place {
                user: some("u"),
                has_password: true,
                host: some("/run/pg"),
                database: some("db"),
                port: None,
            }
        );
        assert_eq!(Place::of("postgres:db"), None);
    }

    #[test]
    fn a_login_is_put_in() {
        let login = |user: Option<&str>, password: &str| Login {
            user: user.map(str::to_owned),
            password: Some(password.to_owned()),
        };
        for (url, user, password, expected) in [
            ("postgres://me@h/d?x=1@2", None, "a:b/@?%é", "postgres://me:a%3Ab%2F%40%3F%25%C3%A9@h/d?x=1@2"),
            ("mysql://h:3307/d", Some("bob"), "x", "mysql://bob:x@h:3307/d"),
            ("mysql://amy@h/d", Some("bob"), "x", "mysql://amy:x@h/d"),
        ] {
            assert_eq!(Place::of(url).unwrap().with_login(url, login(user, password)), expected);
        }
        let url = "mysql://h/d";
        assert_eq!(Place::of(url).unwrap().with_login(url, Login::default()), url);
    }
}
