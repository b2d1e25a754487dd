//! What a host wrote, as a part of a statement.

use crate::query::HostSql;
use crate::sql::Fragment;
use crate::value::{DataType, Value};

impl From<&HostSql> for Fragment {
    fn from(host: &HostSql) -> Self {
        let mut texts = host.texts().iter().cloned();
        let mut sql = Fragment::text(texts.next().unwrap_or_default());
        for (&param, text) in host.params().iter().zip(texts) {
            // the type is the host's affair
            sql.push(Fragment::stored(Value::Opaque(param), DataType::TEXT));
            sql.push(text);
        }
        sql
    }
}
