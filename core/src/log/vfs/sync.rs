//! What threads meet at: the standard library's, or in the tests of schedules shuttle's, which takes
//! them through orders that chance would seldom find.

#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicBool,
};

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::{
    Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicBool,
};
