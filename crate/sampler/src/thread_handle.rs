//! What macOS and Windows name threads by, for other threads.

#[cfg(target_os = "macos")]
mod imp {
    /// The calling thread's port, which is good as long as it runs.
    pub fn current() -> libc::mach_port_t {
        // SAFETY: asks for what belongs to the calling thread.
        unsafe { libc::pthread_mach_thread_np(libc::pthread_self()) }
    }

    /// What the system knows of a thread; `None` once it has ended.
    pub fn basic_info(port: libc::mach_port_t) -> Option<libc::thread_basic_info_data_t> {
        // SAFETY: zeros are a valid value; as many words are written as there are told to be.
        unsafe {
            let mut info: libc::thread_basic_info_data_t = std::mem::zeroed();
            let mut count = libc::THREAD_BASIC_INFO_COUNT;
            let words = (&raw mut info).cast();
            let flavor = libc::THREAD_BASIC_INFO as libc::thread_flavor_t;
            let result = libc::thread_info(port, flavor, words, &mut count);
            (result == libc::KERN_SUCCESS).then_some(info)
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::io::Result;
    use std::os::windows::io::{BorrowedHandle, OwnedHandle};
    use windows_sys::Win32::System::Threading::GetCurrentThread;

    /// A handle of the calling thread's, good on all others too.
    pub fn current() -> Result<OwnedHandle> {
        // SAFETY: stands for the calling thread, wherever it is used, and needs not be closed.
        unsafe { BorrowedHandle::borrow_raw(GetCurrentThread()) }.try_clone_to_owned()
    }
}

pub use imp::*;
