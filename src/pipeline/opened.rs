//! The logs of one day, opened where they lie: on this machine, or on the cluster that `[engine]` names.

use super::job::{Incomplete, Job, Spill};
use crate::engine::{self, Tallies};
#[cfg(feature = "spark")]
use crate::ingest::require_named;
use crate::ingest::{LogDigests, LogReader, Meter, RejectedRows};
use crate::ledger::LedgerKey;
use crate::plan::Plan;
use crate::release_file::day::DayBounds;
use crate::{Error, Result};

/// Opened logs, of which no row was read yet.
pub(super) enum Opened<'a> {
    /// Files of this machine.
    Here(Box<Here<'a>>),
    /// Files of a cluster.
    #[cfg(feature = "spark")]
    Cluster(Box<crate::cluster::ClusterLogs>),
}

/// Files of this machine, and what reading their rows needs.
pub(super) struct Here<'a> {
    reader: LogReader<'a>,
    memory: usize,
    rejects: Option<RejectedRows>,
    meter: &'a Meter,
}

impl<'a> Opened<'a> {
    /// Opens the logs, and refuses what can be seen to be wrong without a row.
    ///
    /// # Errors
    /// Input or I/O, for logs that cannot be read; refused, for a day that is not whole or does not fit;
    /// usage, for what an engine cannot be asked.
    pub(super) fn open(job: &'a Job, first: &'a Plan, bounds: &DayBounds) -> Result<Self> {
        let (release_file, day) = (&job.release_file, bounds.day());
        if release_file.engine.is_some() {
            return on_cluster(job, first, bounds);
        }
        release_file.require_here("run")?;
        let reader = LogReader::open(&release_file.logs, first.layout.keys(), Some(bounds))?;
        tracing::info!(%day, files = reader.files(), bytes = reader.bytes(), "opened the logs");
        reader.absent_columns().iter().for_each(|absent| job.notices.add(absent.to_string()));
        if job.incomplete == Incomplete::Refuse {
            reader.require_complete(bounds)?;
        }
        let memory = rows_memory(job, &reader, first)?;
        let name = format!("{}-{day}.ndjson", release_file.name);
        let rejects = job.rejects.as_ref();
        let rejects = rejects
            .map(|folder| RejectedRows::create(&release_file.logs, folder, &name))
            .transpose()?;
        Ok(Self::Here(Box::new(Here { reader, memory, rejects, meter: &job.meter })))
    }

    /// The digests by which the ledger recognises the files.
    ///
    /// # Errors
    /// I/O, when a file cannot be read.
    pub(super) fn digests(&self, key: &LedgerKey) -> Result<LogDigests> {
        match self {
            Self::Here(here) => here.reader.digests(key),
            #[cfg(feature = "spark")]
            Self::Cluster(logs) => {
                let facts = |file: &'_ crate::cluster::ClusterFile| [file.size, file.changed_at];
                let files = logs.files().iter().map(|file| (file.path.as_str(), facts(file)));
                Ok(LogDigests::listed(files, key))
            }
        }
    }

    /// Refuses a day that lacks a file, where names say the day of each.
    ///
    /// # Errors
    /// Input.
    pub(super) fn require_files(&self, bounds: &DayBounds) -> Result<()> {
        match self {
            Self::Here(here) => here.reader.require_files(bounds),
            #[cfg(feature = "spark")]
            Self::Cluster(logs) if logs.files().is_empty() => {
                let message = format!("the day {} has no log file on the cluster", bounds.day());
                Err(Error::input(message)
                    .help("nothing was charged: run again when its files are there"))
            }
            #[cfg(feature = "spark")]
            Self::Cluster(logs) => match &logs.settings().day_names {
                // The cluster alone decides how the files of a table are named.
                Some(names) if logs.settings().table.is_none() => {
                    let paths = logs.files().iter().map(|file| std::path::Path::new(&file.path));
                    require_named(names, &logs.settings().time_zone, bounds, paths)
                }
                _ => Ok(()),
            },
        }
    }

    /// Reads the rows of the day, or has them read. The day must be reserved.
    ///
    /// # Errors
    /// Input or I/O, when they cannot be read; stopped.
    pub(super) fn gather(self, bounds: &DayBounds, first: &Plan) -> Result<Box<dyn Tallies>> {
        match self {
            Self::Here(here) => {
                let Here { reader, memory, rejects, meter } = *here;
                let reader = reader.with_rejects(rejects.as_ref()).with_meter(meter);
                let (rows, _secret) = engine::DayRows::gather(&reader, bounds, first, memory)?;
                rejects.as_ref().map_or(Ok(()), RejectedRows::finish)?;
                Ok(Box::new(rows))
            }
            #[cfg(feature = "spark")]
            Self::Cluster(logs) => Ok(Box::new(logs.gather(first)?)),
        }
    }
}

#[cfg(feature = "spark")]
fn on_cluster<'a>(job: &Job, first: &Plan, bounds: &DayBounds) -> Result<Opened<'a>> {
    let release_file = &job.release_file;
    if job.rejects.is_some() || job.spill == Spill::Refuse {
        return Err(Error::usage("`--rejects` and `--no-spill` are about rows that are read here")
            .help("leave them out: the rows stay on the cluster"));
    }
    let engine = release_file.engine.as_ref();
    let engine = engine.ok_or_else(|| Error::internal("a cluster has no place"))?;
    let asked = job.stop.clone();
    let stop = Box::new(move || asked.check());
    let logs = crate::cluster::ClusterLogs::open(release_file, engine, bounds, first, stop)?;
    tracing::info!(day = %bounds.day(), files = logs.files().len(), "opened the logs on the cluster");
    Ok(Opened::Cluster(Box::new(logs)))
}

#[cfg(not(feature = "spark"))]
fn on_cluster<'a>(_: &Job, _: &Plan, _: &DayBounds) -> Result<Opened<'a>> {
    Err(Error::usage("this program was built without the engine `spark`").help(
        "build it with cargo's `--features spark` (docs/cluster.md), or remove `[engine]` to read the \
         logs here",
    ))
}

/// How much memory the day's rows may take, in bytes.
fn rows_memory(job: &Job, reader: &LogReader<'_>, plan: &Plan) -> Result<usize> {
    let rows = engine::rows_memory(job.memory, plan);
    if job.spill == Spill::Allow {
        return Ok(rows);
    }
    let most = reader.rows_at_most().saturating_mul(engine::row_bytes(plan));
    if most > rows as u64 {
        return Err(Error::refused(format!(
            "the log files may hold {} MiB of rows, and {} MiB of memory are left for them",
            most >> 20,
            rows >> 20
        ))
        .help("give more --memory, or leave --no-spill out: what goes to disk is encrypted"));
    }
    Ok(usize::MAX)
}

#[cfg(test)]
#[cfg(feature = "spark")]
mod tests;
