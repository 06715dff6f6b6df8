//! Whether a thread has a processor, or waits for one.

pub use imp::ThreadState;

#[cfg(target_os = "linux")]
mod imp {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    /// That of a thread, to be asked for from any other.
    pub struct ThreadState(Option<File>);

    impl ThreadState {
        /// That of the calling thread.
        pub fn current() -> Self {
            // SAFETY: asks, and changes nothing.
            let thread = unsafe { libc::gettid() };
            Self(File::open(format!("/proc/self/task/{thread}/stat")).ok())
        }

        /// As the system has it; true where it can't be told.
        pub fn is_runnable(&self) -> bool {
            let Some(file) = &self.0 else {
                return true;
            };
            let mut text = [0; 128];
            let length = file.read_at(&mut text, 0).unwrap_or(0);
            let text = &text[..length];
            // `42 (name) R …`, where the name may have anything in it.
            match text.iter().rposition(|&byte| byte == b')') {
                Some(end) => text.get(end + 2) == Some(&b'R'),
                None => true,
            }
        }
    }
}

#[cfg(target_os = "macos")]
mod imp {
    use crate::thread_handle::{basic_info, current};

    /// That of a thread, to be asked for from any other.
    pub struct ThreadState(libc::mach_port_t);

    /// mach/thread_info.h
    const TH_STATE_RUNNING: libc::integer_t = 1;

    impl ThreadState {
        /// That of the calling thread.
        pub fn current() -> Self {
            Self(current())
        }

        /// As the system has it; true where it can't be told.
        pub fn is_runnable(&self) -> bool {
            basic_info(self.0).is_none_or(|info| info.run_state == TH_STATE_RUNNING)
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod imp {
    /// That of a thread, which can't be told.
    pub struct ThreadState;

    impl ThreadState {
        /// That of the calling thread.
        pub fn current() -> Self {
            Self
        }

        /// Always true.
        pub fn is_runnable(&self) -> bool {
            true
        }
    }
}
