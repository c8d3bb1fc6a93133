//! One change in a map of 100,000 files, in memory: nodes written, time to edit, time to compare.

use std::collections::HashMap;
use std::sync::Arc;

use partita::ObjectId;
use partita::map::{Map, NewNode, Value};
use partita::object::{Node, Objects};

use crate::measure::{Samples, Table, micros, time};
use crate::work::Random;
use crate::{Options, Result};

const FILES: usize = 100_000;
const EDITS: usize = 2_000;

/// Nodes in memory.
#[derive(Debug, Default)]
struct Nodes(HashMap<ObjectId, Arc<Node>>);

impl Objects for Nodes {
    fn get_node(&self, id: &ObjectId) -> partita::Result<Option<Arc<Node>>> {
        Ok(self.0.get(id).cloned())
    }
}

pub(crate) fn run(_: &Options) -> Result<()> {
    let mut random = Random(7);
    let mut nodes = Nodes::default();
    let keys: Vec<Vec<u8>> = (0..FILES)
        .map(|at| {
            format!("crates/c{:03}/src/m{:02}/f{at:06}.rs", at / 500, at / 25 % 20).into_bytes()
        })
        .collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Some(value(&mut random)))).collect();
    let (build, edited) = time(|| Ok(Map::EMPTY.edit(&nodes, entries)?))?;
    let count = edited.nodes.len();
    keep(&mut nodes, edited.nodes);
    let mut map = edited.map;

    let (mut edit, mut diff) = (Samples::default(), Samples::default());
    let (mut written, mut bytes) = (Vec::new(), 0);
    for _ in 0..EDITS {
        let key = keys[random.below(keys.len())].clone();
        let new = value(&mut random);
        let (took, edited) = time(|| Ok(map.edit(&nodes, [(key, Some(new))])?))?;
        edit.push(took);
        written.push(edited.nodes.len());
        bytes += edited.nodes.iter().map(|node| node.node().canonical_bytes().len()).sum::<usize>();
        keep(&mut nodes, edited.nodes);
        let before = std::mem::replace(&mut map, edited.map);
        let (took, changes) =
            time(|| Ok(before.diff(&map, &nodes).collect::<partita::Result<Vec<_>>>()?))?;
        diff.push(took);
        if changes.len() != 1 {
            return Err(format!("{} changes, expected one", changes.len()).into());
        }
    }
    written.sort_unstable();
    println!("{FILES} files in {count} nodes, built in {build:.0?}; {EDITS} edits of one value\n");
    let table = Table::new(&["", "p50", "p99 or most"]);
    table.row(&[&"nodes written", &written[EDITS / 2], &written[EDITS - 1]]);
    table.row(&[&"bytes of them, mean", &(bytes / EDITS), &""]);
    table.row(&[&"edit", &micros(edit.p50()), &micros(edit.p99())]);
    table.row(&[&"diff", &micros(diff.p50()), &micros(diff.p99())]);
    Ok(())
}

fn value(random: &mut Random) -> Value {
    let mut id = || ObjectId::of_content(&random.next().to_le_bytes());
    Value { refs: vec![id(), id()], bytes: vec![1] }
}

fn keep(nodes: &mut Nodes, new: Vec<NewNode>) {
    nodes.0.extend(new.iter().map(|new| (new.id(), new.node().clone())));
}
