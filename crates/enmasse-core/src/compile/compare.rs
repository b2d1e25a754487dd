//! Comparisons: a field found by its path, NULL under NOT as Django has it, and relations with many rows.

use crate::dialect::LONG_LIST;
use std::borrow::Cow;

use crate::compile::Compiler;
use crate::compile::compiler::Place;
use crate::compile::lookup::{self, Compared};
use crate::compile::names::{Crossing, Target};
use crate::compile::scope::Column;
use crate::dialect::quote_table;
use crate::error::{Error, Result};
use crate::query::{Expr, Lookup, Operand, Select};
use crate::sql::{Condition, Fragment, Term, Typed};
use crate::value::{DataType, Value};

impl<'q> Compiler<'q> {
    pub(super) fn compare(
        &mut self,
        left: &'q Expr,
        lookup: Lookup,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        match left {
            Expr::Field(path) => self.compare_path(path.names(), Some(lookup), right, place),
            _ => {
                let left = self.typed(left, None)?;
                self.compared(left, None, lookup, right, place)
            }
        }
    }

    /// A field, perhaps transforms of it, compared. Without a lookup the last name may be one.
    pub(super) fn compare_path(
        &mut self,
        names: &'q [Cow<'static, str>],
        lookup: Option<Lookup>,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        if place.under_not
            && let Some(crossing) = self.scope().crossing(names)?
        {
            return self.excluded(&crossing, &names[crossing.names..], lookup, right);
        }
        let (target, rest) = self.scope().resolve(names)?;
        self.compare_target(target, rest, lookup, right, place)
    }

    fn compare_target(
        &mut self,
        target: Target,
        rest: &'q [Cow<'static, str>],
        lookup: Option<Lookup>,
        right: &'q Operand,
        place: Place,
    ) -> Result<Condition> {
        let named = rest.last().filter(|_| lookup.is_none()).and_then(|name| Lookup::named(name));
        let transforms = if named.is_some() { &rest[..rest.len() - 1] } else { rest };
        let lookup = lookup.or(named).unwrap_or(Lookup::Exact);
        let target = match target {
            // Of a row that is there, the column that leads to it is not NULL.
            Target::Row { present, .. } if asks_for_null(lookup, right).is_some() => Target::Column(present),
            other => other,
        };
        let (left, column) = self.target(target)?;
        let left = self.transformed(left, transforms).map_err(|error| placed(error, column.as_ref()))?;
        self.compared(left, column, lookup, right, place)
    }

    /// A condition inside NOT on a relation with many rows: as in Django, no row of it may pass, so it becomes EXISTS.
    fn excluded(
        &mut self,
        crossing: &Crossing,
        rest: &'q [Cow<'static, str>],
        lookup: Option<Lookup>,
        right: &'q Operand,
    ) -> Result<Condition> {
        self.nested = true;
        let dialect = self.dialect;
        let from = self.scope().sql(dialect, &crossing.from);
        let scope = self.scope().over_relation(&crossing.relation);
        let alias = dialect.quote(scope.alias());
        let table = format!("{} {alias}", quote_table(dialect, &crossing.relation.model.table));
        let related = Fragment::format(
            "{}.{} = {}",
            [alias.into(), dialect.quote(&crossing.relation.to_column).into(), from],
        );
        let related = || Condition::Sql(related.clone());

        let bare = matches!(rest, []) || matches!(rest, [only] if only == "isnull");
        let named = rest.last().and_then(|name| Lookup::named(name));
        let null = asks_for_null(lookup.or(named).unwrap_or(Lookup::Exact), right);
        let (condition, from) = if bare && null.is_some() {
            (related(), table.clone())
        } else {
            self.scopes.push(scope);
            let (target, rest) = self.scope().resolve_row(crossing, rest)?;
            let condition = self.compare_target(target, rest, lookup, right, Place::FILTER);
            let scope = self.scopes.pop().expect("it was pushed above");
            (Condition::all(vec![related(), condition?]), scope.from(dialect))
        };
        let some = exists(from, condition);
        // A column of a row that is not there counts as NULL too.
        Ok(match null {
            Some(true) if bare => some.not(),
            Some(true) => Condition::any(vec![some, exists(table, related()).not()]),
            _ => some,
        })
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
        let null = asks_for_null(lookup, right);
        if place.required
            && null != Some(true)
            && let Some(column) = &column
        {
            self.scope().require(column);
        }
        let is_integer = left.data_type.as_ref().is_some_and(DataType::is_integer);
        let to_field =
            column.as_ref().and_then(|column| column.field().foreign_key.as_ref()?.to_field.clone());
        let compared = self.outside(|around| around.operand(right, to_field.as_deref()))?;
        self.nested |= match &compared {
            Compared::Many(values) => values.len() > LONG_LIST,
            // integer keys are not found by values of another type
            Compared::Query(_) => !is_integer,
            _ => false,
        };
        let mut guards = Vec::new();
        if place.negated && null.is_none() {
            if column.as_ref().is_none_or(|column| self.scope().is_nullable(column)) {
                guards.push(left.sql.clone());
            }
            guards.extend(self.outside(|around| around.nullable_operand(right, &compared))?);
        }
        let condition = lookup::compile(self.dialect, left, lookup, compared)
            .map_err(|error| placed(error, column.as_ref()))?;
        Ok(match condition {
            Condition::Sql(_) => {
                let known = guards.into_iter().map(|sql| Fragment::format("{} IS NOT NULL", [sql]));
                Condition::all(std::iter::once(condition).chain(known.map(Condition::Sql)).collect())
            }
            condition => condition,
        })
    }

    /// Runs `work` in the query that a comparison belongs to: where a relation is asked whether it has a row, the right side
    /// is still that of the query around it.
    fn outside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let relation = self.scopes.pop_if(|scope| scope.is_relation);
        let result = work(self);
        self.scopes.extend(relation);
        result
    }

    fn operand(&mut self, operand: &'q Operand, to_field: Option<&str>) -> Result<Compared> {
        Ok(match operand {
            Operand::One(Expr::Value(Value::Null, _)) => Compared::One(Term::Value(Value::Null)),
            Operand::One(Expr::Subquery(query)) => Compared::One(Term::Sql(self.subquery(query, to_field)?)),
            Operand::One(expr) => Compared::One(self.expr(expr)?),
            Operand::Many(values) => Compared::Many(values.clone()),
            Operand::Several(exprs) => {
                Compared::Several(exprs.iter().map(|expr| self.expr(expr)).collect::<Result<_>>()?)
            }
            Operand::Host(query) => {
                self.nested = true;
                Compared::Query(query.into())
            }
            Operand::Query(query) => self.members(query, to_field)?,
            Operand::Keys(set) => match to_field {
                None => return self.operand(&set.keys, None),
                // what is kept of the rows are their primary keys
                Some(_) => self.members(&set.rows, to_field)?,
            },
        })
    }

    fn members(&mut self, select: &'q Select, to_field: Option<&str>) -> Result<Compared> {
        Ok(match self.member(select, to_field)? {
            // MariaDB and MySQL take a slice in a query of its own only.
            Some(sql) if select.query.is_sliced() => {
                Compared::Query(Fragment::format("SELECT * FROM ({}) sliced", [sql]))
            }
            Some(sql) => Compared::Query(sql),
            None => Compared::Many(Vec::new()),
        })
    }

    /// The column on the right of a comparison, where it may be NULL.
    fn nullable_operand(&mut self, right: &'q Operand, compared: &Compared) -> Result<Option<Fragment>> {
        let (Operand::One(Expr::Field(path)), Compared::One(Term::Sql(typed))) = (right, compared) else {
            return Ok(None);
        };
        let nullable = match self.scope().resolve(path.names())?.0 {
            Target::Column(column) => self.scope().is_nullable(&column),
            Target::Row { .. } | Target::Annotation(_) => true,
        };
        Ok(nullable.then(|| typed.sql.clone()))
    }

    /// A column or annotation as SQL; the column itself where it is one.
    pub(super) fn target(&mut self, target: Target) -> Result<(Typed, Option<Column>)> {
        let column = match target {
            Target::Column(column) => column,
            Target::Row { key, name, present } => match key {
                Some(key) => key,
                None => {
                    return Err(Error::field(format!(
                        "{name}: {} has a composite primary key; name one of its fields.",
                        present.model.name
                    )));
                }
            },
            Target::Annotation(at) => {
                let around = self.scope().enter_annotation(at);
                let typed = self.typed(&around.annotations[at].1, None);
                self.scope().leave_annotation(around);
                return Ok((typed?, None));
            }
        };
        let dialect = self.dialect;
        let mut sql = self.scope().sql(dialect, &column);
        if column.field().limits.plain_json {
            sql = Fragment::format(&format!("{{}}::{}", dialect.cast_type(&DataType::Json)?), [sql]);
        }
        let data_type = Some(column.field().data_type.clone());
        Ok((Typed::new(sql, data_type), Some(column)))
    }
}

pub(super) fn placed(error: Error, column: Option<&Column>) -> Error {
    match column {
        Some(column) => error.at(format!("{}.{}", column.model.name, column.field().name)),
        None => error,
    }
}

/// Whether a comparison asks for NULL, or for anything but NULL; `None` where it asks for something else.
fn asks_for_null(lookup: Lookup, right: &Operand) -> Option<bool> {
    match (lookup, right) {
        (Lookup::IsNull, Operand::One(Expr::Value(Value::Bool(wanted), _))) => Some(*wanted),
        (Lookup::Exact, Operand::One(Expr::Value(Value::Null, _))) => Some(true),
        _ => None,
    }
}

fn exists(from: String, condition: Condition) -> Condition {
    match condition {
        Condition::Sql(sql) => {
            Condition::Sql(Fragment::format("EXISTS (SELECT 1 FROM {} WHERE {})", [from.into(), sql]))
        }
        nothing => nothing,
    }
}
