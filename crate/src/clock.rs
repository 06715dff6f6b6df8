//! The CPU clock of the calling thread.

use napi::bindgen_prelude::*;
use napi_derive::napi;

/// CPU time that the calling thread has used, in milliseconds.
#[napi(catch_unwind)]
pub fn thread_cpu_time() -> Result<f64> {
    imp::thread_cpu_time_ms()
}

#[cfg(unix)]
mod imp {
    use napi::Result;
    use rustix::time::{ClockId, clock_gettime};

    pub fn thread_cpu_time_ms() -> Result<f64> {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Ok(time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6)
    }
}

#[cfg(windows)]
mod imp {
    use napi::{Error, Result};
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Threading::{GetCurrentThread, GetThreadTimes};

    pub fn thread_cpu_time_ms() -> Result<f64> {
        let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: four places to write to, and the pseudo handle of this thread.
        let ok = unsafe {
            GetThreadTimes(
                GetCurrentThread(),
                &mut created,
                &mut exited,
                &mut kernel,
                &mut user,
            )
        };
        if ok == 0 {
            return Err(Error::from(std::io::Error::last_os_error()));
        }
        // In units of 100 ns.
        let ms = |time: FILETIME| {
            ((u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime)) as f64 / 1e4
        };
        Ok(ms(kernel) + ms(user))
    }
}
