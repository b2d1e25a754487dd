//! A bulk update whose names are resolved: what the strategies make statements of.

use crate::compile::expr::for_column;
use crate::compile::{Compiler, refuse_results};
use crate::dialect::{Capability, Dialect, quote_table};
use crate::encode::{BITS, BatchColumn, Duplicates};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::bulk::{BulkUpdate, Keep, Missing, OnDuplicate, Returning};
use crate::plan::set_auto;
use crate::plan::strategy::Strategy;
use crate::plan::update::{select, writes_key};
use crate::query::{Expr, Query};
use crate::schema::{Auto, ModelRef};
use crate::sql::{Condition, Fragment};
use crate::value::{DataType, Value};

/// Up to so many keys that are not one integer are compared here; more, in the database.
const HASHED: u64 = 5_000;

/// A bulk update whose names are resolved.
pub(crate) struct Job<'a> {
    pub query: &'a Query,
    /// The positions of the fields by which rows are found.
    pub key: Vec<usize>,
    /// The positions of the other fields that the batch carries.
    pub carried: Vec<usize>,
    /// How many columns of the batch say which fields a row sets.
    pub masks: usize,
    /// The columns of the batch: the key's, those that are carried, the masks.
    pub columns: Vec<BatchColumn>,
    /// The positions of the fields that are written, and their new values.
    pub set: Vec<(usize, New)>,
    pub duplicates: Duplicates,
    pub skip_unchanged: bool,
    pub returning: Returning,
    pub missing: Missing,
    pub rows: Option<u64>,
    /// Whether the transaction ends with it.
    pub ends: bool,
    pub size: Option<usize>,
    pub strategy: Option<Strategy>,
    pub keep: Keep<'a>,
    /// Whether a key may match several rows, of the table and of its child tables.
    pub has_children: bool,
    /// Whether each table of a row is written by a statement of its own.
    pub per_table: bool,
}

/// What a field is set to.
#[derive(Clone, Debug)]
pub(crate) enum New {
    /// What the batch carries in this column.
    Carried(usize),
    /// That, in rows that say so: by this bit of this column.
    Patched {
        column: usize,
        mask: usize,
        bit: usize,
        /// What the other rows get, in stored form, where it is the time of the write.
        otherwise: Option<Value>,
    },
    /// An expression.
    Computed(Expr),
    /// The same for all rows, in stored form.
    Constant {
        value: Value,
        /// Whether it is the time of the write, or what the host sets in its place.
        is_auto: bool,
    },
}

