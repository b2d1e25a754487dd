//! `bulk_update` of fields in several tables: the rows of the batch go into a temporary table, and the tables of the chain are written
//! from that. A table alone is written so where the rows are to be read back one after the other.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect};
use crate::encode::Duplicates;
use crate::error::Result;
use crate::plan::bulk::{Job, Missing, New, Returning};
use crate::plan::chain::staged::Staged;
use crate::plan::chain::{Batch, ChainWrite, Set, needs_temporary_tables};
use crate::plan::strategy::stage;
use crate::plan::strategy::staging::{Staging, plain};
use crate::plan::{Gives, Step};
use crate::sql::Fragment;

pub(in crate::plan) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    needs_temporary_tables(dialect)?;
    let Some(staging) = Staging::new(dialect, job)? else { return Ok(Vec::new()) };
    let names = job.names();
    let spell = |column: usize| Fragment::text(format!("{}.{}", staging.b, names[column]));
    let carried = job.carried_by(&spell);
    let mut compiler = Compiler::new(dialect, job.query);
    compiler.allow_joins(false);
    compiler.carry(&carried);
    let settings = job.settings_in(&mut compiler, &spell)?;
    let unchanged = if job.skip_unchanged {
        let mut pairs = Vec::new();
        for (setting, (position, _)) in settings.iter().zip(&job.set).filter(|(setting, _)| !setting.is_auto)
        {
            pairs.push((compiler.own_column(*position), setting.value.clone(), &setting.data_type));
        }
        Some(dialect.unchanged(pairs)?)
    } else {
        None
    };
    let set = settings.iter().zip(&job.set).map(|(setting, (position, new))| Set {
        position: *position,
        value: setting.value.clone(),
        is_taken: !matches!(new, New::Constant { .. }),
    });
    let set = set.collect();
    let on = job.key.iter().enumerate().map(|(number, &position)| {
        Fragment::format(&format!("{{}} = {}.k{number}", staging.b), [compiler.own_column(position)])
    });
    let on = Fragment::join(on.collect::<Vec<_>>(), " AND ");
    compiler.allow_joins(true);
    let Some(mut write) = ChainWrite::new(job.query, compiler, set)? else { return Ok(Vec::new()) };
    let keys = names[..job.key.len()].iter().map(|key| format!("{}.{key}", staging.b)).collect();
    let sql = if dialect.supports(Capability::LocksAsRead) {
        staging.in_order(dialect)
    } else {
        format!("{} {}", staging.batch, staging.b)
    };
    write.batch = Some(Batch { sql: sql.into(), late: None, on, keys });

    let mut steps = stage(dialect, &staging)?;
    if job.duplicates == Duplicates::InDatabase {
        steps.push(staging.refuse_duplicates(dialect)?);
    }
    steps.extend(staging.refuse_several(dialect)?);
    let plain_write = job.model().is_child()
        && !job.per_table
        && job.returning == Returning::Nothing
        && !job.skip_unchanged
        && !job.matches_on_others()
        && job.keep.kept().is_none();
    // a key of the model's own table is looked for there, by its index; else among the rows that were taken
    let is_own = |position: &usize| job.model().fields[*position].inherited.is_none();
    if plain_write && !write.is_staged() && job.key.iter().all(is_own) {
        let written = write.in_one_statement(dialect)?;
        let missing = staging.find_missing(dialect)?;
        // with a filter, what it leaves out must be known before the rows change
        match missing {
            Some(before @ Step::Run(_, Gives::Missing { before: true, .. })) => {
                steps.extend([before, written])
            }
            after => steps.extend(std::iter::once(written).chain(after)),
        }
    } else {
        let told = || job.told(dialect, &format!("{}.", staging.b));
        // where rows can be there that are not locked, those that are not there are to be counted
        let asks_missing = job.missing != Missing::Count || dialect.hides_rows(&job.table(dialect)).is_some();
        let asked = Staged {
            returning: job.returning,
            unchanged,
            missing: asks_missing.then(told).transpose()?,
            keep: job.keep.kept().map(|kept| kept.sql(dialect)),
            keys_only: !job.keep.writes(),
        };
        steps.extend(write.staged(dialect, asked)?);
    }
    steps.push(Step::prepare(plain(dialect.drop_staged(&staging.batch))));
    Ok(steps)
}
