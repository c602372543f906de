//! A scan of everything for what must hold: rows whole, indexes pointing at records, the log without a gap and equal to
//! its head.
//!
//! Reads only, over the rows of any adapter that nobody is writing to. What one domain record says is not its business.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::batch::VERSION_KEY;
use super::log_rows;
use super::queue;
use super::reads::{self, NODE_STEP};
use super::rows::{Rows, Space, deframe, list_key, list_of_key, node_key};
use crate::base::bytes::hex;
use crate::domain::backup::Report;
use crate::domain::change::{LIST_SLOTS, Table, until};
use crate::domain::ports::StoreError;
use crate::tlog::merkle::{Frontier, leaf_hash};

/// Scans every row; an error only when the rows cannot be read at all.
pub fn check<R: Rows>(rows: &R) -> Result<Report, StoreError> {
    let head = reads::head(&Frontier::default());
    let mut report = Report { rows: BTreeMap::new(), log: head, faults: 0, listed: Vec::new() };
    let last = reads::read_number(rows, Space::Meta, VERSION_KEY)?;
    for space in Space::all() {
        check_space(rows, space, last, &mut report)?;
    }
    for table in Table::ALL.iter().copied().filter(|table| table.covers()) {
        let count = |table: Table| report.rows.get(table.name()).copied().unwrap_or_default();
        let of = table.points_to().map_or(0, count);
        let has = count(table);
        if of != has {
            report.fault(|| format!("{} has {has} rows for {of} records", table.name()));
        }
    }
    check_log(rows, &mut report)?;
    Ok(report)
}

fn check_space<R: Rows>(rows: &R, space: Space, last: u64, report: &mut Report) -> Result<(), StoreError> {
    let mut count = 0;
    rows.walk(space, Bound::Unbounded, &mut |key, frame| {
        count += 1;
        match deframe(space, key, frame) {
            Ok((version, value)) => {
                if version > last {
                    report.fault(|| format!("{} {} is newer than the store", space.name(), hex(key)));
                }
                if !is_sound(rows, space, key, value)? {
                    report.fault(|| format!("{} {} does not fit the others", space.name(), hex(key)));
                }
            }
            Err(error) => report.fault(|| error.to_string()),
        }
        Ok(true)
    })?;
    report.rows.insert(space.name().to_owned(), count);
    Ok(())
}

/// Whether a row can be understood and what it points to is there.
fn is_sound<R: Rows>(rows: &R, space: Space, key: &[u8], value: &[u8]) -> Result<bool, StoreError> {
    Ok(match space {
        Space::Table(table) => {
            let whole = !table.expires() || until(value).is_some();
            whole && table.points_to().map_or(Ok(true), |target| exists(rows, Space::Table(target), value))?
        }
        Space::Slot => {
            let idx = key.split_last_chunk().map(|(list, idx)| (list_of_key(list), u32::from_be_bytes(*idx)));
            let Some((Some(list), idx)) = idx else { return Ok(false) };
            let fits = idx < LIST_SLOTS && matches!(value, [1 | 2]);
            fits && exists(rows, Space::List, &list_key(&list))?
        }
        Space::List => list_of_key(key).is_some(),
        Space::StatusCounter => value.len() == 8,
        Space::Request => reads::done(key, 0, value).is_ok(),
        Space::Queue => queue::is_key(key),
        Space::Leaf => log_rows::is_sound(key, value),
        Space::Node => key.len() == 9 && value.len() == 32,
        Space::Head => key == reads::HEAD_KEY && reads::frontier_of(value).is_ok(),
        Space::Lease => value.len() >= 16,
        Space::Meta => true,
    })
}

fn exists<R: Rows>(rows: &R, space: Space, key: &[u8]) -> Result<bool, StoreError> {
    rows.frame(space, key).map(|frame| frame.is_some())
}

/// Computes the log anew from its leaves and compares head and kept subtrees.
fn check_log<R: Rows>(rows: &R, report: &mut Report) -> Result<(), StoreError> {
    let (mut log, mut nodes) = (Frontier::default(), 0);
    let walked = log_rows::walk(rows, 0, &mut |number, leaf| {
        if number != log.size() {
            report.fault(|| format!("the log has a gap before leaf {number}"));
            return Ok(false);
        }
        let mut completed = Vec::new();
        log.push_with(leaf_hash(leaf), |node, hash| completed.push((node, *hash)));
        for (node, hash) in completed.into_iter().filter(|(node, _)| node.level % NODE_STEP == 0) {
            nodes += 1;
            if reads::read(rows, Space::Node, &node_key(node))?.is_none_or(|(_, kept)| kept != hash) {
                report.fault(|| format!("subtree {} of height {} is wrong", node.index, node.level));
            }
        }
        Ok(true)
    });
    // A damaged row was told above with the others, and ends the log here.
    match walked {
        Ok(()) | Err(StoreError::Corrupt(_)) => {}
        Err(error) => return Err(error),
    }
    report.log = reads::head(&log);
    if reads::frontier(rows)? != log {
        report.fault(|| "the head of the log does not follow from its leaves".to_owned());
    }
    if report.rows.get(Space::Node.name()) != Some(&nodes) {
        report.fault(|| "there are subtrees that the log does not have".to_owned());
    }
    Ok(())
}
