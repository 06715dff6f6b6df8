//! What of a binary tells where code comes from: its hash, its custom sections, and where it calls its imports.
//! Nothing else of it is kept.

use sha2::{Digest, Sha256};
use wasmparser::{BinaryReader, FunctionBody, Operator, Parser, Payload, TypeRef};

/// Sections are kept as they stand; nothing is parsed before a profile asks.
#[derive(Default)]
pub struct CustomSections {
    /// SHA-256 of the whole binary, in hexadecimal.
    pub sha256: Option<String>,
    /// DWARF sections by name, such as `.debug_info`.
    debug: Vec<(String, Box<[u8]>)>,
    /// Where DWARF's addresses count from, in bytes from the start of the file.
    pub code_offset: Option<u64>,
    /// Indices of functions that are exported, and the names that they are exported under.
    pub exports: Vec<(u32, String)>,
    /// Offsets into the file of the instructions that call an imported function, ascending, and that
    /// function's index.
    pub import_calls: Vec<(u32, u32)>,
    pub source_mapping_url: Option<String>,
    pub external_debug_info: Option<String>,
    /// Sections that can't be read, by name.
    pub malformed: Vec<&'static str>,
}

impl CustomSections {
    pub fn is_binary(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\0asm")
    }

    /// What of `bytes` can be read: a binary that is cut off has the sections before the cut.
    pub fn of(bytes: &[u8]) -> Self {
        let mut sections = Self::default();
        if !Self::is_binary(bytes) {
            return sections;
        }
        sections.sha256 = Some(format!("{:x}", Sha256::digest(bytes)));
        let mut imported = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload {
                Ok(Payload::CodeSectionStart { range, .. }) => {
                    sections.code_offset = Some(range.start as u64);
                }
                Ok(Payload::ImportSection(imports)) => {
                    let imports = imports.into_imports().map_while(|import| import.ok());
                    imported = imports
                        .filter(|import| {
                            matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_))
                        })
                        .count() as u32;
                }
                Ok(Payload::CodeSectionEntry(body)) if imported > 0 => {
                    sections.read_calls(&body, imported);
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

    /// Of text format, where a binary's other sections would have told more than the text does.
    pub fn of_text(text: &str) -> Self {
        // Wasmtime tells what is wrong with it.
        let Ok(bytes) = wat::parse_str(text) else {
            return Self::default();
        };
        let Self {
            sha256,
            import_calls,
            ..
        } = Self::of(&bytes);
        Self {
            sha256,
            import_calls,
            ..Self::default()
        }
    }

    fn read_calls(&mut self, body: &FunctionBody<'_>, imported: u32) {
        let Ok(operators) = body.get_operators_reader() else {
            return;
        };
        let operators = operators.into_iter_with_offsets();
        for (operator, offset) in operators.map_while(|operator| operator.ok()) {
            if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                operator
                && function_index < imported
            {
                self.import_calls.push((offset as u32, function_index));
            }
        }
    }

    /// The imported function that the instruction at an offset into the file calls.
    pub fn import_called_at(&self, offset: u32) -> Option<u32> {
        let found = self
            .import_calls
            .binary_search_by_key(&offset, |call| call.0);
        found.ok().map(|row| self.import_calls[row].1)
    }

    fn read_exports(&mut self, exports: wasmparser::ExportSectionReader<'_>) {
        for export in exports.into_iter().map_while(|export| export.ok()) {
            if let wasmparser::ExternalKind::Func | wasmparser::ExternalKind::FuncExact =
                export.kind
            {
                self.exports.push((export.index, export.name.to_owned()));
            }
        }
    }

    fn read_custom(&mut self, name: &str, data: &[u8]) {
        match name {
            "sourceMappingURL" => self.source_mapping_url = self.string("sourceMappingURL", data),
            "external_debug_info" => {
                self.external_debug_info = self.string("external_debug_info", data);
            }
            _ if name.starts_with(".debug_") => self.debug.push((name.to_owned(), data.into())),
            _ => {}
        }
    }

    fn string(&mut self, section: &'static str, data: &[u8]) -> Option<String> {
        let text = BinaryReader::new(data, 0).read_string().map(str::to_owned);
        if text.is_err() {
            self.malformed.push(section);
        }
        text.ok()
    }

    /// Empty when there is none of that name.
    pub fn debug(&self, name: &str) -> &[u8] {
        let found = self.debug.iter().find(|(known, _)| known == name);
        found.map(|(_, data)| &**data).unwrap_or_default()
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
