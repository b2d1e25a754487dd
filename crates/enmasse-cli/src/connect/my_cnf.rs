//! The option file of MySQL's and MariaDB's clients: <https://mariadb.com/kb/en/configuring-mariadb-with-option-files/>.

use super::place::Place;
use super::{Login, home_file, private_text, variable};

/// `MYSQL_PWD`, otherwise the password of `[client]` in `~/.my.cnf`; also the user, if the URL has none.
pub fn login(_: &Place) -> Login {
    let text = home_file(".my.cnf").and_then(|path| private_text(&path, 0o002, "everyone can write it"));
    let login = text.map(|text| client(&text)).unwrap_or_default();
    Login { password: variable("MYSQL_PWD").or(login.password), ..login }
}

/// The client sections; as in MySQL, the last of several lines wins.
fn client(text: &str) -> Login {
    let mut login = Login::default();
    let mut is_client = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            is_client = matches!(section.0.trim(), "client" | "client-server" | "client-mariadb");
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| is_client) else { continue };
        match name.trim() {
            "user" => login.user = Some(unquoted(value.trim())),
            "password" => login.password = Some(unquoted(value.trim())),
            _ => {}
        }
    }
    login
}

/// A value without quotes, trailing comment and backslashes.
fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let mut chars = value.chars().skip(usize::from(quote.is_some()));
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('r') => plain.push('\r'),
                Some('b') => plain.push('\u{8}'),
                Some('s') => plain.push(' '),
                Some(c @ ('\\' | '\'' | '"')) => plain.push(c),
                Some(c) => plain.extend(['\\', c]),
                None => plain.push('\\'),
            },
            c if Some(c) == quote => return plain,
            '#' if quote.is_none() => return plain.trim_end().to_owned(),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_clients_is_read() {
        let text = "# password = no\n[mysqld]\npassword=no\n[client]\nuser = amy # the shop's\n;password=no\n\
                    password=first\nport=3307\npassword = \"se#cr\\\\et\\\"=x\"\n!include other\n[mysqldump]\nuser=bob";
        let login = client(text);
        assert_eq!(login.user.as_deref(), Some("amy"));
        assert_eq!(login.password.as_deref(), Some("se#cr\\et\"=x"));
        let login = client("user=none\n[client-mariadb]\npassword='it''s'");
        assert_eq!((login.user, login.password.as_deref()), (None, Some("it")));
    }
}
