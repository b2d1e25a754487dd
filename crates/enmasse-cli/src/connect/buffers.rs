//! Buffers of MySQL's driver: by default it keeps up to 128 buffers of up to 4 MiB each.

use crate::args::Command;

/// The driver's environment variable for the largest buffer that it keeps.
const VARIABLE: &str = "MYSQL_ASYNC_BUFFER_SIZE_CAP";

/// The size of the largest kept buffer, in bytes. Longer rows get temporary buffers.
const KEPT: &str = "65536";

/// Restarts the program with small buffers if it will use the driver, whose environment cannot change at run
/// time. If the restart fails, the program continues unchanged.
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
        // `exec` returns only if it failed.
        _ = std::process::Command::new(program).arg0(name).args(args).env(VARIABLE, KEPT).exec();
    }
}

#[cfg(not(unix))]
fn begin_anew() {}
