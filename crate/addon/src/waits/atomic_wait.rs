//! Guests that wait in `memory.atomic.wait32` and `wait64`, which Wasmtime would let wait deaf to all but a
//! `notify`.
//!
//! Compiled code calls these by Wasmtime's table of builtin functions. Its two entries lead here, and from here
//! on: where something may end the wait, another thread does the waiting, and this one looks around meanwhile.
//!
//! ```text
//!   guest's thread                              helper
//!   ──────────────                              ──────
//!   wait32 ── with timeout 0: is there to wait?
//!          ── start ──────────────────────────► Wasmtime's wait32
//!          looks each `ending::INTERVAL`
//!   ended: notify ────────────────────────────► … returns
//!          trap(Interrupt)
//! ```
//!
//! Others that wait for the same place are woken then as well, as by any `notify`.
//!
//! Invariants:
//! - The table is that of `wasmtime-environ`'s indices, of the very version that is linked; an entry is replaced
//!   once, before a guest with shared memories runs, by a function of the same signature.
//! - The helper has the store for itself: this thread is in the middle of the guest's call and touches nothing of
//!   it but, in `notify`, the memory's parking spot, which is made for several threads.
//! - It returns before the call does.

use crate::waits::ending;
use crate::waits::interrupt::Interrupt;
use napi::sys;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use wasmtime::Trap;
use wasmtime_environ::{BuiltinFunctionIndex, HostPtr, PtrSize};

type Wait32 = unsafe extern "C" fn(*mut u8, u32, u64, u32, u64) -> u64;
type Wait64 = unsafe extern "C" fn(*mut u8, u32, u64, u64, u64) -> u64;
type Notify = unsafe extern "C" fn(*mut u8, u32, u64, u32) -> u64;
type RaiseTrap = unsafe extern "C" fn(*mut u8, u8);

/// Wasmtime's own.
struct Builtins {
    wait32: Wait32,
    wait64: Wait64,
    notify: Notify,
    trap: RaiseTrap,
}

static BUILTINS: OnceLock<Builtins> = OnceLock::new();

/// What a wait comes to when its time is over (wasmtime 48 vm.rs: `WaitResult`).
const TIMED_OUT: u64 = 2;

/// Tells compiled code that a trap was recorded.
const TRAPPED: u64 = u64::MAX;

/// What may end the waits of a store's guest.
#[derive(Clone)]
struct Watch {
    env: sys::napi_env,
    interrupt: Option<Arc<Interrupt>>,
}

thread_local! {
    /// Of this thread's stores, by the addresses of their `VMStoreContext`s.
    static WATCHES: RefCell<HashMap<usize, Watch>> = RefCell::default();
}

/// The waits of a store's guest, watched as long as the store has this.
pub struct Waits {
    context: usize,
}

impl Waits {
    /// Of the store whose `VMStoreContext` is there.
    pub fn of(context: usize) -> Self {
        Self { context }
    }

    /// Lets `interrupt` and the thread's end, if it is a Worker's, end them.
    pub fn watch(&self, env: sys::napi_env, interrupt: Option<Arc<Interrupt>>) {
        if interrupt.is_some() || ending::is_worker() {
            let watch = Watch { env, interrupt };
            WATCHES.with_borrow_mut(|watches| watches.insert(self.context, watch));
        }
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        // The thread's own end may come first.
        let _ = WATCHES.try_with(|watches| watches.borrow_mut().remove(&self.context));
    }
}

/// Leads the waits of all guests here, from now on. `vmctx` is that of any instance.
///
/// # Safety
///
/// It must be a live `VMContext`.
pub unsafe fn install(vmctx: *mut u8) -> io::Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if BUILTINS.get().is_some() {
        return Ok(());
    }
    // SAFETY: the context is as promised; the rest by the first invariant.
    unsafe {
        let table = vmctx
            .add(usize::from(HostPtr.vmctx_builtin_functions()))
            .cast::<*mut usize>()
            .read();
        let entry = |index: BuiltinFunctionIndex| table.add(index.index() as usize);
        let (wait32, wait64) = (
            entry(BuiltinFunctionIndex::memory_atomic_wait32()),
            entry(BuiltinFunctionIndex::memory_atomic_wait64()),
        );
        let builtins = Builtins {
            wait32: std::mem::transmute::<usize, Wait32>(wait32.read()),
            wait64: std::mem::transmute::<usize, Wait64>(wait64.read()),
            notify: std::mem::transmute::<usize, Notify>(
                entry(BuiltinFunctionIndex::memory_atomic_notify()).read(),
            ),
            trap: std::mem::transmute::<usize, RaiseTrap>(
                entry(BuiltinFunctionIndex::trap()).read(),
            ),
        };
        let _ = BUILTINS.set(builtins);
        replace(wait32, watched_wait32 as *const () as usize)?;
        replace(wait64, watched_wait64 as *const () as usize)
    }
}