/// A column of the table, and the SQL that it is set to.
pub(crate) struct Setting {
    /// The column, in quotes.
    pub column: String,
    pub data_type: DataType,
    pub value: Fragment,
    /// Whether it is the time of the write, or what stands for it, which alone does not make a row changed.
    pub is_auto: bool,
    /// Whether it is read from the row.
    pub is_computed: bool,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        dialect: &dyn Dialect,
        request: &BulkUpdate<'a>,
        key: Vec<usize>,
        fields: Vec<usize>,
        assigned: Vec<usize>,
    ) -> Result<Self> {
        let model = &request.query.model;
        let mut computed: Vec<(usize, Expr)> = Vec::new();
        for assignment in request.set {
            let position = model.find(&assignment.field.names()[0])?;
            if computed.iter().any(|(other, _)| *other == position) {
                let name = &model.fields[position].name;
                return Err(Error::field(format!("{}.{name} is set twice.", model.name)));
            }
            if assigned.contains(&position) {
                computed.push((position, assignment.value.clone()));
            }
        }
        let mut carried = fields.clone();
        for (position, value) in &computed {
            let mut reads_others = false;
            value.visit(&mut |part| reads_others |= matches!(part, Expr::Subquery(_) | Expr::Host { .. }));
            if reads_others {
                return Err(Error::field(format!(
                    "{}.{}: in a bulk update an expression is over the row and the object, without queries of other rows: \
                     some of these may have been written already.",
                    model.name, model.fields[*position].name
                )));
            }
            read(model, value, &mut |position| {
                if !carried.contains(&position) && !key.contains(&position) {
                    carried.push(position);
                }
            })?;
        }

        let masks = if request.patches { fields.len().div_ceil(BITS) } else { 0 };
        let mut columns: Vec<_> = key.iter().map(|&position| BatchColumn::of(model, position)).collect();
        columns.extend(carried.iter().map(|&position| {
            if request.patches {
                BatchColumn::patch(model, position)
            } else {
                BatchColumn::of(model, position)
            }
        }));
        columns.extend((0..masks).map(|_| BatchColumn::own(DataType::BigInt)));

        let mut set = Vec::new();
        for (number, &position) in fields.iter().enumerate() {
            if computed.iter().any(|(other, _)| *other == position) {
                continue;
            }
            let column = key.len() + number;
            let mask = key.len() + carried.len() + number / BITS;
            let now = set_auto(&model.fields[position], false, request.now);
            let otherwise =
                now.map(|now| dialect.store(&now, &model.fields[position].data_type)).transpose()?;
            set.push((
                position,
                if request.patches {
                    New::Patched { column, mask, bit: number % BITS, otherwise }
                } else {
                    New::Carried(column)
                },
            ));
        }
        // what is computed comes first, where one field is set after the other
        let is_constant = |(_, value): &(usize, Expr)| matches!(value, Expr::Value(..));
        let (constants, computed): (Vec<_>, Vec<_>) = computed.into_iter().partition(is_constant);
        set.extend(computed.into_iter().map(|(position, value)| (position, New::Computed(value))));
        for (position, value) in constants {
            let Expr::Value(value, _) = value else { continue };
            let field = &model.fields[position];
            let value = field.clean(&model.name, value)?;
            let place = |error: Error| error.at(format!("{}.{}", model.name, field.name));
            let value = dialect.store(&value, &field.data_type).map_err(place)?;
            set.push((position, New::Constant { value, is_auto: field.auto == Auto::OnWrite }));
        }
        if !set.is_empty() {
            for (position, field) in model.fields.iter().enumerate() {
                if let Some(now) = set_auto(field, false, request.now)
                    && set.iter().all(|(other, _)| *other != position)
                {
                    let value = dialect.store(&now, &field.data_type)?;
                    set.push((position, New::Constant { value, is_auto: true }));
                }
            }
        }

        let duplicates = duplicates(dialect, request, &key)?;
        // a row of a report, and what a plan puts beside it
        let reported = if request.returning.has_old() { 2 * model.fields.len() + key.len() + 1 } else { 0 };
        let most = dialect.max_result_columns();
        if reported > most {
            return Err(Error::new(
                ErrorKind::Request,
                format!(
                    "Rows of {} cannot be told as they were and as they are: that would be {reported} columns, and {} gives at most \
                     {most} at a time. Write fewer columns, or do not ask for the changes",
                    model.table,
                    dialect.name()
                ),
            ));
        }
        Ok(Job {
            query: request.query,
            key,
            carried,
            masks,
            columns,
            set,
            duplicates,
            skip_unchanged: request.skip_unchanged,
            returning: request.returning,
            missing: request.missing,
            rows: request.rows,
            ends: request.ends,
            size: request.batch_size,
            strategy: request.strategy,
            keep: request.keep,
            has_children: request.has_children && !request.query.model.is_child(),
            per_table: request.per_table,
        })
    }

    pub(crate) fn model(&self) -> &ModelRef {
        &self.query.model
    }

    /// The table in quotes, for what is written.
    pub(crate) fn table(&self, dialect: &dyn Dialect) -> String {
        quote_table(dialect, &self.model().table)
    }

    /// The table's own name in quotes, for its columns.
    pub(crate) fn own(&self, dialect: &dyn Dialect) -> String {
        dialect.quote(&self.model().table_name())
    }

    /// A column of the table in quotes.
    pub(crate) fn column(&self, dialect: &dyn Dialect, position: usize) -> String {
        dialect.quote(&self.model().fields[position].column)
    }

    pub(crate) fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type.clone()).collect()
    }

    pub(crate) fn key_types(&self) -> Vec<DataType> {
        self.columns[..self.key.len()].iter().map(|column| column.data_type.clone()).collect()
    }

    /// The types of the model's fields: of a row that comes back.
    pub(crate) fn row_types(&self) -> Vec<DataType> {
        self.model().fields.iter().map(|field| field.data_type.clone()).collect()
    }

    /// All columns of the table, each with a name before it.
    pub(crate) fn row_columns(&self, dialect: &dyn Dialect, of: &str) -> Vec<String> {
        (0..self.model().fields.len())
            .map(|position| format!("{of}.{}", self.column(dialect, position)))
            .collect()
    }

    /// [`row_columns`](Job::row_columns) as they are given back.
    pub(crate) fn selected(&self, dialect: &dyn Dialect, columns: Vec<String>) -> Vec<String> {
        let fields = self.model().fields.iter().cycle();
        let each = columns
            .into_iter()
            .zip(fields)
            .map(|(column, field)| dialect.selected(column.into(), &field.data_type).statement(dialect).sql);
        each.collect()
    }

    /// Whether the key is of types of the database's own.
    pub(crate) fn has_native_key(&self) -> bool {
        self.key_types().iter().any(|data_type| matches!(data_type, DataType::Native(_)))
    }

    /// The columns of these fields by the batch's names for them, and what they are selected from.
    pub(crate) fn typed_columns(&self, dialect: &dyn Dialect, fields: &[usize]) -> (String, String) {
        let every = Query::new(self.model().clone());
        let mut compiler = Compiler::new(dialect, &every);
        let mut columns = Fragment::default();
        for (number, (&position, name)) in fields.iter().zip(self.names()).enumerate() {
            columns.push(if number > 0 { ", " } else { "" });
            columns.push(compiler.own_column(position));
            columns.push(format!(" {name}"));
        }
        (columns.statement(dialect).sql, compiler.from())
    }

    /// Whether it writes to other tables than the model's own, or reads them.
    pub(crate) fn is_of_chain(&self) -> bool {
        let model = self.model();
        let inherited = |position: &usize| model.fields[*position].inherited.is_some();
        model.is_child()
            && (self.set.iter().any(|(position, _)| inherited(position))
                || self.key.iter().any(inherited)
                || self.returning != Returning::Nothing
                || self.computed() > 0)
    }

    /// Whether all rows go into a temporary table, from which those that come back, or that match none, are read one after the other.
    pub(crate) fn is_staged(&self, dialect: &dyn Dialect) -> bool {
        // who keeps no missing keys wants none of the others remembered, as a loop would do to find those that come twice
        let remembers = self.missing == Missing::Count && !self.has_integer_key();
        // written and missing rows are counted from one set of rows, also beside other writers
        let one_snapshot = dialect.supports(Capability::WritingQueries);
        self.returning == Returning::Changed
            || (self.missing == Missing::Rows && !one_snapshot)
            || (dialect.supports(Capability::LocalCalls) && remembers)
    }

    /// The columns of the batch, with this before each, that are told of rows that match none, and their types.
    pub(crate) fn told(&self, dialect: &dyn Dialect, of: &str) -> Result<(Vec<String>, Vec<DataType>)> {
        let (mut names, mut types) = (self.names(), self.types());
        if self.missing != Missing::Rows {
            names.truncate(self.key.len());
            types.truncate(self.key.len());
        }
        for (name, data_type) in names.iter_mut().zip(&types) {
            *name = format!("{of}{name}");
            // said in the text: a statement that was prepared must not come to give another type
            if dialect.supports(Capability::PreparedTypes) {
                let cast = format!("{name}::{}", dialect.cast_type(data_type)?);
                *name = dialect.selected(cast.into(), data_type).statement(dialect).sql;
            }
        }
        Ok((names, types))
    }

    /// Whether the key is one integer.
    pub(crate) fn has_integer_key(&self) -> bool {
        matches!(self.duplicates, Duplicates::Integers | Duplicates::FirstOfIntegers)
    }

    /// Whether rows are found by other fields than those of the primary key.
    pub(crate) fn matches_on_others(&self) -> bool {
        self.key != self.model().key()
    }

    /// Whether a field is written that is a key which others may refer to.
    pub(crate) fn writes_key(&self) -> bool {
        writes_key(self.model(), self.set.iter().map(|(position, _)| *position))
    }

    /// How many fields are set to expressions: from two on, those that are set one after the other could see each other.
    pub(crate) fn computed(&self) -> usize {
        self.set.iter().filter(|(_, new)| matches!(new, New::Computed(_))).count()
    }

    /// Whether the batch carries arrays.
    pub(crate) fn has_arrays(&self) -> bool {
        self.columns.iter().any(|column| column.data_type.is_taken_apart())
    }

    /// The names of the batch's columns in a table or a list of rows: `k0`, `v0`, `m0`.
    pub(crate) fn names(&self) -> Vec<String> {
        let numbered = |letter: char, count: usize| (0..count).map(move |number| format!("{letter}{number}"));
        numbered('k', self.key.len())
            .chain(numbered('v', self.carried.len()))
            .chain(numbered('m', self.masks))
            .collect()
    }

    /// `table.id = b.k0 AND …`
    pub(crate) fn on(&self, dialect: &dyn Dialect, b: &str) -> String {
        let own = self.own(dialect);
        let equal = |(number, &position): (usize, &usize)| {
            format!("{own}.{} = {b}.k{number}", self.column(dialect, position))
        };
        self.key.iter().enumerate().map(equal).collect::<Vec<_>>().join(" AND ")
    }

    /// What each column is set to, where `spell` spells the batch's cell in a column.
    pub(crate) fn settings(
        &self,
        dialect: &dyn Dialect,
        spell: &dyn Fn(usize) -> Fragment,
    ) -> Result<Vec<Setting>> {
        let carried = self.carried_by(spell);
        let mut compiler = Compiler::new(dialect, self.query);
        compiler.allow_joins(false);
        compiler.carry(&carried);
        self.settings_in(&mut compiler, spell)
    }

    /// Spells the value of a field that the batch carries.
    pub(crate) fn carried_by(&self, spell: &dyn Fn(usize) -> Fragment) -> impl Fn(usize) -> Option<Fragment> {
        move |position: usize| {
            let among = self.key.iter().chain(&self.carried).position(|&other| other == position)?;
            Some(spell(among))
        }
    }

    /// [`settings`](Job::settings) in a statement that has begun.
    pub(crate) fn settings_in<'s>(
        &'s self,
        compiler: &mut Compiler<'s>,
        spell: &dyn Fn(usize) -> Fragment,
    ) -> Result<Vec<Setting>> {
        let (model, dialect) = (self.model(), compiler.dialect());
        let mut settings = Vec::new();
        for (position, new) in &self.set {
            let field = &model.fields[*position];
            let column = dialect.quote(&field.column);
            let value = match new {
                New::Carried(column) => spell(*column),
                New::Patched { column: from, mask, bit, otherwise } => {
                    let otherwise = match otherwise {
                        Some(now) => Fragment::stored(now.clone(), field.data_type.clone()),
                        None => compiler.own_column(*position),
                    };
                    Fragment::format(
                        &format!("CASE WHEN ({{}} & {}) <> 0 THEN {{}} ELSE {{}} END", 1_i64 << bit),
                        [spell(*mask), spell(*from), otherwise],
                    )
                }
                New::Computed(value) => {
                    let place = |error: Error| error.at(format!("{}.{}", model.name, field.name));
                    let is_column = matches!(value, Expr::Field(_));
                    refuse_results(field, &model.name, value)?;
                    let value = compiler.typed(value, Some(&field.data_type)).map_err(place)?;
                    let value = for_column(dialect, value, &field.data_type).map_err(place)?.sql;
                    if is_column { dialect.fitting(value, &field.data_type) } else { value }
                }
                New::Constant { value, .. } => Fragment::stored(value.clone(), field.data_type.clone()),
            };
            let is_auto = matches!(new, New::Constant { is_auto: true, .. });
            let is_computed = matches!(new, New::Computed(_));
            settings.push(Setting {
                column,
                data_type: field.data_type.clone(),
                value,
                is_auto,
                is_computed,
            });
        }
        Ok(settings)
    }

    /// The condition of the query on the table's own name, with ` AND ` before it; empty where there is none, and `None`
    /// where no row can pass.
    pub(crate) fn filter(&self, dialect: &dyn Dialect) -> Result<Option<Fragment>> {
        let mut compiler = Compiler::new(dialect, self.query);
        let condition = match compiler.filters(self.query)? {
            Condition::Nothing => return Ok(None),
            Condition::Everything => return Ok(Some(Fragment::default())),
            Condition::Sql(sql) if !compiler.finds_apart() => sql,
            passing if !dialect.supports(Capability::TargetInSubquery) => {
                // There, the table that is written may be read only where the result is complete beforehand: the limit keeps
                // the inner query from being merged into the one around it.
                let key = compiler.own_key();
                let left = Fragment::join(key.clone(), ", ");
                let mut keys = select(&mut compiler, key, passing);
                keys.push(dialect.keep_order());
                Fragment::format("({}) IN (SELECT * FROM ({}) passed)", [left, keys])
            }
            _ => self.passes(dialect)?,
        };
        Ok(Some(Fragment::format(" AND ({})", [condition])))
    }

    /// Whether the query's condition reads other rows than the one that is written.
    pub(crate) fn filter_reads_others(&self, dialect: &dyn Dialect) -> bool {
        let mut compiler = Compiler::new(dialect, self.query);
        compiler.filters(self.query).is_ok_and(|_| compiler.reads_others())
    }

    /// The query's conditions asked of one row: it costs no more than the row does.
    fn passes(&self, dialect: &dyn Dialect) -> Result<Fragment> {
        let mut outer = Compiler::new(dialect, self.query);
        let mut inner = Compiler::inside(dialect, self.query);
        let passing = inner.filters(self.query)?;
        let keys = inner.own_key().into_iter().zip(outer.own_key());
        let keys = keys.map(|(inner, outer)| Condition::Sql(Fragment::format("{} = {}", [inner, outer])));
        let passing = Condition::all(keys.chain([passing]).collect());
        let rows = select(&mut inner, vec!["1".into()], passing);
        Ok(Fragment::format("EXISTS ({})", [rows]))
    }
}

