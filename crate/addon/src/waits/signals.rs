//! Signals to the process, for the interrupts that listen to them.
//!
//! A signal has one handler for the whole process, and signal-hook can't give it its default action back.
//! So one thread, once started, goes on for good: it triggers who listens, and else does what the signal
//! would have done.

use crate::waits::interrupt::Interrupt;
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Signals closer than this are one: npm and npx hand on a Ctrl-C that their child has from the terminal
/// already, a few milliseconds later.
const ECHO: Duration = Duration::from_millis(200);

static DISPATCHER: Mutex<Option<Dispatcher>> = Mutex::new(None);

struct Dispatcher {
    handle: Handle,
    /// The signals that are caught, and whether a JS listener has them too.
    caught: HashMap<i32, bool>,
    listeners: Vec<Listener>,
}

struct Listener {
    signals: Vec<i32>,
    interrupt: Arc<Interrupt>,
    /// Cleared when the listener wants no more.
    listening: Arc<AtomicBool>,
    /// How many signals it hears.
    patience: u32,
    /// When the last one came that it heard.
    heard: Option<Instant>,
}

/// Triggers `interrupt`, with the signal's number, at the first of `signals` from now on, as long as
/// `listening` is set. It hears `patience` of them; the next has its own effect.
pub fn listen(
    signals: Vec<i32>,
    patience: u32,
    interrupt: Arc<Interrupt>,
    listening: Arc<AtomicBool>,
) -> io::Result<()> {
    let mut guard = DISPATCHER.lock().unwrap_or_else(PoisonError::into_inner);
    let dispatcher = match &mut *guard {
        Some(dispatcher) => dispatcher,
        none => none.insert(start()?),
    };
    for &signal in &signals {
        if !dispatcher.caught.contains_key(&signal) {
            let has_js_listener = remove_exit_handler(signal)?;
            dispatcher.handle.add_signal(signal)?;
            dispatcher.caught.insert(signal, has_js_listener);
        }
    }
    dispatcher.forget_the_deaf();
    dispatcher.listeners.push(Listener {
        signals,
        interrupt,
        listening,
        patience,
        heard: None,
    });
    Ok(())
}

fn start() -> io::Result<Dispatcher> {
    let mut signals = Signals::new([0_i32; 0])?;
    let handle = signals.handle();
    std::thread::Builder::new()
        .name("wasm-signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let mut guard = DISPATCHER.lock().unwrap_or_else(PoisonError::into_inner);
                let handled = guard
                    .as_mut()
                    .is_some_and(|dispatcher| dispatcher.dispatch(signal));
                drop(guard);
                if !handled {
                    let _ = emulate_default_handler(signal);
                }
            }
        })?;
    Ok(Dispatcher {
        handle,
        caught: HashMap::new(),
        listeners: Vec::new(),
    })
}

impl Dispatcher {
    fn forget_the_deaf(&mut self) {
        self.listeners
            .retain(|listener| listener.listening.load(Ordering::Relaxed));
    }

    /// Triggers the listeners that have patience left; whether the signal meant something to anyone.
    fn dispatch(&mut self, signal: i32) -> bool {
        self.forget_the_deaf();
        let mut handled = self.caught.get(&signal).copied().unwrap_or(false);
        for listener in &mut self.listeners {
            if !listener.signals.contains(&signal) {
                continue;
            }
            let is_echo = listener.heard.is_some_and(|heard| heard.elapsed() <= ECHO);
            if !is_echo && listener.patience > 0 {
                listener.patience -= 1;
                listener.heard = Some(Instant::now());
            } else if !is_echo {
                continue;
            }
            handled = true;
            listener.interrupt.trigger(signal as u32);
        }
        handled
    }
}

/// Gives a signal its default action in place of Node's exit handler, which puts the terminal in order
/// and raises the signal anew. signal-hook calls the handler that it finds as well, and the signal raised
/// anew would count as the second. The flag tells it from the handler of JS listeners, which stays: the
/// result is whether there is that one.
fn remove_exit_handler(signal: i32) -> io::Result<bool> {
    // SAFETY: zeros are a valid sigaction, which both calls only read or fill; SIG_DFL is safe anywhere.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, std::ptr::null(), &mut action) != 0 {
            return Err(io::Error::last_os_error());
        }
        if action.sa_flags & libc::SA_RESETHAND != 0 {
            action.sa_sigaction = libc::SIG_DFL;
            action.sa_flags = 0;
            if libc::sigaction(signal, &action, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction))
    }
}
