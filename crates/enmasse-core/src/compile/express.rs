//! Expressions and subqueries as SQL.

use std::borrow::Cow;

use crate::compile::Compiler;
use crate::compile::compiler::Place;
use crate::compile::expr;
use crate::compile::select::{self, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{Expr, FieldPath, HostSql, Lookup, Select};
use crate::sql::{Fragment, Term, Typed};
use crate::value::DataType;

impl<'q> Compiler<'q> {
    /// An expression as SQL, with values as parameters of the type that is expected.
    pub(crate) fn typed(&mut self, expr: &'q Expr, expected: Option<&DataType>) -> Result<Typed> {
        match self.expected(expr, expected)? {
            Term::Sql(typed) => Ok(typed),
            Term::Value(value) => expr::literal(self.dialect, &value, expected),
        }
    }

    pub(crate) fn expr(&mut self, expr: &'q Expr) -> Result<Term> {
        self.expected(expr, None)
    }

    /// An expression, of which the place where it stands expects a type.
    fn expected(&mut self, expr: &'q Expr, expected: Option<&DataType>) -> Result<Term> {
        let dialect = self.dialect;
        Ok(Term::Sql(match expr {
            Expr::Value(value, None) => return Ok(Term::Value(value.clone())),
            Expr::Value(value, Some(data_type)) => expr::literal(dialect, value, Some(data_type))?,
            Expr::Field(path) => self.field(path)?,
            Expr::Outer(path) => self.outer(path)?,
            Expr::New(path) => self.new_value(path)?,
            Expr::Binary(left, operator, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                expr::binary(dialect, left, *operator, right)?
            }
            Expr::Function(function, args) => {
                let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<_>>()?;
                expr::function(dialect, function, args)?
            }
            Expr::Case { whens, default } => {
                let mut compiled = Vec::new();
                for (condition, result) in whens {
                    let condition = self.q(condition, Place::VALUE)?;
                    compiled.push((condition, self.expr(result)?));
                }
                let default = default.as_deref().map(|default| self.expr(default)).transpose()?;
                expr::case(dialect, compiled, default, expected)?
            }
            Expr::Cast(value, to) => {
                let value = self.expr(value)?;
                expr::cast(dialect, value, to)?
            }
            Expr::Condition(q) => {
                let condition = self.q(q, Place::VALUE)?;
                Typed::new(Fragment::format("({})", [condition.into_sql()]), DataType::Bool)
            }
            Expr::Subquery(query) => self.subquery(query, None)?,
            Expr::Aggregate { function, of, distinct } => {
                if !self.aggregates {
                    return Err(Error::field(
                        "Aggregate functions are not allowed here; they belong into what a subquery selects.",
                    ));
                }
                let of = of.as_deref().map(|of| self.expr(of)).transpose()?;
                expr::aggregate(dialect, *function, of, *distinct)?
            }
            Expr::Host { sql, data_type } => self.host(sql, data_type.as_ref())?,
            Expr::Raw { sql, parts, data_type } => self.raw(sql, parts, data_type)?,
        }))
    }

    pub(super) fn field(&mut self, path: &'q FieldPath) -> Result<Typed> {
        let (target, rest) = self.scope().resolve(path.names())?;
        let (value, _) = self.target(target)?;
        self.transformed(value, rest)
    }

    fn outer(&mut self, path: &'q FieldPath) -> Result<Typed> {
        if self.scopes.len() < 2 {
            return Err(Error::field(format!(
                "OuterRef({path}) refers to a query around this one, but there is none: it belongs into a subquery."
            )));
        }
        let inner = self.scopes.pop().expect("there are two");
        let value = self.field(path);
        self.scopes.push(inner);
        value
    }

    /// What a bulk update carries of a field for the row.
    fn new_value(&mut self, path: &'q FieldPath) -> Result<Typed> {
        let Some(carried) = &self.carried else {
            return Err(Error::field(format!(
                "{path} has no new value here: only a bulk update carries one for each row."
            )));
        };
        let [name, transforms @ ..] = path.names() else { return Err(Error::field("A field has a name.")) };
        let model = &self.scopes[0].tables[0].model;
        let position = model.find(name)?;
        let field = &model.fields[position];
        let Some(value) = carried(position) else {
            return Err(Error::field(format!("{}.{name} is not carried by this bulk update.", model.name)));
        };
        let value = Typed::new(value, field.data_type.clone());
        self.transformed(value, transforms)
    }

    pub(super) fn subquery(&mut self, select: &'q Select, to_field: Option<&str>) -> Result<Typed> {
        let totals = select.output.iter().any(Expr::has_aggregate);
        let purpose = if totals { Purpose::Total } else { Purpose::Rows };
        Ok(match self.select(select, to_field, purpose)? {
            Some((sql, data_type)) => Typed::new(Fragment::format("({})", [sql]), data_type),
            None => Typed::new("NULL".into(), None),
        })
    }

    /// A query that is asked whether a value is among those that it gives; `None` where it gives none.
    pub(super) fn member(&mut self, select: &'q Select, to_field: Option<&str>) -> Result<Option<Fragment>> {
        let totals = select.output.iter().any(Expr::has_aggregate);
        let purpose = if totals { Purpose::Total } else { Purpose::Membership };
        Ok(self.select(select, to_field, purpose)?.map(|(sql, _)| sql))
    }

    /// A query of one column inside of the present one, and the column's type; `None` where it has no rows.
    fn select(
        &mut self,
        select: &'q Select,
        to_field: Option<&str>,
        purpose: Purpose,
    ) -> Result<Option<(Fragment, Option<DataType>)>> {
        let query = &select.query;
        self.within(query, |inner| {
            let mut data_type = None;
            let sql = select::body(inner, query, purpose, |inner| {
                let output = inner.output(select, to_field)?;
                data_type = output.data_type;
                Ok(vec![output.sql])
            })?;
            Ok(sql.map(|sql| (sql, data_type)))
        })
    }

    fn output(&mut self, select: &'q Select, to_field: Option<&str>) -> Result<Typed> {
        match &select.output[..] {
            [] => {
                let model = self.scope().model().clone();
                let position = match (to_field, &model.key()[..]) {
                    (Some(name), _) => model.find(name)?,
                    (None, [position]) => *position,
                    _ => {
                        return Err(Error::field(format!(
                            "{} has a composite primary key: say which of its fields the subquery selects.",
                            model.name
                        )));
                    }
                };
                let sql = self.own_column(position);
                Ok(Typed::new(sql, model.fields[position].data_type.clone()))
            }
            [output] => {
                self.aggregates = true;
                let typed = self.typed(output, None);
                self.aggregates = false;
                typed
            }
            _ => Err(Error::request("A subquery that is compared selects one value of each row.")),
        }
    }

    /// What it reads is not known: any table, also the one that is written.
    fn host(&mut self, sql: &HostSql, data_type: Option<&DataType>) -> Result<Typed> {
        if self.scopes.len() > 1 {
            return Err(Error::request(
                "SQL of the host names columns by their table's name, which they do not have in a query inside of another.",
            ));
        }
        self.nested = true;
        Ok(Typed::new(Fragment::format("({})", [sql.into()]), data_type.cloned()))
    }

    fn raw(&mut self, sql: &str, parts: &'q [Expr], data_type: &DataType) -> Result<Typed> {
        let mut texts = sql.split("{}");
        if texts.clone().count() != parts.len() + 1 {
            return Err(Error::request(format!(
                "Raw SQL with {} places ({{}}) was given {} parts.",
                texts.count() - 1,
                parts.len()
            )));
        }
        let mut whole = Fragment::text(format!("({}", texts.next().unwrap_or_default()));
        for (part, text) in parts.iter().zip(texts) {
            whole.push(self.typed(part, None)?.sql);
            whole.push(text);
        }
        whole.push(")");
        Ok(Typed::new(whole, data_type.clone()))
    }

    pub(super) fn transformed(
        &mut self,
        mut value: Typed,
        transforms: &[Cow<'static, str>],
    ) -> Result<Typed> {
        for (index, name) in transforms.iter().enumerate() {
            let known = value.data_type.clone();
            value = match expr::transform(self.dialect, value, name)? {
                Some(value) => value,
                None => return Err(no_transform(known, name, index + 1 == transforms.len())),
            };
        }
        Ok(value)
    }
}

fn no_transform(data_type: Option<DataType>, name: &str, last: bool) -> Error {
    let what = match &data_type {
        Some(data_type) => data_type.to_string(),
        None => "something whose type is not known".to_owned(),
    };
    let lookups = Lookup::ALL.into_iter().filter(|(_, lookup)| last && lookup.is_of(data_type.as_ref()));
    let choices = expr::transforms(data_type.as_ref()).chain(lookups.map(|(name, _)| name));
    let what = format!("{what} has no {}transform", if last { "lookup or " } else { "" });
    Error::unknown(ErrorKind::Field, what, name, choices)
}
