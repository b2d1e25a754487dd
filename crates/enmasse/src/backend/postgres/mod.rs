//! PostgreSQL: a pool of connections, each statement prepared once and its parameters sent in binary.

mod connection;
mod convert;
mod error;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use enmasse_core::dialect::{Dialect, Postgres};
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::connection::PostgresConnection;
use super::{Access, Backend, Connection, POOL_SIZE, POOL_WAIT};
use crate::url::{DatabaseUrl, configuration, unknown_parameter};

/// How often it is looked whether the connections have ended.
const ENDING: Duration = Duration::from_millis(5);

/// The oldest server that will do.
const OLDEST: u32 = 13;

/// The URL's parameters, beside those for the pool and for TLS; `tokio-postgres` knows what they mean.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
];

struct Backed {
    dialect: Arc<Postgres>,
    pool: Pool,
    /// How to reach the server to stop a statement. Where the pool is the caller's we try without TLS.
    tls: Option<MakeRustlsConnect>,
}

/// The database of a `postgres:` URL.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Backend>> {
    let mut url = url.clone();
    let size: usize = url.take_parsed("pool_size", "a number")?.unwrap_or(POOL_SIZE).max(1);
    let (mode, tls) = tls::from_url(&mut url)?;
    let mut config = config(&mut url)?;
    // libpq too has no TLS on a socket of the machine itself
    let is_remote = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
    let tls = Some(tls).filter(|_| is_remote && mode != SslMode::Disable);
    config.ssl_mode(if tls.is_some() { mode } else { SslMode::Disable });

    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match tls.clone() {
        Some(tls) => Manager::from_config(config, tls, recycling),
        None => Manager::from_config(config, NoTls, recycling),
    };
    let pool = Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(POOL_WAIT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| configuration("The pool cannot be made.").with_source(error))?;
    backed(pool, tls).await
}

/// A pool that the caller made.
pub(crate) async fn adopt(pool: Pool) -> Result<Box<dyn Backend>> {
    backed(pool, None).await
}

/// The driver's settings. They are put together from pairs of a name and a value, so that its own reader checks them.
fn config(url: &mut DatabaseUrl) -> Result<Config> {
    let authority = url.authority()?;
    let mut pairs = Vec::new();
    let hosts: Vec<_> =
        authority.hosts.iter().filter(|(name, port)| !name.is_empty() || port.is_some()).collect();
    if !hosts.is_empty() {
        let names: Vec<&str> =
            hosts.iter().map(|(name, _)| if name.is_empty() { "localhost" } else { name }).collect();
        let ports: Vec<String> = hosts.iter().map(|(_, port)| port.unwrap_or(5432).to_string()).collect();
        pairs.push(("host".to_owned(), names.join(",")));
        pairs.push(("port".to_owned(), ports.join(",")));
    }
    pairs.extend(authority.user.map(|user| ("user".to_owned(), user)));
    pairs.extend(authority.password.map(|password| ("password".to_owned(), password)));
    pairs.extend(authority.database.map(|name| ("dbname".to_owned(), name)));
    for (name, value) in url.take_all() {
        if !PARAMETERS.contains(&name.as_str()) && name != "user" {
            let ours = ["pool_size", "sslmode", "sslrootcert", "user"];
            let mut known = [&PARAMETERS[..], &ours].concat();
            known.sort_unstable();
            return Err(unknown_parameter(&name, &known));
        }
        pairs.retain(|(earlier, _)| *earlier != name);
        pairs.push((name, value));
    }
    if !pairs.iter().any(|(name, _)| name == "host" || name == "hostaddr") {
        pairs.push(("host".to_owned(), "localhost".to_owned()));
    }
    let quoted: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'")))
        .collect();
    quoted.join(" ").parse().map_err(|error: tokio_postgres::Error| {
        // its cause names the parameter, and has no value in it
        let cause = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
        configuration(format!("The database's URL is wrong: {cause}"))
    })
}

/// Asks the server what it is.
async fn backed(pool: Pool, tls: Option<MakeRustlsConnect>) -> Result<Box<dyn Backend>> {
    let client = pool.get().await.map_err(error::pool_error)?;
    let asked = "SELECT current_setting('server_version_num')::int4, has_database_privilege(current_database(), 'TEMPORARY')";
    let row = client.query_one(asked, &[]).await.map_err(error::error)?;
    let number = row.try_get::<_, i32>(0).map_err(error::error)? as u32;
    let temporary_tables = row.try_get::<_, bool>(1).map_err(error::error)?;
    let version = (number / 10_000, number % 10_000);
    if version.0 < OLDEST {
        return Err(Error::new(
            ErrorKind::NotSupported,
            format!("PostgreSQL {} is too old: {OLDEST} or newer is needed.", version.0),
        ));
    }
    drop(client);
    Ok(Box::new(Backed { dialect: Arc::new(Postgres { version, temporary_tables }), pool, tls }))
}

impl Backend for Backed {
    fn dialect(&self) -> Arc<dyn Dialect> {
        self.dialect.clone()
    }

    fn connect(&self, _: Access) -> BoxFuture<'_, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let client = self.pool.get().await.map_err(error::pool_error)?;
            let connection = PostgresConnection::new(client, self.dialect.clone(), self.tls.clone());
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.pool.close();
        Box::pin(async move {
            // what was dropped in the middle is still to be stopped and rolled back; the pool does not tell when it is
            while self.pool.status().size > 0 {
                tokio::time::sleep(ENDING).await;
            }
        })
    }
}
