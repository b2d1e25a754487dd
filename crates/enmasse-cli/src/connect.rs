//! The database of a URL, with the password from where the database's own tools find it.

use enmasse::Database;

use crate::args::DatabaseArgs;
use crate::failure::Result;

/// Connects.
pub async fn connect(args: &DatabaseArgs) -> Result<Database> {
    Ok(Database::connect(&args.db).await?)
}