/// Writes a word of a table that is constant to the linker.
///
/// # Safety
///
/// The word must be of a table that nobody reads while it is written but as a whole.
#[cfg(unix)]
unsafe fn replace(word: *mut usize, value: usize) -> io::Result<()> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let start = word.map_addr(|address| address & !(page - 1));
    let protect = |protection| {
        // SAFETY: the page that the word is on; one that can be read stays so.
        match unsafe { libc::mprotect(start.cast(), page, protection) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    protect(libc::PROT_READ | libc::PROT_WRITE)?;
    // SAFETY: as promised, aligned.
    unsafe { AtomicUsize::from_ptr(word) }.store(value, Ordering::SeqCst);
    protect(libc::PROT_READ)
}

/// Not tried there: waits are Wasmtime's own.
#[cfg(not(unix))]
unsafe fn replace(_word: *mut usize, _value: usize) -> io::Result<()> {
    Ok(())
}

unsafe extern "C" fn watched_wait32(
    vmctx: *mut u8,
    memory: u32,
    address: u64,
    expected: u32,
    timeout: u64,
) -> u64 {
    // SAFETY: as compiled code calls it.
    unsafe {
        wait(
            vmctx,
            memory,
            address,
            timeout,
            |builtins, vmctx, timeout| (builtins.wait32)(vmctx, memory, address, expected, timeout),
        )
    }
}

unsafe extern "C" fn watched_wait64(
    vmctx: *mut u8,
    memory: u32,
    address: u64,
    expected: u64,
    timeout: u64,
) -> u64 {
    // SAFETY: as compiled code calls it.
    unsafe {
        wait(
            vmctx,
            memory,
            address,
            timeout,
            |builtins, vmctx, timeout| (builtins.wait64)(vmctx, memory, address, expected, timeout),
        )
    }
}

/// `timeout` is in nanoseconds, negative for ever.
unsafe fn wait(
    vmctx: *mut u8,
    memory: u32,
    address: u64,
    timeout: u64,
    wait: impl Fn(&Builtins, *mut u8, u64) -> u64 + Sync,
) -> u64 {
    let Some(builtins) = BUILTINS.get() else {
        return TRAPPED;
    };
    // SAFETY: a live VMContext.
    let context = unsafe {
        vmctx
            .add(usize::from(HostPtr.vmctx_store_context()))
            .cast::<usize>()
            .read()
    };
    let watch = WATCHES.with_borrow(|watches| watches.get(&context).cloned());
    let Some(watch) = watch else {
        return wait(builtins, vmctx, timeout);
    };
    // Traps are this thread's: after this, the wait itself has none.
    let at_once = wait(builtins, vmctx, 0);
    if at_once != TIMED_OUT || timeout == 0 {
        return at_once;
    }
    let vmctx_address = vmctx.expose_provenance();
    let waiting = || {
        let vmctx = std::ptr::with_exposed_provenance_mut(vmctx_address);
        wait(builtins, vmctx, timeout)
    };
    // SAFETY: wakes who waits there.
    let wake = || unsafe {
        (builtins.notify)(vmctx, memory, address, u32::MAX);
    };
    let ended = || {
        let interrupt = watch.interrupt.as_ref();
        interrupt.is_some_and(|interrupt| interrupt.is_triggered()) || ending::is_ending(watch.env)
    };
    match wait_watched(waiting, ended, wake) {
        Ok(Some(result)) => result,
        Ok(None) => {
            // SAFETY: in the middle of a guest's call; it records the trap.
            unsafe { (builtins.trap)(vmctx, Trap::Interrupt as u8) };
            TRAPPED
        }
        // No thread is to be had.
        Err(_) => wait(builtins, vmctx, timeout),
    }
}

/// Waits on a thread of its own until `wait` returns: what it did, or `None` when `ended` was found first, and
/// `wake` has ended it.
pub fn wait_watched<R: Send>(
    wait: impl FnOnce() -> R + Send,
    ended: impl Fn() -> bool,
    wake: impl Fn(),
) -> io::Result<Option<R>> {
    let done = (Mutex::new(None), Condvar::new());
    thread::scope(|scope| {
        thread::Builder::new()
            .name("wasm-wait".to_owned())
            .stack_size(256 << 10)
            .spawn_scoped(scope, || {
                let result = wait();
                *done.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                done.1.notify_one();
            })?;
        let look = |time: Duration| {
            let result = done.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = done
                .1
                .wait_timeout_while(result, time, |result| result.is_none());
            waited.unwrap_or_else(PoisonError::into_inner).0.take()
        };
        loop {
            if let Some(result) = look(ending::INTERVAL) {
                return Ok(Some(result));
            }
            if ended() {
                break;
            }
        }
        // It may not have begun to wait yet.
        loop {
            wake();
            if look(Duration::from_millis(1)).is_some() {
                return Ok(None);
            }
        }
    })
}
