//! Lanes: where the nodes of a graph stand and its edges run, for every form of drawing.

/// A graph whose nodes are drawn one a row, children above their parents.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The lane of each node.
    pub(super) nodes: Vec<usize>,
    pub(super) edges: Vec<Edge>,
    /// Lanes in all.
    pub(super) width: usize,
}

/// A line from a node down to its parent: from the node over to a lane, along it, over to the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) lane: usize,
}

impl Layout {
    /// Lays out nodes, given by their parents' places below them. The line of the node `first` keeps
    /// the lane on the left.
    pub(super) fn new(parents: &[Vec<usize>], first: Option<usize>) -> Layout {
        let mut layout = Layout { width: usize::from(!parents.is_empty()), ..Layout::default() };
        // The node that each lane leads to.
        let mut lanes: Vec<Option<usize>> = vec![first];
        for (row, parents) in parents.iter().enumerate() {
            let lane = lanes.iter().position(|to| *to == Some(row));
            let lane = lane.unwrap_or_else(|| free(&mut lanes));
            for lane in lanes.iter_mut().filter(|to| **to == Some(row)) {
                *lane = None;
            }
            layout.nodes.push(lane);
            for (at, &to) in parents.iter().enumerate().filter(|(_, to)| **to > row) {
                let lane = if at == 0 { lane } else { free(&mut lanes) };
                lanes[lane] = Some(to);
                layout.edges.push(Edge { from: row, to, lane });
            }
            layout.width = layout.width.max(lane + 1);
        }
        let widest = layout.edges.iter().map(|edge| edge.lane + 1).max();
        layout.width = layout.width.max(widest.unwrap_or(0));
        layout
    }
}

/// The leftmost lane in which nothing runs.
fn free(lanes: &mut Vec<Option<usize>>) -> usize {
    lanes.iter().position(Option::is_none).unwrap_or_else(|| {
        lanes.push(None);
        lanes.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fork_runs_beside_the_line_down_to_where_it_began() {
        // 0 is the fork's, 1 and 2 the session's own; both come from 3.
        let layout = Layout::new(&[vec![3], vec![2], vec![3], vec![]], Some(1));
        assert_eq!(layout.nodes, [1, 0, 0, 0]);
        assert_eq!(layout.edges[0], Edge { from: 0, to: 3, lane: 1 });
        assert_eq!(layout.width, 2);
    }

    #[test]
    fn a_merge_has_an_edge_for_each_parent() {
        let layout = Layout::new(&[vec![1, 2], vec![3], vec![3], vec![]], Some(0));
        let lanes: Vec<usize> = layout.edges.iter().map(|edge| edge.lane).collect();
        assert_eq!((layout.nodes, lanes), (vec![0, 0, 1, 0], vec![0, 1, 0, 1]));
    }

    proptest! {
        #[test]
        fn no_two_edges_share_a_lane_and_none_runs_through_a_node(
            picks in prop::collection::vec(prop::collection::vec(1usize..6, 0..3), 1..40),
        ) {
            let rows = picks.len();
            let below = |row: usize, pick: &usize| Some(row + pick).filter(|to| *to < rows);
            let parents: Vec<Vec<usize>> = picks
                .iter()
                .enumerate()
                .map(|(row, picks)| picks.iter().filter_map(|pick| below(row, pick)).collect())
                .collect();
            let layout = Layout::new(&parents, Some(0));
            for (at, edge) in layout.edges.iter().enumerate() {
                for row in edge.from + 1..edge.to {
                    prop_assert_ne!(layout.nodes[row], edge.lane);
                }
                for other in &layout.edges[at + 1..] {
                    let apart = other.from >= edge.to || edge.from >= other.to;
                    let same_start = other.from == edge.from && other.lane != edge.lane;
                    prop_assert!(apart || same_start || other.lane != edge.lane);
                }
            }
        }
    }
}
