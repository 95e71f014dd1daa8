//! How many requests may be going on: of one node, and of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use xds_model::principal::NodeName;

/// Counts requests being served. Beyond the limits a request is told to come back later.
#[derive(Debug)]
pub struct InFlight {
    process_max: u32,
    node_max: u32,
    counts: Mutex<Counts>,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Counts {
    process: u32,
    nodes: HashMap<NodeName, u32>,
}

/// A place among the requests being served, given back when dropped.
#[derive(Debug)]
pub struct Place {
    of: Arc<InFlight>,
    node: NodeName,
}

impl InFlight {
    /// With these limits; `gauge` shows how many there are.
    pub fn new(process_max: u32, node_max: u32, gauge: Gauge) -> Arc<Self> {
        Arc::new(Self {
            process_max,
            node_max,
            counts: Mutex::default(),
            gauge,
        })
    }

    /// A place for a request of this node; none when it or the process has all it may have.
    pub fn enter(self: &Arc<Self>, node: &NodeName, own_max: Option<u32>) -> Option<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_node = counts.nodes.get(node).copied().unwrap_or_default();
        if counts.process >= self.process_max || of_node >= own_max.unwrap_or(self.node_max) {
            return None;
        }
        counts.process += 1;
        counts.nodes.insert(node.clone(), of_node + 1);
        self.gauge.set(i64::from(counts.process));
        Some(Place {
            of: Arc::clone(self),
            node: node.clone(),
        })
    }

    /// Requests being served now.
    pub fn now(&self) -> u32 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).process
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.of.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.process = counts.process.saturating_sub(1);
        self.of.gauge.set(i64::from(counts.process));
        match counts.nodes.get_mut(&self.node) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.nodes.remove(&self.node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_per_node_and_in_all_and_come_back() {
        let gauge = Gauge::default();
        let in_flight = InFlight::new(3, 2, gauge.clone());
        let (a, b) = (NodeName("a".into()), NodeName("b".into()));
        let first = in_flight.enter(&a, None).unwrap();
        let _second = in_flight.enter(&a, None).unwrap();
        assert!(in_flight.enter(&a, None).is_none());
        let _third = in_flight.enter(&b, None).unwrap();
        assert!(in_flight.enter(&b, None).is_none());
        drop(first);
        assert!(in_flight.enter(&b, Some(1)).is_none());
        assert!(in_flight.enter(&b, None).is_some());
        assert_eq!((in_flight.now(), gauge.get()), (2, 2));
    }
}