/// How keys that come twice are found.
fn duplicates(dialect: &dyn Dialect, request: &BulkUpdate<'_>, key: &[usize]) -> Result<Duplicates> {
    let model = &request.query.model;
    let types = || key.iter().map(|&position| &model.fields[position].data_type);
    let is_integer = key.len() == 1 && types().all(DataType::is_integer);
    if request.on_duplicate != OnDuplicate::Refuse {
        let by_bytes = request.on_duplicate == OnDuplicate::KeepFirstOfBytes;
        let among_others = |data_type: &DataType| match data_type {
            DataType::Text { .. } => !by_bytes,
            DataType::Native(_) | DataType::Json | DataType::Array(_) => true,
            _ => false,
        };
        if let Some(&position) = key.iter().find(|&&position| among_others(&model.fields[position].data_type))
        {
            return Err(Error::not_supported(format!(
                "{}.{}: which values of {} are the same key, only the database knows, by the column's collation or type: so the first \
                 row of a key cannot be found before the rows are there. Leave out the others yourself, or match on fields of other types.",
                model.name, model.fields[position].name, model.fields[position].data_type
            )));
        }
        return Ok(if is_integer { Duplicates::FirstOfIntegers } else { Duplicates::FirstOfHashes });
    }
    // a collation may take different texts for one
    let is_collated =
        types().any(|data_type| matches!(data_type, DataType::Text { .. } | DataType::Native(_)));
    let is_local = dialect.supports(Capability::LocalCalls);
    let is_hashed = (is_local && request.missing == Missing::Keys)
        || !(is_local || dialect.supports(Capability::TemporaryTables))
        || request.rows.is_some_and(|rows| rows <= HASHED);
    Ok(match (is_integer, is_collated, is_hashed) {
        (true, ..) => Duplicates::Integers,
        (false, false, true) => Duplicates::Hashes,
        _ => Duplicates::InDatabase,
    })
}

/// Calls `see` with the position of each field whose new value the expression names.
fn read(model: &ModelRef, value: &Expr, see: &mut dyn FnMut(usize)) -> Result<()> {
    let mut error = None;
    value.visit(&mut |part| {
        if let Expr::New(path) = part {
            match path.names().first().map(|name| model.find(name)) {
                Some(Ok(position)) => see(position),
                Some(Err(unknown)) => error = Some(unknown),
                None => {}
            }
        }
    });
    error.map_or(Ok(()), Err)
}
