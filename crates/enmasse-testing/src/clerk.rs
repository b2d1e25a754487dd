//! Users with few rights.

use enmasse::Database;

use crate::{Kind, Scratch};

/// A user of a server with few rights, for one database. Made by its owner, and removed by [`drop`](Clerk::drop): a server keeps its users.
pub struct Clerk {
    /// The database's URL as the user's.
    pub url: String,
    name: String,
    kind: Kind,
}

impl Clerk {
    /// Makes the user, with these rights: statements in which `{clerk}` stands for it, and `{database}` for the database.
    pub async fn new(scratch: &Scratch, owner: &Database, rights: &[&str]) -> Clerk {
        let (scheme, _) = scratch.url.split_once("://").expect("a URL");
        let (_, place) = scratch.url.split_once('@').expect("a login");
        let name = format!("{}_clerk", scratch.name);
        let mut statements = match scratch.kind {
            Kind::Postgres => vec![format!("CREATE ROLE {name} LOGIN PASSWORD 'clerk'")],
            _ => vec![
                format!("DROP USER IF EXISTS {name}"),
                format!("CREATE USER {name} IDENTIFIED BY 'clerk'"),
            ],
        };
        statements.extend(
            rights.iter().map(|right| right.replace("{clerk}", &name).replace("{database}", &scratch.name)),
        );
        for sql in statements {
            owner
                .execute_raw(&sql, [])
                .await
                .unwrap_or_else(|error| panic!("{:?}: {sql}: {error}", scratch.kind));
        }
        Clerk { url: format!("{scheme}://{name}:clerk@{place}"), name, kind: scratch.kind }
    }

    /// Removes the user.
    pub async fn drop(self, owner: &Database) {
        let statements = match self.kind {
            Kind::Postgres => {
                vec![format!("DROP OWNED BY {}", self.name), format!("DROP ROLE {}", self.name)]
            }
            _ => vec![format!("DROP USER {}", self.name)],
        };
        for sql in statements {
            owner.execute_raw(&sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
}
