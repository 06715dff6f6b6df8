//! CPU time of threads.
//!
//! Reading a thread's CPU clock is a system call, dearer than a whole sample. So the ticker's thread
//! reads the clocks of the threads that it ticks for, and a sample takes the last reading.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static OWN: OnceCell<Arc<ThreadClock>> = const { OnceCell::new() };
}

/// CPU time that the calling thread has used, in nanoseconds.
pub fn current_thread_ns() -> std::io::Result<u64> {
    imp::current_thread_ns()
}

/// The CPU clock of one thread, to be read from any.
pub struct ThreadClock {
    thread: imp::Thread,
    last_ns: AtomicU64,
}

impl ThreadClock {
    /// That of the calling thread.
    pub fn current() -> std::io::Result<Self> {
        let clock = Self {
            thread: imp::Thread::current()?,
            last_ns: AtomicU64::new(0),
        };
        clock
            .last_ns
            .store(imp::current_thread_ns()?, Ordering::Relaxed);
        Ok(clock)
    }

    /// That of the calling thread, the same one each time, as it was last read.
    pub fn of_this_thread() -> std::io::Result<Arc<Self>> {
        OWN.with(|own| {
            if let Some(clock) = own.get() {
                return Ok(clock.clone());
            }
            let clock = Arc::new(Self::current()?);
            Ok(own.get_or_init(|| clock).clone())
        })
    }

    /// Whether both are of one thread.
    pub fn is_same(&self, other: &Self) -> bool {
        self.thread == other.thread
    }

    /// Reads the clock, from any thread. Once the thread has ended, the last reading stays.
    pub fn update(&self) {
        if let Some(now) = self.thread.cpu_ns() {
            self.last_ns.store(now, Ordering::Relaxed);
        }
    }

    /// Reads the clock of the calling thread, which must be the clock's.
    pub fn update_current(&self) {
        if let Ok(now) = imp::current_thread_ns() {
            self.last_ns.store(now, Ordering::Relaxed);
        }
    }

    /// The last reading, in nanoseconds.
    pub fn last_ns(&self) -> u64 {
        self.last_ns.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
mod imp {
    use std::io::{Error, Result};

    pub fn current_thread_ns() -> Result<u64> {
        clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    fn clock_ns(clock: libc::clockid_t) -> Result<u64> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: a place to write the time to.
        if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
            return Err(Error::last_os_error());
        }
        Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }

    #[cfg(target_os = "linux")]
    #[derive(PartialEq, Eq)]
    pub struct Thread(libc::clockid_t);

    #[cfg(target_os = "linux")]
    impl Thread {
        pub fn current() -> Result<Self> {
            let mut clock = 0;
            // SAFETY: the calling thread is alive; a place to write its clock's id to.
            match unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) } {
                0 => Ok(Self(clock)),
                error => Err(Error::from_raw_os_error(error)),
            }
        }

        pub fn cpu_ns(&self) -> Option<u64> {
            // The id names the kernel's thread, so that of a thread that ended is an error.
            clock_ns(self.0).ok()
        }
    }

    #[cfg(target_os = "macos")]
    #[derive(PartialEq, Eq)]
    pub struct Thread(libc::mach_port_t);

    #[cfg(target_os = "macos")]
    impl Thread {
        pub fn current() -> Result<Self> {
            Ok(Self(crate::thread_handle::current()))
        }

        pub fn cpu_ns(&self) -> Option<u64> {
            let info = crate::thread_handle::basic_info(self.0)?;
            let ns = |time: libc::time_value_t| {
                time.seconds as u64 * 1_000_000_000 + time.microseconds as u64 * 1000
            };
            Some(ns(info.user_time) + ns(info.system_time))
        }
    }

    /// Elsewhere a thread reads its own clock only.
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    #[derive(PartialEq, Eq)]
    pub struct Thread(std::thread::ThreadId);

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    impl Thread {
        pub fn current() -> Result<Self> {
            Ok(Self(std::thread::current().id()))
        }

        pub fn cpu_ns(&self) -> Option<u64> {
            None
        }
    }
}

#[cfg(windows)]
mod imp {
    use crate::thread_handle;
    use std::hint::spin_loop;
    use std::io::{Error, Result};
    use std::os::windows::io::{AsRawHandle, OwnedHandle};
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};
    use windows_sys::Win32::Foundation::{FILETIME, HANDLE};
    use windows_sys::Win32::System::Threading::{
        GetCurrentThread, GetCurrentThreadId, GetThreadTimes,
    };
    use windows_sys::Win32::System::WindowsProgramming::QueryThreadCycleTime;

    pub fn current_thread_ns() -> Result<u64> {
        // SAFETY: stands for the calling thread.
        thread_ns(unsafe { GetCurrentThread() })
    }

    /// The system's times of threads go on by 16 ms at once, but cycles, which not all systems count, by one.
    fn thread_ns(thread: HANDLE) -> Result<u64> {
        static NS_OF_CYCLE: OnceLock<Option<f64>> = OnceLock::new();
        match NS_OF_CYCLE.get_or_init(|| ns_of_cycle().ok()) {
            Some(ns) => Ok((cycles(thread)? as f64 * ns) as u64),
            None => times(thread),
        }
    }

    fn cycles(thread: HANDLE) -> Result<u64> {
        let mut cycles = 0;
        // SAFETY: a handle of a thread, and a place to write to.
        if unsafe { QueryThreadCycleTime(thread, &mut cycles) } == 0 {
            return Err(Error::last_os_error());
        }
        Ok(cycles)
    }

    /// What a cycle is, by the clock, while a thread runs: the median of some short times.
    fn ns_of_cycle() -> Result<f64> {
        const TIMES: usize = 9;
        const TIME: Duration = Duration::from_micros(200);
        // SAFETY: stands for the calling thread.
        let thread = unsafe { GetCurrentThread() };
        let mut measured = [0.0; TIMES];
        for ns in &mut measured {
            let (before, start) = (cycles(thread)?, Instant::now());
            while start.elapsed() < TIME {
                spin_loop();
            }
            let ran = cycles(thread)?.saturating_sub(before);
            *ns = start.elapsed().as_nanos() as f64 / ran as f64;
        }
        measured.sort_by(f64::total_cmp);
        let ns = measured[TIMES / 2];
        if !ns.is_finite() {
            return Err(Error::other("the cycles of a thread do not go on"));
        }
        Ok(ns)
    }

    fn times(thread: HANDLE) -> Result<u64> {
        let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: a handle of a thread, and four places to write to.
        let done =
            unsafe { GetThreadTimes(thread, &mut created, &mut exited, &mut kernel, &mut user) };
        if done == 0 {
            return Err(Error::last_os_error());
        }
        // In units of 100 ns.
        let ns = |time: FILETIME| {
            ((u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime)) * 100
        };
        Ok(ns(kernel) + ns(user))
    }

    /// A handle of its own.
    pub struct Thread(OwnedHandle, u32);

    impl PartialEq for Thread {
        fn eq(&self, other: &Self) -> bool {
            self.1 == other.1
        }
    }

    impl Eq for Thread {}

    impl Thread {
        pub fn current() -> Result<Self> {
            // SAFETY: asks, and changes nothing.
            let id = unsafe { GetCurrentThreadId() };
            Ok(Self(thread_handle::current()?, id))
        }

        pub fn cpu_ns(&self) -> Option<u64> {
            thread_ns(self.0.as_raw_handle()).ok()
        }
    }
}

/// Whether the ticker can read the clocks of other threads; else each sample reads its own.
pub const READ_BY_TICKER: bool = cfg!(any(target_os = "linux", target_os = "macos", windows));
