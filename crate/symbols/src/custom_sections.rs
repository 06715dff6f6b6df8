//! What of a binary tells where code comes from: its custom sections and its exports.

use crate::import_calls::functions;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{BinaryReader, Name, NameSectionReader, Parser, Payload, ProducersSectionReader};

/// Sections of a binary as they stand in it; what is in them is parsed where it is asked for.
#[derive(Default)]
pub struct CustomSections<'a> {
    /// DWARF sections by name, such as `.debug_info`.
    debug: Vec<(&'a str, &'a [u8])>,
    pub code: Option<Code>,
    /// How many functions are imported: they come before those of the code section.
    imported: u32,
    /// Indices of functions that are exported, and the names that they are exported under.
    pub exports: Vec<(u32, &'a str)>,
    /// Of the first section of that name, as ECMA-426 has it.
    pub source_mapping_url: Option<&'a str>,
    pub external_debug_info: Option<&'a str>,
    /// What the `build_id` section of WebAssembly's tool conventions holds.
    pub build_id: Option<&'a [u8]>,
    /// The tools that made the module, and its languages, as they name themselves.
    pub producers: Vec<&'a str>,
    /// The name section's content.
    names: Option<BinaryReader<'a>>,
    /// Sections that can't be read: each one's name, a colon, and why.
    pub malformed: Vec<String>,
}

/// The code section.
pub struct Code {
    /// Of its content, in bytes from the start of the binary: DWARF's addresses count from its start.
    pub range: Range<usize>,
    /// How many functions it has.
    pub functions: usize,
    /// Of their locals and instructions, likewise, in order.
    pub bodies: Vec<Range<usize>>,
}

impl<'a> CustomSections<'a> {
    /// What of `bytes` can be read: a binary that is cut off has the sections before the cut.
    pub fn of(bytes: &'a [u8]) -> Self {
        let mut sections = Self::default();
        if !bytes.starts_with(b"\0asm") {
            return sections;
        }
        for payload in Parser::new(0).parse_all(bytes) {
            match payload {
                Ok(Payload::CodeSectionStart { range, count, .. }) => {
                    let functions = count as usize;
                    sections.code = Some(Code {
                        range,
                        functions,
                        bodies: Vec::new(),
                    });
                }
                Ok(Payload::CodeSectionEntry(body)) => {
                    if let Some(code) = &mut sections.code {
                        code.bodies.push(body.range());
                    }
                }
                Ok(Payload::ImportSection(imports)) => {
                    sections.imported = functions(imports).count() as u32;
                }
                Ok(Payload::ExportSection(exports)) => sections.read_exports(exports),
                Ok(Payload::CustomSection(section)) => {
                    sections.read_custom(section.name(), section.data());
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        sections
    }

    /// Start and end of the body of a function, by its index, in bytes from the start of the binary.
    pub fn body(&self, function: u32) -> Option<Range<usize>> {
        let body = function.checked_sub(self.imported)?;
        self.code.as_ref()?.bodies.get(body as usize).cloned()
    }

    fn read_exports(&mut self, exports: wasmparser::ExportSectionReader<'a>) {
        for export in exports.into_iter().map_while(|export| export.ok()) {
            if let wasmparser::ExternalKind::Func | wasmparser::ExternalKind::FuncExact =
                export.kind
            {
                self.exports.push((export.index, export.name));
            }
        }
    }

    fn read_custom(&mut self, name: &'a str, data: &'a [u8]) {
        match name {
            "name" => self.names = Some(BinaryReader::new(data, 0)),
            "sourceMappingURL" if self.source_mapping_url.is_none() => {
                self.source_mapping_url = self.string("sourceMappingURL", data);
            }
            "producers" => self.producers = producers(data).unwrap_or_default(),
            "external_debug_info" => {
                self.external_debug_info = self.string("external_debug_info", data);
            }
            "build_id" => self.build_id = counted(data),
            _ if name.starts_with(".debug_") => self.debug.push((name, data)),
            _ => {}
        }
    }

    fn string(&mut self, section: &'static str, data: &'a [u8]) -> Option<&'a str> {
        let text = counted(data).and_then(|bytes| str::from_utf8(bytes).ok());
        if text.is_none() {
            self.malformed.push(format!("{section}: no valid string"));
        }
        text
    }

    /// The names of functions, by index; those before the first that can't be read.
    pub fn function_names(&self) -> HashMap<u32, &'a str> {
        let mut found = HashMap::new();
        if let Some(names) = self.names.clone() {
            // Why there are no more is `names_error`'s to tell.
            let _ = read_names(NameSectionReader::new(names), |index, name| {
                found.insert(index, name);
            });
        }
        found
    }

    /// What keeps the names of functions from being read; Wasmtime has those before it.
    pub fn names_error(&self) -> Option<String> {
        let error = read_names(NameSectionReader::new(self.names.clone()?), |_, _| {}).err()?;
        Some(format!("name: {}", error.message()))
    }

    /// Whether any function has a name.
    pub fn has_names(&self) -> bool {
        let Some(names) = self.names.clone() else {
            return false;
        };
        let mut sections = NameSectionReader::new(names);
        sections.any(|section| matches!(section, Ok(Name::Function(names)) if names.count() > 0))
    }

    /// Empty when there is none of that name.
    pub fn debug(&self, name: &str) -> &'a [u8] {
        let found = self.debug.iter().find(|(known, _)| *known == name);
        found.map(|&(_, data)| data).unwrap_or_default()
    }

    /// DWARF of the code itself.
    pub fn has_dwarf(&self) -> bool {
        !self.debug(".debug_info").is_empty()
    }

    /// A package of split DWARF (`.dwp`), or one unit of it (`.dwo`).
    pub fn has_split_dwarf(&self) -> bool {
        !self.debug(".debug_info.dwo").is_empty()
    }
}

fn producers(data: &[u8]) -> wasmparser::Result<Vec<&str>> {
    let mut found = Vec::new();
    for field in ProducersSectionReader::new(BinaryReader::new(data, 0))? {
        for value in field?.values {
            found.push(value?.name);
        }
    }
    Ok(found)
}

fn read_names<'a>(
    sections: NameSectionReader<'a>,
    mut visit: impl FnMut(u32, &'a str),
) -> wasmparser::Result<()> {
    for section in sections {
        if let Name::Function(functions) = section? {
            for name in functions {
                let name = name?;
                visit(name.index, name.name);
            }
        }
    }
    Ok(())
}

/// The bytes after their number. wasmparser's own strings end at 100,000 bytes, and a `data:` URL may hold a
/// whole source map.
fn counted(data: &[u8]) -> Option<&[u8]> {
    let mut reader = BinaryReader::new(data, 0);
    let length = reader.read_var_u32().ok()?;
    reader.read_bytes(length as usize).ok()
}
