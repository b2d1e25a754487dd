//! PostgreSQL: a pool of connections with prepared statements and binary parameters.

mod connection;
mod convert;
mod error;
mod plain;
mod pooler;
mod session;
mod spell;
mod statement;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Client, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use enmasse_core::dialect::{Dialect, Postgres};
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::connection::PostgresConnection;
use self::pooler::Pooler;
use super::{ACQUIRE_TIMEOUT, Access, Backend, Connection, POOL_SIZE, no_answer, pool_is_used_up, pool_size};
use crate::backend::url::{DatabaseUrl, configuration, unknown_parameter};

/// Poll interval while connections end.
const ENDING: Duration = Duration::from_millis(5);

/// The oldest supported server.
const OLDEST: u32 = 13;

/// The URL's parameters other than those for the pool and for TLS; `tokio-postgres` interprets them.
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
    /// The server's capabilities, with COPY and without.
    dialects: [Arc<Postgres>; 2],
    pool: Pool,
    server: Server,
}

/// The common state of all connections to a server.
#[derive(Clone)]
struct Server {
    /// The TLS settings for cancel requests; none for a caller's pool.
    tls: Option<MakeRustlsConnect>,
    pooler: Arc<Pooler>,
}

/// The database of a `postgres:` URL.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Backend>> {
    let mut url = url.clone();
    let size = pool_size(&mut url, POOL_SIZE)?;
    let said: Option<bool> = url.take_parsed("pgbouncer", "true or false")?;
    let (mode, tls) = tls::from_url(&mut url)?;
    let mut config = config(&mut url)?;
    // libpq does not use TLS on a local socket either.
    let is_remote = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
    let tls = Some(tls).filter(|_| is_remote && mode != SslMode::Disable);
    config.ssl_mode(if tls.is_some() { mode } else { SslMode::Disable });
    let made = |config: Config, pooler: Arc<Pooler>| {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls.clone() {
            Some(tls) => Manager::from_config(config, tls, recycling),
            None => Manager::from_config(config, NoTls, recycling),
        };
        let asked = pooler.clone();
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(move |client, _| {
                let pooler = asked.clone();
                Box::pin(async move {
                    session::set_up(client, &pooler)
                        .await
                        .map_err(|error| HookError::message(error.message().to_owned()))
                })
            }))
            .build()
            .map_err(|error| configuration("The pool cannot be created.").with_source(error))?;
        Ok((pool, Server { tls: tls.clone(), pooler }))
    };
    if let Some(is_pooler) = said {
        let (pool, server) = made(config, Arc::new(Pooler::said(is_pooler)))?;
        return backed(pool, server).await;
    }
    let mut probing = config.clone();
    pooler::add_mark(&mut probing);
    let (pool, server) = made(probing, Arc::new(Pooler::asked()))?;
    match backed(pool, server).await {
        // A pooler does not know the mark.
        Err(error) if pooler::refuses_mark(&error) => {
            let (pool, server) = made(config, Arc::new(Pooler::said(true)))?;
            backed(pool, server).await
        }
        result => result,
    }
}

/// Uses the caller's pool.
pub(crate) async fn adopt(pool: Pool) -> Result<Box<dyn Backend>> {
    let client = get(&pool, ACQUIRE_TIMEOUT).await?;
    session::refuse_unfit(&client).await?;
    drop(client);
    backed(pool, Server { tls: None, pooler: Arc::new(Pooler::said(false)) }).await
}

/// Returns a client of the pool as soon as one is free.
async fn get(pool: &Pool, limit: Duration) -> Result<Client> {
    match timeout(limit, pool.get()).await {
        Ok(got) => got.map_err(error::pool_error),
        Err(_) => {
            let status = pool.status();
            let is_full = status.size >= status.max_size && status.available == 0;
            Err(if is_full { pool_is_used_up(status.max_size, limit) } else { no_answer(limit) })
        }
    }
}

/// The driver's settings, assembled from name and value pairs, so that the driver checks them.
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
            let ours =
                ["acquire_timeout", "pgbouncer", "pool_size", "retries", "sslmode", "sslrootcert", "user"];
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
        // The cause names the parameter without its value.
        let cause = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
        configuration(format!("The database's URL is wrong: {cause}"))
    })
}

/// Asks the server for its version and capabilities.
async fn backed(pool: Pool, server: Server) -> Result<Box<dyn Backend>> {
    let client = get(&pool, ACQUIRE_TIMEOUT).await?;
    let asked = "SELECT current_setting('server_version_num'), \
                 CASE WHEN has_database_privilege(current_database(), 'TEMPORARY') THEN 'yes' END";
    let row = session::ask(&client, asked).await.map_err(error::error)?;
    let number: u32 = row.first().and_then(|number| number.as_ref()?.parse().ok()).unwrap_or_default();
    let temporary_tables = row.get(1).is_some_and(Option::is_some);
    let version = (number / 10_000, number % 10_000);
    if version.0 < OLDEST {
        return Err(Error::new(
            ErrorKind::NotSupported,
            format!("PostgreSQL {} is too old: {OLDEST} or newer is needed.", version.0),
        ));
    }
    drop(client);
    let dialects = [true, false].map(|copy_stream| {
        Arc::new(Postgres { version, temporary_tables, copy_stream, ..Postgres::default() })
    });
    Ok(Box::new(Backed { dialects, pool, server }))
}

impl Backed {
    fn present_dialect(&self) -> Arc<Postgres> {
        let [with_copy, without] = &self.dialects;
        if self.server.pooler.copies() { with_copy.clone() } else { without.clone() }
    }
}

impl Backend for Backed {
    fn dialect(&self) -> Arc<dyn Dialect> {
        self.present_dialect()
    }

    fn connect(&self, _: Access, limit: Option<Duration>) -> BoxFuture<'_, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let client = get(&self.pool, limit.unwrap_or(ACQUIRE_TIMEOUT)).await?;
            let connection = PostgresConnection::new(client, self.present_dialect(), self.server.clone());
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.pool.close();
        Box::pin(async move {
            // Dropped work must still be cancelled and rolled back; the pool does not report when this is
            // done.
            while self.pool.status().size > 0 {
                tokio::time::sleep(ENDING).await;
            }
        })
    }
}
