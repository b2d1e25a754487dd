//! The tables that a statement reads, and the names that lead to their columns.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use crate::dialect::{Dialect, quote_table};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Expr;
use crate::lookup::Lookup;
use crate::schema::{Field, ModelRef, Relation};
use crate::sql::Fragment;

/// One level of a statement: its table, the joins that names in it have asked for, and its annotations.
pub(super) struct Scope<'q> {
    tables: Vec<Table>,
    aliases: Aliases,
    /// Which call of `filter` is being read: joins to many rows are shared within one call only.
    call: usize,
    pub(super) annotations: &'q [(String, Expr)],
    /// Whether names may hop to other tables.
    pub(super) joins_allowed: bool,
}

/// Gives every table of a statement but the outermost a name of its own.
#[derive(Clone)]
struct Aliases(Rc<(String, Cell<usize>)>);

impl Aliases {
    fn next(&self) -> String {
        let (outermost, last) = &*self.0;
        loop {
            last.set(last.get() + 1);
            let alias = format!("t{}", last.get());
            if !alias.eq_ignore_ascii_case(outermost) {
                return alias;
            }
        }
    }
}

struct Table {
    alias: String,
    model: ModelRef,
    join: Option<Join>,
}

struct Join {
    from: usize,
    name: String,
    relation: Relation,
    call: usize,
    /// Whether rows without a match are left out.
    inner: bool,
}

/// What a list of names leads to.
pub(super) enum Target<'q> {
    Column(Column),
    Annotation(&'q Expr),
}

/// A column of one of a scope's tables.
pub(super) struct Column {
    table: usize,
    pub(super) model: ModelRef,
    pub(super) position: usize,
}

impl Column {
    pub(super) fn field(&self) -> &Field {
        &self.model.fields[self.position]
    }
}

/// The first relation with many rows on the way to a field, for conditions that exclude.
pub(super) struct Crossing {
    /// The column here that the relation starts from.
    pub(super) from: Fragment,
    pub(super) relation: Relation,
    /// How many names lead up to and over the relation.
    pub(super) names: usize,
}

impl<'q> Scope<'q> {
    /// The outermost scope of a statement; its table goes by its own name.
    pub(super) fn new(model: ModelRef, annotations: &'q [(String, Expr)]) -> Self {
        let alias = model.table.rsplit('.').next().unwrap_or_default().to_owned();
        let aliases = Aliases(Rc::new((alias.clone(), Cell::new(0))));
        Scope::over(model, alias, aliases, annotations)
    }

