//! Code in an artifact, as `Engine::precompile_module` makes it: an ELF file with sections of Wasmtime's own.

use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};
use std::collections::BTreeMap;
use std::sync::Arc;
use symbols::code::{AddressMap, Code, Compiled, CompiledFunction};
use wasmtime::Result;
use wasmtime_environ::component::ComponentArtifacts;
use wasmtime_environ::{
    CompiledFunctionsTable, CompiledModuleInfo, FuncKey, ModuleTypes, iterate_address_map, obj,
};

/// What is kept of an artifact: the address map, of a component's that of all its modules.
struct OfArtifact {
    address_map: Vec<u8>,
}

/// The sections of an artifact that are read.
pub struct Artifact {
    /// Encoded by postcard.
    info: Vec<u8>,
    compiled: Arc<OfArtifact>,
}

impl Compiled for OfArtifact {
    fn address_map(&self) -> Option<AddressMap<'_>> {
        let map = iterate_address_map(&self.address_map)?;
        Some(Box::new(map.map(|(offset, place)| {
            (offset as usize, place.file_offset())
        })))
    }

    /// No option asks for it here.
    fn inlines(&self) -> bool {
        false
    }

    /// Code here has its binary already.
    fn accepts(&self, _module: &[u8]) -> bool {
        false
    }

    fn each_name(&self, _visit: &mut dyn FnMut(u32, &str)) {}

    /// Nothing is loaded.
    fn text(&self) -> Option<usize> {
        None
    }
}

impl Artifact {
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let file = ElfFile64::<Endianness>::parse(bytes).map_err(wasmtime::Error::new)?;
        let section = |name: &str| -> Result<&[u8]> {
            match file.section_by_name(name) {
                Some(section) => section.data().map_err(wasmtime::Error::new),
                None => Ok(&[]),
            }
        };
        Ok(Self {
            info: section(obj::ELF_WASMTIME_INFO)?.to_vec(),
            compiled: Arc::new(OfArtifact {
                address_map: section(obj::ELF_WASMTIME_ADDRMAP)?.to_vec(),
            }),
        })
    }

    /// The code of a module, and its name.
    pub fn module(&self) -> Result<(Code, Option<String>)> {
        let (info, table, _) =
            postcard::from_bytes::<(CompiledModuleInfo, CompiledFunctionsTable, ModuleTypes)>(
                &self.info,
            )?;
        let name = info
            .module
            .name
            .map(|name| info.module.strings[name].to_owned());
        Ok((self.code(&info, &table), name))
    }

    /// The code of each module with functions in a component, by its number there.
    pub fn component(&self) -> Result<BTreeMap<usize, Code>> {
        let artifacts = postcard::from_bytes::<ComponentArtifacts>(&self.info)?;
        let modules = artifacts.static_modules.iter();
        Ok(modules
            .map(|(number, info)| (number.as_u32() as usize, self.code(info, &artifacts.table)))
            .filter(|(_, code)| !code.functions().is_empty())
            .collect())
    }

    fn code(&self, info: &CompiledModuleInfo, table: &CompiledFunctionsTable) -> Code {
        let module = &info.module;
        let functions = module.defined_func_indices().filter_map(|defined| {
            let key = FuncKey::DefinedWasmFunction(module.module_index, defined);
            let place = table.func_loc(key)?;
            Some(CompiledFunction {
                offset: place.start as usize,
                length: place.length as usize,
                index: module.func_index(defined).as_u32(),
            })
        });
        Code::new(self.compiled.clone(), functions.collect())
    }
}
