//! Expressions and conditions as SQL.

use std::borrow::Cow;

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{self, Expr, FieldPath};
use crate::lookup::{self, Compared, Condition, Lookup, Operand, Term, Typed};
use crate::query::scope::{Column, Scope, Target};
use crate::query::{Q, Query, Select, select};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// Makes SQL of the expressions and conditions of one statement.
pub(crate) struct Compiler<'q> {
    pub(super) dialect: &'q dyn Dialect,
    /// The queries around the present one, outermost first, and the present one last.
    pub(super) scopes: Vec<Scope<'q>>,
    /// Whether aggregates have a meaning here: in what a subquery selects.
    pub(super) aggregates: bool,
}

/// What a relation is compared by when no field of it is named.
const KEY: &[Cow<'static, str>] = &[Cow::Borrowed("pk")];

/// Where a condition stands.
#[derive(Clone, Copy)]
struct Place {
    /// Inside an odd number of NOTs.
    negated: bool,
    /// Whether no row is wanted for which it does not hold.
    required: bool,
}

impl<'q> Compiler<'q> {
    pub(crate) fn new(dialect: &'q dyn Dialect, query: &'q Query) -> Self {
        let scope = Scope::new(query.model.clone(), &query.annotations);
        Compiler { dialect, scopes: vec![scope], aggregates: false }
    }

    pub(super) fn scope(&mut self) -> &mut Scope<'q> {
        self.scopes.last_mut().expect("a statement has a scope")
    }

    pub(crate) fn dialect(&self) -> &'q dyn Dialect {
        self.dialect
    }

    /// Whether names may hop to other tables from here on.
    pub(crate) fn allow_joins(&mut self, allowed: bool) {
        self.scope().joins_allowed = allowed;
    }

    /// Whether names have hopped to other tables.
    pub(crate) fn has_joins(&mut self) -> bool {
        self.scope().has_joins()
    }

    /// Whether joins may give a row of the query's own table several times.
    pub(crate) fn multiplies(&mut self) -> bool {
        self.scope().multiplies()
    }

    /// The query's own table as columns name it.
    pub(crate) fn table(&mut self) -> String {
        let dialect = self.dialect;
        dialect.quote(self.scope().alias())
    }

    /// The query's table and its joins, for `FROM`.
    pub(crate) fn from(&mut self) -> String {
        let dialect = self.dialect;
        self.scope().from(dialect)
    }

    /// Runs `work` in a query inside of the present one.
    pub(super) fn within<T>(&mut self, query: &'q Query, work: impl FnOnce(&mut Self) -> T) -> T {
        let scope = self.scope().inner(query.model.clone(), &query.annotations);
        self.scopes.push(scope);
        let aggregates = std::mem::replace(&mut self.aggregates, false);
        let result = work(self);
        self.aggregates = aggregates;
        self.scopes.pop();
        result
    }

    /// The conditions of a query.
    pub(crate) fn filters(&mut self, query: &'q Query) -> Result<Condition> {
        query.check()?;
        let mut parts = Vec::new();
        for filter in &query.filters {
            self.scope().next_call();
            parts.push(self.condition(filter)?);
        }
        Ok(if query.none { Condition::Nothing } else { Condition::all(parts) })
    }

    pub(crate) fn condition(&mut self, q: &'q Q) -> Result<Condition> {
        self.q(q, Place { negated: false, required: true })
    }

    fn q(&mut self, q: &'q Q, place: Place) -> Result<Condition> {
        let optional = Place { required: false, ..place };
        match q {
            Q::And(parts) => {
                // Under NOT, "all of these" is "one of these not".
                let place = Place { required: place.required && !place.negated, ..place };
                let parts = parts.iter().map(|part| self.q(part, place)).collect::<Result<_>>()?;
                Ok(Condition::all(parts))
            }
            Q::Or(parts) if parts.is_empty() => Ok(Condition::Everything),
            Q::Or(parts) => {
                let place = if parts.len() == 1 { place } else { optional };
                let parts = parts.iter().map(|part| self.q(part, place)).collect::<Result<_>>()?;
                Ok(Condition::any(parts))
            }
            Q::Xor(parts) if parts.is_empty() => Ok(Condition::Everything),
            Q::Xor(parts) => {
                let place = Place { negated: false, required: false };
                let parts = parts.iter().map(|part| self.q(part, place)).collect::<Result<_>>()?;
                Ok(Condition::xor(self.dialect, parts))
            }
            Q::Not(part) => Ok(self.q(part, Place { negated: !place.negated, required: false })?.not()),
            Q::Compare { left, lookup, right } => self.compare(left, *lookup, right, place),
            Q::Named { path, right } => self.named(path.names(), right, place),
            Q::Exists(select) => self.exists(&select.query),
            Q::Expr(expr) => match self.expr(expr)? {
                Term::Value(Value::Bool(true)) => Ok(Condition::Everything),
                Term::Value(Value::Bool(false) | Value::Null) => Ok(Condition::Nothing),
                Term::Value(other) => {
                    Err(Error::value(format!("A condition is true or false, not {other:?}.")))
                }
                Term::Sql(typed) => Ok(Condition::Sql(typed.sql)),
            },
        }
    }

    fn exists(&mut self, query: &'q Query) -> Result<Condition> {
        let inside = self.within(query, |inner| select::body(inner, query, |_| Ok(vec!["1".into()])))?;
        Ok(inside.map_or(Condition::Nothing, |sql| Condition::Sql(Fragment::format("EXISTS ({})", [sql]))))
    }

    /// A keyword: a field, perhaps transforms, and a lookup.
    fn named(
        &mut self,
        names: &'q [Cow<'static, str>],
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        if place.negated
            && let Some(condition) = self.excluded(names, |inner, rest, place| match rest {
                [] => inner.compare_field(KEY, Lookup::Exact, right, place),
                [name] if let Some(lookup) = inner.scope().lookup_named(name) => {
                    inner.compare_field(KEY, lookup, right, place)
                }
                _ => inner.named(rest, right, place),
            })?
        {
            return Ok(condition);
        }
        let (target, rest) = self.scope().resolve(names)?;
        let last = rest.last().and_then(|name| Lookup::named(name));
        let (transforms, lookup) = match last {
            Some(lookup) => (&rest[..rest.len() - 1], lookup),
            None => (rest, Lookup::Exact),
        };
        let (left, column) = self.target(target)?;
        let left = self.transformed(left, transforms)?;
        self.compared(left, column, lookup, right, place)
    }

    fn compare(
        &mut self,
        left: &'q Expr,
        lookup: Lookup,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        match left {
            Expr::Field(path) => self.compare_field(path.names(), lookup, right, place),
            _ => {
                let left = self.typed(left, None)?;
                self.compared(left, None, lookup, right, place)
            }
        }
    }

    fn compare_field(
        &mut self,
        names: &'q [Cow<'static, str>],
        lookup: Lookup,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        if place.negated
            && lookup != Lookup::IsNull
            && let Some(condition) = self.excluded(names, |inner, rest, place| {
                inner.compare_field(if rest.is_empty() { KEY } else { rest }, lookup, right, place)
            })?
        {
            return Ok(condition);
        }
        let (target, rest) = self.scope().resolve(names)?;
        let (left, column) = self.target(target)?;
        let left = self.transformed(left, rest)?;
        self.compared(left, column, lookup, right, place)
    }

    /// A condition inside NOT on a relation with many rows: as in Django, no row of it may pass, so it becomes EXISTS.
    fn excluded(
        &mut self,
        names: &'q [Cow<'static, str>],
        inside: impl FnOnce(&mut Self, &'q [Cow<'static, str>], Place) -> Result<Condition>,
    ) -> Result<Option<Condition>> {
        let dialect = self.dialect;
        let Some(crossing) = self.scope().crossing(dialect, names)? else { return Ok(None) };
        let rest = &names[crossing.names..];
        if matches!(rest, [only] if only == "isnull") {
            return Ok(None); // Whether there is a row at all: a join tells.
        }
        let scope = self.scope().inner(crossing.relation.model.clone(), &[]);
        let to = format!("{}.{}", dialect.quote(scope.alias()), dialect.quote(&crossing.relation.to_column));
        self.scopes.push(scope);
        let condition = inside(self, rest, Place { negated: false, required: true });
        let scope = self.scopes.pop().expect("it was pushed above");
        let related = Condition::Sql(Fragment::format("{} = {}", [to.into(), crossing.from]));
        Ok(Some(match Condition::all(vec![related, condition?]) {
            Condition::Sql(sql) => {
                let from = scope.from(dialect).into();
                Condition::Sql(Fragment::format("EXISTS (SELECT 1 FROM {} WHERE {})", [from, sql]))
            }
            nothing => nothing,
        }))
    }

    /// The comparison itself, with what Django adds: joins that must have a row, and NULL left out under NOT.
    fn compared(
        &mut self,
        left: Typed,
        column: Option<Column>,
        lookup: Lookup,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        let place_of = |error: Error| match &column {
            Some(column) => error.at(format!("{}.{}", column.model.name, column.field().name)),
            None => error,
        };
        let wants_null = match (lookup, right) {
            (Lookup::IsNull, Operand::One(Expr::Value(Value::Bool(wanted), _))) => *wanted,
            (Lookup::Exact, Operand::One(Expr::Value(Value::Null, _))) => true,
            _ => false,
        };
        if place.required
            && !place.negated
            && !wants_null
            && let Some(column) = &column
        {
            self.scope().require(column);
        }
        let mut guards = Vec::new();
        if place.negated && lookup != Lookup::IsNull && !wants_null {
            let nullable = column.as_ref().is_none_or(|column| self.scope().is_nullable(column));
            if nullable {
                guards.push(left.sql.clone());
            }
        }
        let key = column.as_ref().map(|column| column.field().clone());
        let compared = self
            .operand(right, key.as_ref().and_then(|field| field.foreign_key.as_ref()?.to_field.as_deref()))?;
        if !guards.is_empty() || place.negated && lookup != Lookup::IsNull && !wants_null {
            guards.extend(self.nullable_operands(right, &compared)?);
        }
        let condition = lookup::compile(self.dialect, left, lookup, compared).map_err(place_of)?;
        Ok(match condition {
            Condition::Sql(_) if !guards.is_empty() => {
                let guards =
                    guards.into_iter().map(|sql| Condition::Sql(Fragment::format("{} IS NOT NULL", [sql])));
                Condition::all(std::iter::once(condition).chain(guards).collect())
            }
            condition => condition,
        })
    }

    /// The columns on the right of a comparison that may be NULL.
    fn nullable_operands(&mut self, right: &'q Operand, compared: &Compared) -> Result<Vec<Fragment>> {
        let (Operand::One(Expr::Field(path)), Compared::One(Term::Sql(typed))) = (right, compared) else {
            return Ok(Vec::new());
        };
        let nullable = match self.scope().resolve(path.names())? {
            (Target::Column(column), _) => self.scope().is_nullable(&column),
            (Target::Annotation(_), _) => true,
        };
        Ok(if nullable { vec![typed.sql.clone()] } else { Vec::new() })
    }

    fn operand(&mut self, operand: &'q Operand, to_field: Option<&str>) -> Result<Compared> {
        Ok(match operand {
            Operand::One(Expr::Subquery(query)) => Compared::One(Term::Sql(self.subquery(query, to_field)?)),
            Operand::One(expr) => Compared::One(self.expr(expr)?),
            Operand::Many(values) => Compared::Many(values.clone()),
            Operand::Several(exprs) => {
                Compared::Several(exprs.iter().map(|expr| self.expr(expr)).collect::<Result<_>>()?)
            }
            Operand::Query(query) => match self.select(query, to_field)? {
                // MariaDB and MySQL take a slice in a query of its own only.
                Some((sql, _)) if query.query.is_sliced() => {
                    Compared::Query(Fragment::format("SELECT * FROM ({}) sliced", [sql]))
                }
                Some((sql, _)) => Compared::Query(sql),
                None => Compared::Many(Vec::new()),
            },
        })
    }

    /// A column or annotation as SQL; the column itself where it is one.
    fn target(&mut self, target: Target<'q>) -> Result<(Typed, Option<Column>)> {
        match target {
            Target::Column(column) => {
                let dialect = self.dialect;
                let sql = self.scope().sql(dialect, &column);
                let data_type = Some(column.field().data_type.clone());
                Ok((Typed::new(sql, data_type), Some(column)))
            }
            Target::Annotation(expr) => Ok((self.typed(expr, None)?, None)),
        }
    }

    fn transformed(&mut self, mut value: Typed, transforms: &[Cow<'static, str>]) -> Result<Typed> {
        for (index, name) in transforms.iter().enumerate() {
            let known = value.data_type.clone();
            value = match expr::transform(self.dialect, value, name)? {
                Some(value) => value,
                None => return Err(no_transform(known, name, index + 1 == transforms.len())),
            };
        }
        Ok(value)
    }

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
                    let condition = self.q(condition, Place { negated: false, required: false })?;
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
                let condition = self.q(q, Place { negated: false, required: false })?;
                Typed::new(condition.into_sql(dialect), DataType::Bool)
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

    fn subquery(&mut self, select: &'q Select, to_field: Option<&str>) -> Result<Typed> {
        Ok(match self.select(select, to_field)? {
            Some((sql, data_type)) => Typed::new(Fragment::format("({})", [sql]), data_type),
            None => Typed::new("NULL".into(), None),
        })
    }

    /// A query of one column inside of the present one, and the column's type; `None` where it has no rows.
    fn select(
        &mut self,
        select: &'q Select,
        to_field: Option<&str>,
    ) -> Result<Option<(Fragment, Option<DataType>)>> {
        let query = &select.query;
        self.within(query, |inner| {
            let mut data_type = None;
            let sql = select::body(inner, query, |inner| {
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
}

fn no_transform(data_type: Option<DataType>, name: &str, last: bool) -> Error {
    const TRANSFORMS: [&str; 12] = [
        "date",
        "time",
        "year",
        "iso_year",
        "month",
        "day",
        "week",
        "week_day",
        "iso_week_day",
        "quarter",
        "hour",
        "minute",
    ];
    let what = match data_type {
        Some(data_type) => {
            format!("Of {data_type} there is no {}", if last { "lookup or transform" } else { "transform" })
        }
        None => "There is no transform".to_owned(),
    };
    let lookups = Lookup::ALL.iter().map(|(name, _)| *name).filter(|_| last);
    Error::unknown(ErrorKind::Field, what, name, TRANSFORMS.into_iter().chain(["second"]).chain(lookups))
}
