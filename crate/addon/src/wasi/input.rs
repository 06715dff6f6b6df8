//! A guest's stdin that JavaScript fills while the guest waits in an asynchronous call.

use crate::js::failure::MustBeAsync;
use crate::js::{self, JsException, JsReference, Strength};
use crate::waits::call_state::CallState;
use bytes::Bytes;
use napi::JsValue;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, ReadBuf};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

/// Bytes on their way to the guest.
#[napi]
pub struct NativeInputQueue {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Asks JavaScript for more.
    on_wanted: JsReference,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    has_ended: bool,
    error: Option<JsException>,
    waker: Option<Waker>,
}

#[napi]
impl NativeInputQueue {
    /// `on_wanted`, held weakly, is called when the guest begins to wait.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "() => void")] on_wanted: Function<'_, (), Unknown<'_>>,
    ) -> Result<Self> {
        let on_wanted = JsReference::new(env.raw(), on_wanted.raw(), Strength::Weak)
            .ok_or_else(|| Error::from_reason("expected a function"))?;
        Ok(Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                on_wanted,
            }),
        })
    }

    #[napi(catch_unwind)]
    pub fn push(&self, bytes: &[u8]) {
        let mut state = self.shared.state();
        state.bytes.extend_from_slice(bytes);
        state.wake();
    }

    #[napi(catch_unwind)]
    pub fn end(&self) {
        let mut state = self.shared.state();
        state.has_ended = true;
        state.wake();
    }

    /// Has the guest unwound with `error`, once it has read what there is.
    #[napi(catch_unwind)]
    pub fn fail(&self, env: Env, error: Unknown<'_>) {
        let mut state = self.shared.state();
        state.error = Some(JsException::new(env.raw(), error.raw()));
        state.wake();
    }
}

impl NativeInputQueue {
    /// The guest's end, for a store whose calls these are.
    pub fn stream(&self, calls: Arc<CallState>) -> Input {
        Input {
            shared: self.shared.clone(),
            calls,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.has_ended && self.error.is_none()
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if !self.bytes.is_empty() {
            let size = size.min(self.bytes.len());
            return Ok(self.bytes.drain(..size).collect());
        }
        match self.error.take() {
            Some(error) => Err(StreamError::Trap(wasmtime::Error::new(error))),
            None if self.has_ended => Err(StreamError::Closed),
            None => Ok(Bytes::new()),
        }
    }
}

#[derive(Clone)]
pub struct Input {
    shared: Arc<Shared>,
    calls: Arc<CallState>,
}

impl Input {
    fn poll_ready(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.shared.state();
        if !state.is_empty() || self.calls.in_sync_wasi.get() {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        drop(state);
        // JS can't come to fill it while a synchronous call waits.
        self.calls.waits_for_js.set(true);
        let on_wanted = &self.shared.on_wanted;
        // It throws nothing, and does its work later.
        let _ = js::with_handle_scope(on_wanted.env(), || on_wanted.call(&[]).is_ok());
        Poll::Pending
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        poll_fn(|context| self.poll_ready(context)).await;
    }
}

impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut state = self.shared.state();
        if state.is_empty() && self.calls.in_sync_wasi.get() {
            return Err(StreamError::Trap(wasmtime::Error::new(MustBeAsync::Wait)));
        }
        state.read(size)
    }
}

impl AsyncRead for Input {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_ready(context).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(match self.shared.state().read(buffer.remaining()) {
            Ok(bytes) => {
                buffer.put_slice(&bytes);
                Ok(())
            }
            Err(StreamError::Closed) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        })
    }
}
