//! A terminal that shows what the program writes.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::num::NonZero;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, ExitStatus};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(120).unwrap();

/// What a terminal showed while a program ran.
pub struct Session {
    pub status: ExitStatus,
    /// The screen each time that something was written.
    pub screens: Vec<String>,
    /// All that was written.
    pub bytes: Vec<u8>,
}

impl Session {
    /// The screen when the program had ended.
    pub fn last(&self) -> &str {
        self.screens.last().map_or("", String::as_str)
    }
}

/// Runs a program whose output and errors are a new terminal.
pub fn run(mut command: Command) -> Session {
    let control = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&control).and_then(|()| unlockpt(&control)).expect("a terminal");
    let size = Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&control, size).expect("a terminal's size");
    let name = ptsname(&control, Vec::new()).expect("a terminal's name").into_string().expect("a name");
    let noctty = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(noctty).open(name);
    let terminal = terminal.expect("the terminal");
    command.env("TERM", "xterm").stdout(terminal.try_clone().expect("a copy")).stderr(terminal);
    let mut child = command.spawn().expect("the program runs");
    // The terminal ends when no process holds it.
    drop(command);

    let mut control = File::from(control);
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    let (mut screens, mut bytes) = (Vec::new(), Vec::new());
    let mut part = [0; 4_096];
    while let Ok(count @ 1..) = control.read(&mut part) {
        parser.process(&part[..count]);
        bytes.extend_from_slice(&part[..count]);
        screens.push(parser.screen().contents());
    }
    Session { status: child.wait().expect("it ends"), screens, bytes }
}
