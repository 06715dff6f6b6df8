//! Where a guest that Go made has its stack pointer and its memory.
//!
//! Both are in the instance's `VMContext`, at places that `wasmtime_environ`, of the very version of Wasmtime that is
//! linked, tells; they were checked to be one by its magic number.

use go::{Caller, GoCode, GuestMemory, Registers, Shape};
use std::ptr;
use std::sync::Arc;
use wasmtime::{AsContextMut, Extern, Instance};
use wasmtime_environ::{
    DefinedGlobalIndex, DefinedMemoryIndex, HostPtr, PtrSize, VMCONTEXT_MAGIC, VMOffsets,
    VMOffsetsFields,
};

/// Go's globals.
const STACK_POINTER: u32 = 0;
const GOROUTINE: u32 = 2;

/// A store's instances of modules that Go made, for handlers of signals.
pub type GoInstances = Box<[GoInstance]>;

/// An instance, which lives as long as its store.
#[derive(Clone)]
pub struct GoInstance {
    code: Arc<GoCode>,
    /// Addresses of globals, and of a `VMMemoryDefinition`.
    stack_pointer: usize,
    goroutine: usize,
    memory: usize,
    /// Whether the memory stays where it is when it grows.
    is_fixed: bool,
}

impl GoInstance {
    /// `shape` is that of the instance's module; `None` when this isn't the instance of such a module.
    pub fn find(
        mut store: impl AsContextMut,
        instance: Instance,
        shape: Shape,
        code: Arc<GoCode>,
        is_fixed: bool,
    ) -> Option<Self> {
        let exports = instance.exports(&mut store);
        let functions = exports.filter_map(|export| match export.into_extern() {
            Extern::Func(function) => Some(function),
            _ => None,
        });
        let functions: Vec<_> = functions.collect();
        let offsets = VMOffsets::from(VMOffsetsFields {
            ptr: HostPtr,
            num_imported_functions: shape.imported_functions,
            num_imported_tables: shape.imported_tables,
            num_imported_memories: 0,
            num_imported_globals: 0,
            num_imported_tags: shape.imported_tags,
            num_defined_tables: shape.tables,
            num_defined_memories: shape.memories,
            num_owned_memories: shape.memories,
            num_defined_globals: shape.globals,
            num_defined_tags: shape.tags,
            // What these count lies behind what is read.
            num_escaped_funcs: 0,
            num_runtime_data: 0,
            has_startup_func: false,
        });
        let vmctx = functions.into_iter().find_map(|function| {
            let reference = function.to_raw(&mut store).cast::<u8>();
            let layout = HostPtr.vm_func_ref();
            // SAFETY: a `VMFuncRef` of the store's, and what it is called with: of a function of the instance's own, a
            // `VMContext`, which begins with its magic number; each other context begins with its own.
            unsafe {
                let called = read(reference.add(layout.wasm_call().into()).cast::<usize>());
                let vmctx = read(reference.add(layout.vmctx().into()).cast::<*mut u8>());
                let is_own = code.has(called) && read(vmctx.cast::<u32>()) == VMCONTEXT_MAGIC;
                is_own.then_some(vmctx)
            }
        })?;
        let vmctx = vmctx.expose_provenance();
        let global = |index| {
            let offset = offsets.vmctx_vmglobal_definition(DefinedGlobalIndex::from_u32(index));
            vmctx + offset as usize
        };
        let memory = offsets.vmctx_vmmemory_pointer(DefinedMemoryIndex::from_u32(0));
        // SAFETY: in the VMContext, at a place that is its own.
        let memory = unsafe { word_at(vmctx + memory as usize) } as usize;
        Some(Self {
            code,
            stack_pointer: global(STACK_POINTER),
            goroutine: global(GOROUTINE),
            memory,
            is_fixed,
        })
    }

    /// As [`GoCode::callers`]. Nothing is done where the memory may be about to move, as it may be unless the guest
    /// runs.
    ///
    /// # Safety
    ///
    /// On the thread of the store, which lives.
    pub unsafe fn callers(
        &self,
        frames: impl Iterator<Item = usize> + Clone,
        guest_runs: bool,
        visit: impl FnMut(usize, Caller),
    ) {
        if !guest_runs && !self.is_fixed {
            return;
        }
        let layout = HostPtr.vm_memory_definition();
        // SAFETY: words of the instance's, which lives as long as the store.
        let memory = unsafe {
            LinearMemory {
                base: word_at(self.memory + usize::from(layout.base())) as usize,
                length: word_at(self.memory + usize::from(layout.current_length())),
            }
        };
        // SAFETY: as above.
        let registers = || unsafe {
            Registers {
                stack_pointer: word_at(self.stack_pointer) as u32,
                goroutine: word_at(self.goroutine),
            }
        };
        self.code.callers(frames, &memory, registers, visit);
    }
}

/// That of a guest, as it is now.
struct LinearMemory {
    base: usize,
    length: u64,
}

impl GuestMemory for LinearMemory {
    #[inline]
    fn word(&self, address: u64) -> Option<u64> {
        let is_inside = address.checked_add(8)? <= self.length;
        // SAFETY: the memory's first bytes, so many that it has, can be read.
        is_inside.then(|| unsafe { word_at(self.base + address as usize) })
    }
}

/// # Safety
///
/// There must be eight bytes to read.
#[inline]
unsafe fn word_at(address: usize) -> u64 {
    let bytes = ptr::with_exposed_provenance::<[u8; 8]>(address);
    // SAFETY: as promised; bytes need no alignment.
    u64::from_le_bytes(unsafe { bytes.read_volatile() })
}

/// # Safety
///
/// As `ptr::read`.
unsafe fn read<T: Copy>(from: *const T) -> T {
    // SAFETY: as promised.
    unsafe { from.read() }
}
