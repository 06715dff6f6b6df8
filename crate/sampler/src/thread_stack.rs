//! The stack of a thread.

use std::ops::Range;

/// Where the calling thread\'s stack lies, without its guard; `None` where that can\'t be told.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn bounds() -> Option<Range<usize>> {
    // SAFETY: zeros are a valid pthread_attr_t to fill; it is read once filled, and destroyed.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let (mut start, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let known = libc::pthread_attr_getstack(&attributes, &mut start, &mut size) == 0
            && libc::pthread_attr_getguardsize(&attributes, &mut guard) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        let start = start.addr();
        // glibc counts the guard as part of the stack.
        known.then(|| start + guard..start + size)
    }
}

#[cfg(target_vendor = "apple")]
pub fn bounds() -> Option<Range<usize>> {
    // SAFETY: both only read what belongs to the calling thread.
    unsafe {
        let thread = libc::pthread_self();
        let top = libc::pthread_get_stackaddr_np(thread).addr();
        Some(top - libc::pthread_get_stacksize_np(thread)..top)
    }
}

#[cfg(windows)]
pub fn bounds() -> Option<Range<usize>> {
    let (mut low, mut high) = (0, 0);
    // SAFETY: fills two words.
    unsafe {
        windows_sys::Win32::System::Threading::GetCurrentThreadStackLimits(&mut low, &mut high);
    }
    // The guard pages of the lowest end.
    Some(low + (64 << 10)..high)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    windows
)))]
pub fn bounds() -> Option<Range<usize>> {
    None
}
