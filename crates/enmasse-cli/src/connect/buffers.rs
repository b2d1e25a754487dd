//! The buffers of MySQL's driver: it keeps up to 128 of as many as 4 MiB each, unless its environment says otherwise.

use crate::args::Command;

/// The driver's own variable: the size above which it does not keep a buffer.
const VARIABLE: &str = "MYSQL_ASYNC_BUFFER_SIZE_CAP";

/// The most bytes of a buffer that is kept. Rows that are longer have one made for them.
const KEPT: &str = "65536";

/// Begins the program anew with small buffers, where it will use the driver: its environment cannot be changed while it runs. Where
/// that is not possible, it goes on as it is.
pub fn keep_small(command: &Command) {
    let url = match command {
        Command::Apply(args) => args.database.db.as_deref().unwrap_or_default(),
        _ => return,
    };
    let uses_driver = matches!(super::scheme(url), Some("mysql" | "mariadb"));
    if uses_driver && std::env::var_os(VARIABLE).is_none() {
        begin_anew();
    }
}

#[cfg(unix)]
fn begin_anew() {
    use std::os::unix::process::CommandExt;
    let mut args = std::env::args_os();
    let name = args.next();
    if let (Some(name), Ok(program)) = (name, std::env::current_exe()) {
        // it only comes back where this failed
        _ = std::process::Command::new(program).arg0(name).args(args).env(VARIABLE, KEPT).exec();
    }
}

#[cfg(not(unix))]
fn begin_anew() {}
