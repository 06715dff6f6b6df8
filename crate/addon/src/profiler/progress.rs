//! A line on the terminal that tells how a recording by signals goes: the guest holds the JavaScript thread.

use crate::profiler::recorder::NativeRecorder;
use code::NativeCode;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use sampler::signal::SampleStream;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use symbols::code::Code;
use symbols::demangle::display;

const EVERY: Duration = Duration::from_millis(500);
/// Short runs need no line.
const AFTER: Duration = Duration::from_secs(2);
/// The terminal's own width can't be asked for.
const WIDTH: usize = 79;
/// Erases the line that the cursor is in.
const ERASE: &str = "\r\x1b[K";

/// Shows it until `end`.
#[napi]
pub struct NativeProgress {
    stopped: Arc<AtomicBool>,
    thread: RefCell<Option<JoinHandle<()>>>,
}

#[napi]
impl NativeProgress {
    /// Of the samples of `recorder`, whose list is `listed`.
    #[napi(factory, catch_unwind)]
    pub fn start(recorder: &NativeRecorder, listed: Vec<&NativeCode>) -> Result<Self> {
        let stream = recorder.stream();
        let names = Names {
            bases: recorder.bases_of_modules(),
            modules: listed.iter().map(|listed| listed.code.clone()).collect(),
        };
        let stopped = Arc::<AtomicBool>::default();
        let its = stopped.clone();
        let thread = thread::Builder::new()
            .name("wasm-progress".to_owned())
            .spawn(move || show(&stream, &names, &its))?;
        Ok(Self {
            stopped,
            thread: RefCell::new(Some(thread)),
        })
    }

    /// Takes the line away.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // One that panicked has written what it has.
            let _ = thread.join();
        }
    }
}

impl Drop for NativeProgress {
    fn drop(&mut self) {
        self.end();
    }
}

fn show(stream: &SampleStream, names: &Names, stopped: &AtomicBool) {
    let start = Instant::now();
    let mut is_shown = false;
    let mut next = start + EVERY;
    loop {
        while let Some(wait) = next.checked_duration_since(Instant::now())
            && !wait.is_zero()
            && !stopped.load(Ordering::SeqCst)
        {
            thread::park_timeout(wait);
        }
        if stopped.load(Ordering::SeqCst) {
            break;
        }
        next += EVERY;
        let (samples, recent) = stream.look();
        if start.elapsed() < AFTER {
            continue;
        }
        let text = progress_text(start.elapsed(), samples, names.hottest(&recent));
        // The cursor at its start, so that what the guest writes to the terminal goes over it.
        write_now(&format!("{ERASE}{text}\r"));
        is_shown = true;
    }
    if is_shown {
        write_now(ERASE);
    }
}

/// A terminal that is gone, or full for the moment: no such text is worth an end.
fn write_now(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// `12 s  11,874 samples  now: memcmp`
fn progress_text(elapsed: Duration, samples: u64, hottest: Option<String>) -> String {
    let now = hottest.map_or(String::new(), |name| format!("  now: {}", one_line(&name)));
    let text = format!("{} s  {} samples{now}", elapsed.as_secs(), grouped(samples));
    match text.char_indices().nth(WIDTH) {
        None => text,
        Some(_) => text.chars().take(WIDTH - 1).chain(['\u{2026}']).collect(),
    }
}

/// With a comma for each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Without what would steer a terminal, as `oneLine` in `lib/cli/terminal.ts`.
fn one_line(name: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    name.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

struct Names {
    bases: Vec<u32>,
    modules: Vec<Code>,
}

impl Names {
    /// The function that most of these newest frames are in.
    fn hottest(&self, recent: &HashMap<u32, u64>) -> Option<String> {
        let mut counts = HashMap::<(usize, u32), u64>::new();
        for (&address, &count) in recent {
            *counts.entry(self.function_at(address - 1)?).or_default() += count;
        }
        let (&(row, index), _) = counts.iter().max_by_key(|&(_, &count)| count)?;
        let mut name = None;
        self.modules[row].compiled().each_name(&mut |found, text| {
            if found == index {
                name = Some(display(text, false));
            }
        });
        Some(name.unwrap_or_else(|| format!("wasm-function[{index}]")))
    }

    /// The module and function of an address of the recorder's.
    fn function_at(&self, address: u32) -> Option<(usize, u32)> {
        let row = self
            .bases
            .partition_point(|&base| base <= address)
            .checked_sub(1)?;
        let offset = (address - self.bases[row]) as usize;
        let functions = self.modules.get(row)?.functions();
        let after = functions.partition_point(|function| function.offset <= offset);
        Some((row, functions[..after].last()?.index))
    }
}
