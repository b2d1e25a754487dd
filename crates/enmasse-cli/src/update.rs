//! `enmasse update`.

use crate::args::UpdateArgs;
use crate::failure::{Failure, Outcome, Result};

pub async fn run(_: UpdateArgs) -> Result<Outcome> {
    Err(Failure::failed("not yet"))
}