    /// A scope inside of this one.
    pub(super) fn inner<'i>(&self, model: ModelRef, annotations: &'i [(String, Expr)]) -> Scope<'i> {
        Scope::over(model, self.aliases.next(), self.aliases.clone(), annotations)
    }

    fn over(model: ModelRef, alias: String, aliases: Aliases, annotations: &'q [(String, Expr)]) -> Self {
        let tables = vec![Table { alias, model, join: None }];
        Scope { tables, aliases, call: 0, annotations, joins_allowed: true }
    }

    pub(super) fn model(&self) -> &ModelRef {
        &self.tables[0].model
    }

    pub(super) fn alias(&self) -> &str {
        &self.tables[0].alias
    }

    pub(super) fn next_call(&mut self) {
        self.call += 1;
    }

    /// The lookup of this name, unless something of the model has it.
    pub(super) fn lookup_named(&self, name: &str) -> Option<Lookup> {
        Lookup::named(name).filter(|_| !leads_on(self.model(), name))
    }

    pub(super) fn has_joins(&self) -> bool {
        self.tables.len() > 1
    }

    /// Whether a row of the scope's table may appear several times.
    pub(super) fn multiplies(&self) -> bool {
        self.tables.iter().any(|table| table.join.as_ref().is_some_and(|join| join.relation.many))
    }

    /// Follows names to a column or an annotation; what is left over is transforms and a lookup.
    pub(super) fn resolve<'n>(
        &mut self,
        names: &'n [Cow<'static, str>],
    ) -> Result<(Target<'q>, &'n [Cow<'static, str>])> {
        if let Some((_, expr)) = self.annotations.iter().find(|(name, _)| *name == names[0]) {
            return Ok((Target::Annotation(expr), &names[1..]));
        }
        let mut table = 0;
        for (index, name) in names.iter().enumerate() {
            let rest = &names[index + 1..];
            let model = self.tables[table].model.clone();
            let field = match self.field_named(&model, name) {
                Some(position) => position,
                None => match model.relation(name) {
                    Some(relation) => {
                        table = self.join(table, name, relation)?;
                        let model = self.tables[table].model.clone();
                        if rest.first().is_some_and(|next| leads_on(&model, next)) {
                            continue;
                        }
                        let [position] = model.key()[..] else {
                            return Err(composite(&model, name));
                        };
                        return Ok((Target::Column(Column { table, model, position }), rest));
                    }
                    None => return Err(unknown(&model, name, self.annotations)),
                },
            };
            let hop = rest.first().zip(model.forward(field)).filter(|(next, to)| leads_on(&to.model, next));
            if let Some((next, relation)) = hop {
                // The key of the other row stands here already.
                let is_key = relation.model.find(next).is_ok_and(|position| {
                    relation.model.fields[position].column == relation.to_column
                        && !rest.get(1).is_some_and(|after| {
                            relation.model.forward(position).is_some_and(|to| leads_on(&to.model, after))
                        })
                });
                if is_key {
                    return Ok((Target::Column(Column { table, model, position: field }), &rest[1..]));
                }
                table = self.join(table, &model.fields[field].name, relation)?;
                continue;
            }
            return Ok((Target::Column(Column { table, model, position: field }), rest));
        }
        unreachable!("names lead to a field or to an error")
    }

    /// The first relation with many rows that names cross, if there is one; joins what comes before it.
    pub(super) fn crossing(
        &mut self,
        dialect: &dyn Dialect,
        names: &[Cow<'static, str>],
    ) -> Result<Option<Crossing>> {
        if self.annotations.iter().any(|(name, _)| *name == names[0]) {
            return Ok(None);
        }
        let mut path: Vec<(String, Relation)> = Vec::new();
        let mut model = self.tables[0].model.clone();
        for (index, name) in names.iter().enumerate() {
            let Some(relation) = model.relation(name) else { return Ok(None) };
            if relation.many {
                let mut table = 0;
                for (name, relation) in path {
                    table = self.join(table, &name, relation)?;
                }
                let from = self.column_sql(dialect, table, &relation.from_column);
                return Ok(Some(Crossing { from, relation, names: index + 1 }));
            }
            model = relation.model.clone();
            path.push((name.to_string(), relation));
        }
        Ok(None)
    }

    fn field_named(&self, model: &ModelRef, name: &str) -> Option<usize> {
        model.find(name).ok()
    }

    fn join(&mut self, from: usize, name: &str, relation: Relation) -> Result<usize> {
        let call = self.call;
        let same = |table: &Table| {
            table.join.as_ref().is_some_and(|join| {
                join.from == from && join.name == name && (!relation.many || join.call == call)
            })
        };
        if let Some(found) = self.tables.iter().position(same) {
            return Ok(found);
        }
        if !self.joins_allowed {
            return Err(Error::field(format!(
                "Joined field references are not permitted in the values of an update: {name}__… leads away from {}.",
                self.model().name
            )));
        }
        let alias = self.aliases.next();
        let inner = !relation.optional && !relation.many && self.is_inner(from);
        let model = relation.model.clone();
        let join = Join { from, name: name.to_owned(), relation, call, inner };
        self.tables.push(Table { alias, model, join: Some(join) });
        Ok(self.tables.len() - 1)
    }

    fn is_inner(&self, table: usize) -> bool {
        self.tables[table].join.as_ref().is_none_or(|join| join.inner)
    }

    /// Leaves out the rows that have no row in the column's table: a condition on it asks for that anyway.
    pub(super) fn require(&mut self, column: &Column) {
        let mut table = column.table;
        while let Some(join) = &mut self.tables[table].join {
            join.inner = true;
            table = join.from;
        }
    }

    /// Whether the column may be NULL, by itself or for want of a row.
    pub(super) fn is_nullable(&self, column: &Column) -> bool {
        column.field().null || !self.is_inner(column.table)
    }

    pub(super) fn sql(&self, dialect: &dyn Dialect, column: &Column) -> Fragment {
        self.column_sql(dialect, column.table, &column.field().column)
    }

    fn column_sql(&self, dialect: &dyn Dialect, table: usize, column: &str) -> Fragment {
        format!("{}.{}", dialect.quote(&self.tables[table].alias), dialect.quote(column)).into()
    }

    /// A column of the scope's own table.
    pub(super) fn own_column(&self, dialect: &dyn Dialect, position: usize) -> Fragment {
        self.column_sql(dialect, 0, &self.model().fields[position].column)
    }

    /// The table and its joins, for `FROM`.
    pub(super) fn from(&self, dialect: &dyn Dialect) -> String {
        let mut sql = String::new();
        for table in &self.tables {
            let name = quote_table(dialect, &table.model.table);
            let alias = dialect.quote(&table.alias);
            let named =
                if name.rsplit('.').next() == Some(&alias) { name } else { format!("{name} {alias}") };
            match &table.join {
                None => sql.push_str(&named),
                Some(join) => {
                    let kind = if join.inner { "INNER" } else { "LEFT" };
                    let from = dialect.quote(&self.tables[join.from].alias);
                    let from_column = dialect.quote(&join.relation.from_column);
                    let to_column = dialect.quote(&join.relation.to_column);
                    sql.push_str(&format!(
                        " {kind} JOIN {named} ON {from}.{from_column} = {alias}.{to_column}"
                    ));
                }
            }
        }
        sql
    }
}

/// Whether a name that follows a relation names something of the other model, rather than a transform or a lookup.
fn leads_on(model: &ModelRef, name: &str) -> bool {
    model.find(name).is_ok() || model.relation(name).is_some()
}

fn unknown(model: &ModelRef, name: &str, annotations: &[(String, Expr)]) -> Error {
    let names = annotations.iter().map(|(name, _)| name.as_str()).chain(model.names());
    Error::unknown(ErrorKind::UnknownField, format!("{} has no field", model.name), name, names)
}

fn composite(model: &ModelRef, name: &str) -> Error {
    Error::field(format!("{name}: {} has a composite primary key; name one of its fields.", model.name))
}
