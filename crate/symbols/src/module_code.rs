//! A module's compiled code together with the binary that it comes from.

use crate::binary::{Binary, component_modules};
use crate::code::Code;
use crate::custom_sections::CustomSections;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Compiled code of one module.
pub struct ModuleCode {
    pub code: Code,
    /// What it was compiled from; empty when unknown.
    pub binary: Binary,
    /// Of a component, which of its modules.
    pub number: Option<usize>,
    /// The module's own name, or that which its component has for it.
    pub name: Option<String>,
}

impl ModuleCode {
    /// A module by itself.
    pub fn of_module(code: Code, binary: Arc<[u8]>, name: Option<String>) -> Self {
        Self {
            code,
            binary: Binary::whole(binary),
            number: None,
            name,
        }
    }

    /// Each of a component's modules, by its number there.
    pub fn of_component(codes: BTreeMap<usize, Code>, binary: &Arc<[u8]>) -> Vec<Self> {
        let modules = component_modules(binary);
        let codes = codes.into_iter();
        codes
            .map(|(number, code)| {
                let part = modules.get(number);
                let range = part.map_or(0..0, |part| part.range.clone());
                let is_adapter = part.is_none() && !modules.is_empty();
                Self {
                    code: code.starting_at(range.start),
                    binary: Binary::part(binary.clone(), range),
                    number: Some(number),
                    name: match part {
                        Some(part) => part.name.clone(),
                        // Wasmtime's own code, where one component calls another.
                        None => is_adapter.then(|| "adapter".to_owned()),
                    },
                }
            })
            .collect()
    }

    /// The module in a second binary: the whole, or the one with the same number in a component.
    pub fn module_in<'a>(&self, binary: &'a [u8]) -> &'a [u8] {
        let modules = component_modules(binary);
        match self.number.and_then(|number| modules.get(number)) {
            Some(part) => &binary[part.range.clone()],
            None => binary,
        }
    }

    /// The same code, which was compiled elsewhere, with its binary, the module's or the component's, in binary
    /// or text format; `None` when that isn't it.
    pub fn with_binary(&self, bytes: &[u8]) -> Option<Self> {
        let bytes: Arc<[u8]> = wat::parse_bytes(bytes).ok()?.into();
        let (range, name) = match self.number {
            None => (0..bytes.len(), self.name.clone()),
            Some(number) => {
                let part = component_modules(&bytes).into_iter().nth(number)?;
                (part.range, part.name)
            }
        };
        let fits = self.fits(&bytes[range.clone()], range.start);
        fits.then(|| Self {
            code: self.code.clone().starting_at(range.start),
            binary: Binary::part(bytes, range),
            number: self.number,
            name,
        })
    }

    /// Whether this was compiled from `module`, as far as can be told.
    fn fits(&self, module: &[u8], binary_start: usize) -> bool {
        let Some(section) = CustomSections::of(module).code else {
            return false;
        };
        let code = self.code.clone().starting_at(binary_start);
        let functions = code.functions();
        let own = |offset: usize| {
            let after = functions.partition_point(|function| function.offset <= offset);
            after > 0 && offset < functions[after - 1].end()
        };
        let mut places = code.address_map().into_iter().flatten();
        code.compiled().accepts(module)
            && functions.len() == section.functions
            && places.all(|(offset, place)| {
                !own(offset) || place.is_none_or(|place| section.range.contains(&(place as usize)))
            })
    }

    /// The names of functions by index, from the name section, `shown` by that.
    pub fn function_names(
        &self,
        indices: &[u32],
        shown: impl Fn(&str) -> String,
    ) -> Vec<Option<String>> {
        let mut names: HashMap<u32, Option<String>> =
            indices.iter().map(|&index| (index, None)).collect();
        self.code.compiled().each_name(&mut |index, found| {
            if let Some(name) = names.get_mut(&index) {
                *name = Some(shown(found));
            }
        });
        let name_of = |index| names.get(index).cloned().flatten();
        indices.iter().map(name_of).collect()
    }
}
