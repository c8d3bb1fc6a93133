//! A process under watch, which dies at a system call: before it, after it, or with a write half
//! done.
//!
//! The victim asks for the watch itself ([`offer`]), so that nobody needs a right over foreign
//! processes: any user may watch a child. The thread that started the child is the one that
//! [`Watch::run`] must run on.

use std::path::PathBuf;

/// Where in a call the victim dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The call does nothing.
    Before,
    /// A write stops half-way; any other call is done.
    Inside,
    /// The call is done, and nothing after it.
    After,
}

/// What tells the watcher where the victim stands.
#[derive(Clone, Debug)]
pub enum Signs {
    /// A process of the library: it writes into its ledger that it begins, then how it ended.
    Ledger(PathBuf),
    /// The command: what it prints is its acknowledgement.
    Output,
}

/// When to kill: at this call of those that change something.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Calls on names that come first: a rename, a link, a removal, a file that is made.
    pub names: usize,
    /// The number of the call, counted from 1 behind those.
    pub call: usize,
    /// Where in it.
    pub side: Side,
}

/// What came of the watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Calls that changed something, until the end or the death.
    pub calls: usize,
    /// Those of them that were on names.
    pub names: usize,
    /// Whether the watcher killed.
    pub killed: bool,
    /// Whether that was after the first call and before the acknowledgement.
    pub within: bool,
}

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod here {
    use std::collections::HashMap;
    use std::io;
    use std::path::Path;

    use nix::libc;
    use nix::sys::ptrace::{self, Options};
    use nix::sys::signal::{Signal, kill, raise};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    use super::{Plan, Seen, Side, Signs};

    /// Lets the parent watch this process from here on, and waits until it does.
    ///
    /// # Errors
    /// What the system says: a sandbox may forbid it.
    pub fn offer() -> io::Result<()> {
        ptrace::traceme()?;
        raise(Signal::SIGSTOP)?;
        Ok(())
    }

    /// What a call does, as far as it matters here.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Call {
        /// Nothing that lasts.
        Idle,
        /// Changes a file or a lock.
        Changes,
        /// Changes a name.
        Names,
        /// A write into the ledger, or to the standard output.
        Sign,
    }

    struct Registers {
        number: i64,
        arguments: [u64; 3],
    }

    type Raw = <ptrace::regset::NT_PRSTATUS as ptrace::RegisterSet>::Regs;

    #[cfg(target_arch = "x86_64")]
    fn registers(raw: &Raw) -> Registers {
        Registers { number: raw.orig_rax.cast_signed(), arguments: [raw.rdi, raw.rsi, raw.rdx] }
    }

    /// Tells a stop at a call's beginning from one at its end.
    #[cfg(target_arch = "x86_64")]
    fn is_beginning(raw: &Raw) -> bool {
        raw.rax.cast_signed() == -i64::from(libc::ENOSYS)
    }

    #[cfg(target_arch = "aarch64")]
    fn is_beginning(raw: &Raw) -> bool {
        raw.regs[7] == 0
    }

    #[cfg(target_arch = "x86_64")]
    fn set_third(raw: &mut Raw, value: u64) {
        raw.rdx = value;
    }

    #[cfg(target_arch = "aarch64")]
    fn registers(raw: &Raw) -> Registers {
        let at = &raw.regs;
        Registers { number: at[8].cast_signed(), arguments: [at[0], at[1], at[2]] }
    }

    #[cfg(target_arch = "aarch64")]
    fn set_third(raw: &mut Raw, value: u64) {
        raw.regs[2] = value;
    }

    /// Calls that change a file or a lock.
    const CHANGING: &[i64] = &[
        libc::SYS_pwrite64,
        libc::SYS_pwritev,
        libc::SYS_fdatasync,
        libc::SYS_fsync,
        libc::SYS_ftruncate,
        libc::SYS_fallocate,
        libc::SYS_flock,
        libc::SYS_copy_file_range,
        libc::SYS_fchmod,
    ];

    /// Calls that change a name.
    const NAMING: &[i64] = &[
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_unlinkat,
        libc::SYS_symlinkat,
        libc::SYS_mkdirat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_renameat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_link,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_mkdir,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rmdir,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_symlink,
    ];

    /// Watches a child that [`offer`]ed itself.
    pub struct Watch<'a> {
        child: Pid,
        signs: &'a Signs,
        plan: Option<Plan>,
        /// Files that descriptors stand for, as far as they were asked for.
        is_ledger: HashMap<u64, bool>,
        signs_seen: usize,
        seen: Seen,
        /// Calls that the plan counts, so far.
        counted: usize,
        /// The thread whose call is to be the last, once it returns.
        dies_after: Option<Pid>,
    }

    impl<'a> Watch<'a> {
        /// Takes a child of this very thread.
        pub fn new(child: u32, signs: &'a Signs, plan: Option<Plan>) -> Self {
            Watch {
                child: Pid::from_raw(child.cast_signed()),
                signs,
                plan,
                is_ledger: HashMap::new(),
                signs_seen: 0,
                seen: Seen::default(),
                counted: 0,
                dies_after: None,
            }
        }

        /// Watches until the child ended or was killed, and what it started ended too. A child that
        /// never offers itself just ends.
        ///
        /// # Errors
        /// What the system says.
        pub fn run(mut self) -> io::Result<(Seen, Option<i32>)> {
            let mut ended = None;
            loop {
                let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
                let status = match waitpid(Pid::from_raw(-1), Some(flags | WaitPidFlag::WUNTRACED))
                {
                    Err(nix::Error::ECHILD) => match ended {
                        Some(code) => return Ok((self.seen, code)),
                        None => return Err(nix::Error::ECHILD.into()),
                    },
                    status => status?,
                };
                match status {
                    WaitStatus::Exited(pid, code) if pid == self.child => ended = Some(Some(code)),
                    WaitStatus::Signaled(pid, _, _) if pid == self.child => ended = Some(None),
                    WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {}
                    WaitStatus::PtraceSyscall(pid) => self.at_call(pid)?,
                    WaitStatus::PtraceEvent(pid, _, _) => go_on(pid, None)?,
                    // Of the child its own stop, of a new thread the one that it begins with.
                    WaitStatus::Stopped(pid, Signal::SIGSTOP) => {
                        ptrace::setoptions(pid, options()).or_else(gone)?;
                        go_on(pid, None)?;
                    }
                    WaitStatus::Stopped(pid, signal) => go_on(pid, Some(signal))?,
                    _ => {}
                }
            }
        }

        fn at_call(&mut self, pid: Pid) -> io::Result<()> {
            let Ok(mut raw) = ptrace::getregset::<ptrace::regset::NT_PRSTATUS>(pid) else {
                // It is being killed.
                return Ok(());
            };
            if !is_beginning(&raw) {
                return if self.dies_after == Some(pid) {
                    self.kill(pid)
                } else {
                    go_on(pid, None)
                };
            }
            let registers = registers(&raw);
            let plan = self.plan.filter(|_| !self.seen.killed);
            match (self.call(pid, &registers), plan) {
                (call @ (Call::Changes | Call::Names), plan) => {
                    self.seen.calls += 1;
                    if plan.is_some_and(|plan| self.seen.names >= plan.names) {
                        self.counted += 1;
                    }
                    self.seen.names += usize::from(call == Call::Names);
                    let Some(plan) = plan.filter(|plan| self.counted >= plan.call) else {
                        return go_on(pid, None);
                    };
                    self.seen.killed = true;
                    self.seen.within = self.is_within();
                    if plan.side == Side::Before {
                        return self.kill(pid);
                    }
                    if plan.side == Side::Inside && tears(&registers) {
                        set_third(&mut raw, registers.arguments[2] / 2);
                        ptrace::setregset::<ptrace::regset::NT_PRSTATUS>(pid, raw)?;
                    }
                    self.dies_after = Some(pid);
                }
                (Call::Sign, Some(_)) if matches!(self.signs, Signs::Ledger(_)) => {
                    // An operation of fewer calls dies with all done and nothing said of it.
                    if self.signs_seen > 0 {
                        (self.seen.killed, self.seen.within) = (true, true);
                        return self.kill(pid);
                    }
                    self.signs_seen += 1;
                }
                (Call::Sign, _) => self.signs_seen += 1,
                (Call::Idle, _) => {}
            }
            go_on(pid, None)
        }

        /// Tells whether the victim began and has not acknowledged.
        fn is_within(&self) -> bool {
            match self.signs {
                Signs::Ledger(_) => self.signs_seen == 1,
                Signs::Output => self.signs_seen == 0,
            }
        }

        /// Kills the child at a call of it, or of a process that it started: that one lives on.
        fn kill(&self, pid: Pid) -> io::Result<()> {
            kill(self.child, Signal::SIGKILL).or_else(gone)?;
            go_on(pid, None)
        }

        fn call(&mut self, pid: Pid, at: &Registers) -> Call {
            if at.number == libc::SYS_write || at.number == libc::SYS_writev {
                return match (self.signs, at.arguments[0]) {
                    (Signs::Output, 1) => Call::Sign,
                    (_, 0..=2) => Call::Idle,
                    (Signs::Ledger(path), fd) if self.leads_to(pid, fd, path) => Call::Sign,
                    _ => Call::Changes,
                };
            }
            let creates = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
            let opens = at.number == libc::SYS_openat && creates(at.arguments[2]);
            #[cfg(target_arch = "x86_64")]
            let opens = opens || at.number == libc::SYS_open && creates(at.arguments[1]);
            if opens || NAMING.contains(&at.number) {
                return Call::Names;
            }
            if CHANGING.contains(&at.number) { Call::Changes } else { Call::Idle }
        }

        fn leads_to(&mut self, pid: Pid, fd: u64, ledger: &Path) -> bool {
            *self.is_ledger.entry(fd).or_insert_with(|| {
                let link = std::fs::read_link(format!("/proc/{pid}/fd/{fd}"));
                link.is_ok_and(|link| link == ledger)
            })
        }
    }

    fn tears(at: &Registers) -> bool {
        let writes = at.number == libc::SYS_pwrite64 || at.number == libc::SYS_write;
        writes && at.arguments[2] > 1
    }

    fn options() -> Options {
        Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
    }

    fn go_on(pid: Pid, signal: Option<Signal>) -> io::Result<()> {
        ptrace::syscall(pid, signal).or_else(gone)?;
        Ok(())
    }

    /// One that was killed meanwhile is none that fails.
    fn gone(error: nix::Error) -> nix::Result<()> {
        if error == nix::Error::ESRCH { Ok(()) } else { Err(error) }
    }
}

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod here {
    use std::io;

    use super::{Plan, Seen, Signs};

    /// Lets the parent watch this process, which cannot be done here.
    ///
    /// # Errors
    /// `Unsupported`, always.
    pub fn offer() -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "processes are watched on Linux alone"))
    }

    /// Watches nothing.
    pub struct Watch;

    impl Watch {
        /// Takes a child.
        pub fn new(_: u32, _: &Signs, _: Option<Plan>) -> Self {
            Watch
        }

        /// Says that it cannot.
        ///
        /// # Errors
        /// `Unsupported`, always.
        pub fn run(self) -> io::Result<(Seen, Option<i32>)> {
            Err(io::Error::new(io::ErrorKind::Unsupported, "processes are watched on Linux alone"))
        }
    }
}

pub use here::{Watch, offer};
