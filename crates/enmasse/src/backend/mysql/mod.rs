//! MySQL and MariaDB: a pool of connections with prepared statements.

mod connection;
mod convert;
mod ends;
mod error;
mod home;
mod load;
mod session;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use enmasse_core::dialect::{Dialect, Flavour, Mysql};
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints};
use url::form_urlencoded;

use self::connection::MysqlConnection;
use self::ends::Ends;
use self::home::Home;
use super::{ACQUIRE_TIMEOUT, Access, Backend, Connection, POOL_SIZE, pool_size};
use crate::backend::url::{DatabaseUrl, configuration};

/// The oldest supported servers.
const OLDEST_MARIADB: (u32, u32) = (10, 5);
const OLDEST_MYSQL: (u32, u32) = (8, 0);

/// How long an idle connection is kept; the driver's default is not at all.
const IDLE: Duration = Duration::from_secs(300);

/// Prepared statements kept per connection.
const STATEMENTS: usize = 128;

struct Backed {
    dialect: Arc<Mysql>,
    pool: Home,
    /// `innodb_rollback_on_timeout`: whether a lock timeout ends the whole transaction.
    timeout_ends_transaction: bool,
    ends: Ends,
}

/// The database of a `mysql:` or `mariadb:` URL.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Backend>> {
    backed(Home::new(options(url)?)).await
}

/// Uses the caller's pool.
pub(crate) async fn adopt(pool: Pool) -> Result<Box<dyn Backend>> {
    let mut conn = pool.get_conn().await.map_err(error::connect_error)?;
    if !conn.opts().client_found_rows() {
        return Err(configuration(
            "The pool's connections count only the rows that an UPDATE changed, not those that it matched: make it \
             with OptsBuilder::client_found_rows(true), or with ?client_found_rows=true in its URL.",
        ));
    }
    session::refuse_unfit(&mut conn).await?;
    let options = conn.opts().clone();
    drop(conn);
    backed(Home::of(pool, options)).await
}

fn options(url: &DatabaseUrl) -> Result<Opts> {
    let mut url = url.clone();
    let size = pool_size(&mut url, POOL_SIZE)?;
    let tls = tls::from_url(&mut url)?;
    let authority = url.authority()?;
    let [(host, port)] = &authority.hosts[..] else {
        return Err(configuration("The URL of a MySQL or MariaDB database has one host"));
    };

    // The driver reads the other parameters, from a URL with only these.
    let mut rest = form_urlencoded::Serializer::new(String::new());
    let others = url.take_all();
    let prefers_socket = others.iter().any(|(name, _)| name == "prefer_socket");
    for (name, value) in &others {
        if name.starts_with("pool_") || name == "client_found_rows" || name == "reset_connection" {
            return Err(error::url_error(mysql_async::UrlError::UnknownParameter { param: name.clone() }));
        }
        rest.append_pair(name, value);
    }
    let driver = Opts::from_url(&format!("mysql://host/?{}", rest.finish())).map_err(error::url_error)?;

    let constraints = PoolConstraints::new(0, size).unwrap_or_default();
    let pool = driver
        .pool_opts()
        .clone()
        .with_constraints(constraints)
        .with_inactive_connection_ttl(IDLE)
        .with_reset_connection(false);
    let statements = if others.iter().any(|(name, _)| name == "stmt_cache_size") {
        driver.stmt_cache_size()
    } else {
        STATEMENTS
    };
    let tls = tls.unwrap_or_else(|| driver.ssl_opts().cloned());
    if tls.is_some() {
        tls::ensure_provider();
    }
    // A socket that the server reports may need another login method.
    let prefers_socket = prefers_socket && driver.prefer_socket();
    Ok(OptsBuilder::from_opts(driver)
        .ip_or_hostname(if host.is_empty() { "localhost" } else { host })
        .tcp_port(port.unwrap_or(3306))
        .user(authority.user)
        .pass(authority.password)
        .db_name(authority.database)
        .prefer_socket(prefers_socket)
        .stmt_cache_size(statements)
        .client_found_rows(true)
        .pool_opts(pool)
        .ssl_opts(tls)
        .init(vec![session::set_up()])
        .into())
}

/// Asks the server for its version and settings.
async fn backed(pool: Home) -> Result<Box<dyn Backend>> {
    let mut conn = pool.get(ACQUIRE_TIMEOUT).await?;
    let row: Option<(String, u64, bool, String)> = conn
        .query_first("SELECT VERSION(), @@max_allowed_packet, @@local_infile, @@sql_mode")
        .await
        .map_err(error::error)?;
    let (text, packet, local_infile, sql_mode) = row.unwrap_or_default();
    let setting: Option<(String, String)> =
        conn.query_first("SHOW VARIABLES LIKE 'innodb_rollback_on_timeout'").await.map_err(error::error)?;
    let temporary_tables = makes_temporary_tables(&mut conn).await?;
    drop(conn);

    let (flavour, oldest) = if text.to_ascii_lowercase().contains("mariadb") {
        (Flavour::MariaDb, OLDEST_MARIADB)
    } else {
        (Flavour::Mysql, OLDEST_MYSQL)
    };
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let dialect = Mysql {
        flavour,
        version,
        max_packet: packet.try_into().unwrap_or(usize::MAX),
        // If the server may change values silently, it would change loaded values.
        local_infile: local_infile && sql_mode.contains("STRICT_"),
        temporary_tables,
        ..Mysql::default()
    };
    if version < oldest {
        return Err(Error::new(
            ErrorKind::NotSupported,
            format!("{} is too old: {}.{} or newer is needed.", dialect.name(), oldest.0, oldest.1),
        ));
    }
    let timeout_ends_transaction = setting.is_some_and(|(_, value)| value.eq_ignore_ascii_case("on"));
    Ok(Box::new(Backed { dialect: Arc::new(dialect), pool, timeout_ends_transaction, ends: Ends::default() }))
}

/// Whether the user may create temporary tables in the current database, which can only be found by trying.
async fn makes_temporary_tables(conn: &mut Conn) -> Result<bool> {
    let made = conn.query_drop("CREATE TEMPORARY TABLE enmasse_batch (k0 INT)").await;
    match made {
        Ok(()) => {
            conn.query_drop("DROP TEMPORARY TABLE enmasse_batch").await.map_err(error::error)?;
            Ok(true)
        }
        Err(mysql_async::Error::Server(_)) => Ok(false),
        Err(other) => Err(error::error(other)),
    }
}

impl Backend for Backed {
    fn dialect(&self) -> Arc<dyn Dialect> {
        self.dialect.clone()
    }

    fn connect(&self, _: Access, limit: Option<Duration>) -> BoxFuture<'_, Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let conn = self.pool.get(limit.unwrap_or(ACQUIRE_TIMEOUT)).await?;
            let (dialect, ends) = (self.dialect.clone(), self.ends.clone());
            let connection = MysqlConnection::new(conn, dialect, self.timeout_ends_transaction, ends);
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.ends.wait().await;
            self.pool.close().await;
        })
    }
}
