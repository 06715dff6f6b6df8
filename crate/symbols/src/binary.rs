//! Binaries that modules were compiled from, by themselves or within a component.

use std::ops::{Deref, Range};
use std::sync::Arc;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentName, ComponentOuterAliasKind,
    ComponentTypeRef, KnownCustom, Name, Parser, Payload,
};

/// A module's binary, which may be a part of a component's.
pub struct Binary {
    bytes: Arc<[u8]>,
    range: Range<usize>,
}

impl Binary {
    pub fn whole(bytes: Arc<[u8]>) -> Self {
        let range = 0..bytes.len();
        Self { bytes, range }
    }

    pub fn part(bytes: Arc<[u8]>, range: Range<usize>) -> Self {
        Self { bytes, range }
    }
}

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}

/// A module in a component.
pub struct ComponentModule {
    /// Of its binary in the component's.
    pub range: Range<usize>,
    /// Its own, from its name section, or that which its component has for it.
    pub name: Option<String>,
}

/// The modules in a component, nested components' too, in the order of the binary, which is that of Wasmtime's
/// numbers for them. None in what is no component.
pub fn component_modules(bytes: &[u8]) -> Vec<ComponentModule> {
    let mut modules = Vec::<ComponentModule>::new();
    if !Parser::is_component(bytes) {
        return modules;
    }
    // Of each component that is open, innermost last, the modules that it knows by index; those of which
    // it has the binary are in `modules`.
    let mut scopes = vec![Vec::<Option<usize>>::new()];
    // The parser goes into modules; what is in them is read apart.
    let mut inside = false;
    for payload in Parser::new(0).parse_all(bytes).map_while(|read| read.ok()) {
        let Some(known) = scopes.last_mut() else {
            break;
        };
        match payload {
            Payload::ModuleSection {
                unchecked_range, ..
            } => {
                inside = true;
                let Some(module) = bytes.get(unchecked_range.clone()) else {
                    break;
                };
                known.push(Some(modules.len()));
                modules.push(ComponentModule {
                    name: own_name(module),
                    range: unchecked_range,
                });
            }
            Payload::End(_) if inside => inside = false,
            _ if inside => {}
            Payload::ComponentSection { .. } => scopes.push(Vec::new()),
            Payload::End(_) => drop(scopes.pop()),
            Payload::ComponentImportSection(imports) => {
                let imports = imports.into_iter().map_while(|import| import.ok());
                let of_modules =
                    imports.filter(|import| matches!(import.ty, ComponentTypeRef::Module(_)));
                known.extend(of_modules.map(|_| None));
            }
            Payload::ComponentAliasSection(aliases) => {
                let aliases = aliases.into_iter().map_while(|alias| alias.ok());
                known.extend(aliases.filter(is_module).map(|_| None));
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::ComponentName(names) = section.as_known() {
                    for (index, name) in module_names(names) {
                        if let Some(&Some(module)) = known.get(index) {
                            modules[module].name.get_or_insert(name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    modules
}

fn is_module(alias: &ComponentAlias<'_>) -> bool {
    matches!(
        alias,
        ComponentAlias::InstanceExport {
            kind: ComponentExternalKind::Module,
            ..
        } | ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::CoreModule,
            ..
        }
    )
}

fn module_names(names: wasmparser::ComponentNameSectionReader<'_>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for names in names.into_iter().map_while(|names| names.ok()) {
        if let ComponentName::CoreModules(names) = names {
            let names = names.into_iter().map_while(|name| name.ok());
            found.extend(names.map(|name| (name.index as usize, name.name.to_owned())));
        }
    }
    found
}

fn own_name(module: &[u8]) -> Option<String> {
    let mut payloads = Parser::new(0).parse_all(module).map_while(|read| read.ok());
    payloads.find_map(|payload| {
        let Payload::CustomSection(section) = payload else {
            return None;
        };
        let KnownCustom::Name(mut names) = section.as_known() else {
            return None;
        };
        names.find_map(|name| match name {
            Ok(Name::Module { name, .. }) => Some(name.to_owned()),
            _ => None,
        })
    })
}
