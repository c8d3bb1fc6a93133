//! What turns leave in a session: turns and their steps, proposals, decisions, findings, gates, and
//! what each role is shown. The loop itself is [`host::turn`](crate::host::turn).

pub(crate) mod apply;
pub(crate) mod calls;
pub(crate) mod decide;
pub(crate) mod findings;
pub(crate) mod gates;
pub(crate) mod in_place;
pub(crate) mod proposals;
pub(crate) mod propose;
pub(crate) mod roles;
pub(crate) mod sees;
pub(crate) mod steps;
pub(crate) mod work;
