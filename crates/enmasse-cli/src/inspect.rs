//! `enmasse inspect`.

use crate::args::InspectArgs;
use crate::failure::{Failure, Outcome, Result};

pub async fn run(_: InspectArgs) -> Result<Outcome> {
    Err(Failure::failed("not yet"))
}
