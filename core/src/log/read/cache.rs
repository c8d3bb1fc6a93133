//! A bounded cache of two generations: what the younger one lacks is looked up in the elder and
//! moved; when the younger is full it becomes the elder, and the elder is dropped.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::id::IdMap;

#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    weight_max: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: IdMap<K, (V, usize)>,
    elder: IdMap<K, (V, usize)>,
    weight: usize,
}

impl<K: Eq + Hash + Copy, V: Clone> Cache<K, V> {
    /// Makes a cache that holds values of at most `weight_max` together.
    pub(crate) fn new(weight_max: usize) -> Self {
        let generations =
            Generations { young: IdMap::default(), elder: IdMap::default(), weight: 0 };
        Cache { generations: Mutex::new(generations), weight_max: weight_max / 2 }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, _)) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (value, weight) = generations.elder.remove(key)?;
        generations.insert(*key, value.clone(), weight, self.weight_max);
        Some(value)
    }

    /// Keeps a value, unless it alone would fill the cache.
    pub(crate) fn insert(&self, key: K, value: V, weight: usize) {
        if weight <= self.weight_max / 2 {
            let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
            generations.insert(key, value, weight, self.weight_max);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        *generations = Generations { young: IdMap::default(), elder: IdMap::default(), weight: 0 };
    }
}

impl<K: Eq + Hash + Copy, V: Clone> Generations<K, V> {
    fn insert(&mut self, key: K, value: V, weight: usize, weight_max: usize) {
        if self.weight + weight > weight_max {
            self.elder = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        match self.young.insert(key, (value, weight)) {
            Some((_, before)) => self.weight = self.weight - before + weight,
            None => self.weight += weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_weight_is_bounded() {
        let cache = Cache::new(200);
        for key in 0..1_000 {
            cache.insert(key, key, 10);
            assert_eq!(cache.get(&0), Some(0));
        }
        let kept = (0..1_000).filter(|key| cache.get(key).is_some()).count();
        assert!(kept <= 20, "{kept}");
        cache.insert(5_000, 1, 1_000);
        assert_eq!(cache.get(&5_000), None);
    }
}
