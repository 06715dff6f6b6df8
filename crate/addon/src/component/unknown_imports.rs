//! Imports of components that nobody has defined.
//!
//! Wasmtime (48: component/linker.rs) looks for an interface of the exact version here, though an older or newer
//! compatible one serves when the component is instantiated: its traps would hide that.

use crate::store::StoreData;
use semver::Version;
use std::collections::BTreeSet;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};
use wasmtime::{Engine, Result, bail, format_err};

/// The packages that wasmtime-wasi defines, and their version.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
const WASI_VERSION: Version = Version::new(0, 2, 12);

/// The instances in a linker's root.
#[derive(Default)]
pub struct InstanceNames {
    names: BTreeSet<String>,
    wasi: bool,
}

impl InstanceNames {
    pub fn add(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    pub fn add_wasi(&mut self) {
        self.wasi = true;
    }

    /// The name of the instance that serves for `name`, which is Wasmtime's choice: that name, or else the newest
    /// compatible version.
    pub fn resolve(&self, name: &str) -> String {
        if self.names.contains(name) {
            return name.to_owned();
        }
        let Some((interface, wanted)) = versioned(name) else {
            return name.to_owned();
        };
        let package = interface
            .strip_prefix("wasi:")
            .and_then(|path| path.split('/').next());
        let is_wasi = self.wasi && package.is_some_and(|package| WASI.contains(&package));
        let others = self.names.iter().filter_map(|name| versioned(name));
        others
            .filter(|(other, _)| *other == interface)
            .map(|(_, version)| version)
            .chain(is_wasi.then_some(WASI_VERSION))
            .filter(|version| track(version).is_some() && track(version) == track(&wanted))
            .max()
            .map_or_else(|| name.to_owned(), |found| format!("{interface}@{found}"))
    }
}

/// `wasi:io/poll` and `0.2.6`.
fn versioned(name: &str) -> Option<(&str, Version)> {
    let (interface, version) = name.split_once('@')?;
    Some((interface, Version::parse(version).ok()?))
}

/// Versions of one track are compatible, as Wasmtime's `NameMap` has it; a prerelease has none.
fn track(version: &Version) -> Option<(u64, u64)> {
    match version {
        Version { pre, .. } if !pre.is_empty() => None,
        Version {
            major: 0, minor: 0, ..
        } => None,
        Version {
            major: 0, minor, ..
        } => Some((0, *minor)),
        Version { major, .. } => Some((*major, 0)),
    }
}

/// Defines what `component` imports and `linker`, which must not allow shadowing, doesn't have: each function traps.
pub fn define_as_traps(
    linker: &mut Linker<StoreData>,
    defined: &InstanceNames,
    component: &Component,
) -> Result<()> {
    let engine = component.engine();
    let mut seen = Vec::new();
    for (name, import) in component.component_type().imports(engine) {
        let mut root = linker.root();
        match &import.ty {
            ComponentItem::ComponentInstance(_) => {
                let name = defined.resolve(name);
                define(&mut root, engine, &name, None, &import.ty, &mut seen)?;
            }
            ty => define(&mut root, engine, name, None, ty, &mut seen)?,
        }
    }
    Ok(())
}

fn define(
    linker: &mut LinkerInstance<'_, StoreData>,
    engine: &Engine,
    name: &str,
    parent: Option<&str>,
    item: &ComponentItem,
    seen: &mut Vec<ResourceType>,
) -> Result<()> {
    // All that the definitions below can fail of is that the name has one.
    let _ = match item {
        ComponentItem::ComponentFunc(ty) => {
            let full = parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}#{name}"));
            let unknown = move || format_err!("unknown import: `{full}` has not been defined");
            if ty.async_() {
                linker.func_new_concurrent(name, move |_, _, _, _| {
                    let error = unknown();
                    Box::pin(async move { Err(error) })
                })
            } else {
                linker.func_new(name, move |_, _, _, _| Err(unknown()))
            }
        }
        ComponentItem::ComponentInstance(ty) => {
            let mut instance = linker.instance(name)?;
            for (export, item) in ty.exports(engine) {
                define(&mut instance, engine, export, Some(name), &item.ty, seen)?;
            }
            Ok(())
        }
        // Another name for a resource of another interface.
        ComponentItem::Resource(ty) if seen.contains(ty) => Ok(()),
        ComponentItem::Resource(ty) => {
            seen.push(*ty);
            linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))
        }
        ComponentItem::Component(_) => bail!("unable to define component imports as traps"),
        ComponentItem::Module(_) => bail!("unable to define module imports as traps"),
        ComponentItem::CoreFunc(_) | ComponentItem::Type(_) => Ok(()),
    };
    Ok(())
}
