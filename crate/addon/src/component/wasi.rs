//! WASI preview 2, on `wasmtime-wasi`.

use crate::objects::wasi_waits::ctx_of;
use crate::store::StoreData;
use crate::store::scope::Scopes;
use crate::waits::interrupt::Interrupt;
use crate::wasi::wait::wait;
use std::future::Future;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{self, StreamError, StreamResult};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io::poll::{
    Host as AsyncPoll, HostPollable as AsyncPollable,
};
use wasmtime_wasi_io::bindings::wasi::io::streams::{
    HostInputStream as AsyncInput, HostOutputStream as AsyncOutput,
};
use wasmtime_wasi_io::poll::DynPollable;
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

impl WasiView for StoreData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        ctx_of(self).ctx()
    }
}

/// Defines all of preview 2, and leaves shadowing allowed. What may wait for long ends when the store is
/// interrupted, as the guest's code does at its next epoch check.
pub fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    poll::add_to_linker::<_, Io<'static>>(linker, io_of)?;
    streams::add_to_linker::<_, Io<'static>>(linker, io_of)
}

/// A store's `wasi:io`: as that of wasmtime-wasi (48: p2/host/io.rs, p2/poll.rs), but for how it waits.
struct Io<'a> {
    table: &'a mut ResourceTable,
    scopes: Arc<Scopes>,
    interrupt: Option<Arc<Interrupt>>,
}

impl HasData for Io<'static> {
    type Data<'a> = Io<'a>;
}

fn io_of(data: &mut StoreData) -> Io<'_> {
    let (scopes, interrupt) = (data.scopes.clone(), data.interrupt.clone());
    let table = data.ctx().table;
    Io {
        table,
        scopes,
        interrupt,
    }
}

fn wait_for_stream<T>(
    scopes: &Scopes,
    interrupt: &Option<Arc<Interrupt>>,
    call: impl Future<Output = StreamResult<T>>,
) -> StreamResult<T> {
    wait(scopes, interrupt, call).map_err(StreamError::Trap)?
}

impl poll::Host for Io<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        wait(
            &self.scopes,
            &self.interrupt,
            AsyncPoll::poll(self.table, pollables),
        )?
    }
}

impl poll::HostPollable for Io<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        wait(
            &self.scopes,
            &self.interrupt,
            AsyncPollable::ready(self.table, pollable),
        )?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        wait(
            &self.scopes,
            &self.interrupt,
            AsyncPollable::block(self.table, pollable),
        )?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}

impl streams::Host for Io<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        streams::Host::convert_stream_error(self.table, error)
    }
}

impl streams::HostInputStream for Io<'_> {
    fn drop(&mut self, stream: Resource<DynInputStream>) -> Result<()> {
        wait(
            &self.scopes,
            &self.interrupt,
            AsyncInput::drop(self.table, stream),
        )?
    }

    fn read(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<Vec<u8>> {
        streams::HostInputStream::read(self.table, stream, length)
    }

    fn blocking_read(
        &mut self,
        stream: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<Vec<u8>> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncInput::blocking_read(self.table, stream, length),
        )
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, length: u64) -> StreamResult<u64> {
        streams::HostInputStream::skip(self.table, stream, length)
    }

    fn blocking_skip(
        &mut self,
        stream: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncInput::blocking_skip(self.table, stream, length),
        )
    }

    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> Result<Resource<DynPollable>> {
        streams::HostInputStream::subscribe(self.table, stream)
    }
}

impl streams::HostOutputStream for Io<'_> {
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> Result<()> {
        wait(
            &self.scopes,
            &self.interrupt,
            AsyncOutput::drop(self.table, stream),
        )?
    }

    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        streams::HostOutputStream::check_write(self.table, stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        streams::HostOutputStream::write(self.table, stream, bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncOutput::blocking_write_and_flush(self.table, stream, bytes),
        )
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        length: u64,
    ) -> StreamResult<()> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncOutput::blocking_write_zeroes_and_flush(self.table, stream, length),
        )
    }

    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> Result<Resource<DynPollable>> {
        streams::HostOutputStream::subscribe(self.table, stream)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, length: u64) -> StreamResult<()> {
        streams::HostOutputStream::write_zeroes(self.table, stream, length)
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        streams::HostOutputStream::flush(self.table, stream)
    }

    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncOutput::blocking_flush(self.table, stream),
        )
    }

    fn splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        streams::HostOutputStream::splice(self.table, to, from, length)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        wait_for_stream(
            &self.scopes,
            &self.interrupt,
            AsyncOutput::blocking_splice(self.table, to, from, length),
        )
    }
}
