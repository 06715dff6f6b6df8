//! What of a binary tells where code comes from: its custom sections, and where it calls its imports.
//! Nothing else of it is kept.

use std::sync::Arc;
use wasmparser::{
    BinaryReader, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef,
};

/// Sections are kept as they stand; nothing is parsed before a profile asks.
#[derive(Default)]
pub struct CustomSections {
    /// DWARF sections by name, such as `.debug_info`.
    debug: Vec<(String, Box<[u8]>)>,
    /// From the name section.
    pub module_name: Option<String>,
    /// Module and name of each imported function.
    pub imports: Vec<(String, String)>,
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
    /// Of a module of which no more is known.
    pub fn named(module_name: &str) -> Self {
        Self {
            module_name: Some(module_name.to_owned()),
            ..Self::default()
        }
    }

    pub fn is_binary(bytes: &[u8]) -> bool {
        bytes.starts_with(b"\0asm")
    }

    /// What of `bytes` can be read: a binary that is cut off has the sections before the cut.
    pub fn of(bytes: &[u8]) -> Self {
        let mut sections = Self::default();
        if Self::is_binary(bytes) {
            let payloads = Parser::new(0).parse_all(bytes);
            for payload in payloads.map_while(|payload| payload.ok()) {
                sections.read(payload);
            }
        }
        sections
    }

    /// The same of each module in a component, nested components' too, in the order of the binary: that of
    /// Wasmtime's numbers for them. Offsets count from the start of the component.
    pub fn of_component(bytes: &[u8]) -> Vec<Self> {
        let mut modules = Vec::<Self>::new();
        // Open modules and components, innermost last; which module, if it is one.
        let mut open = Vec::new();
        if !Self::is_binary(bytes) {
            return modules;
        }
        let payloads = Parser::new(0).parse_all(bytes);
        for payload in payloads.map_while(|payload| payload.ok()) {
            match payload {
                Payload::ModuleSection { .. } => {
                    open.push(Some(modules.len()));
                    modules.push(Self::default());
                }
                Payload::ComponentSection { .. } => open.push(None),
                Payload::End(_) => {
                    open.pop();
                }
                payload => {
                    if let Some(Some(module)) = open.last() {
                        modules[*module].read(payload);
                    }
                }
            }
        }
        modules
    }

    /// Of a module by itself, or of the module with that number in a component.
    pub fn of_module(bytes: &[u8], number: Option<usize>) -> Self {
        match number {
            None => Self::of(bytes),
            Some(number) => {
                let mut modules = Self::of_component(bytes).into_iter();
                modules.nth(number).unwrap_or_default()
            }
        }
    }

    /// Of text format, where a binary's other sections would have told more than the text does.
    pub fn of_text(text: &str) -> Self {
        // Wasmtime tells what is wrong with it.
        let sections = wat::parse_str(text).map(|bytes| Self::of(&bytes));
        sections.unwrap_or_default().without_debug()
    }

    /// As `of_component`, for a binary or a text.
    pub fn of_component_source(source: &[u8]) -> Vec<Arc<Self>> {
        let modules = match wat::parse_bytes(source) {
            Ok(binary) if Self::is_binary(source) => Self::of_component(&binary),
            Ok(binary) => {
                let modules = Self::of_component(&binary).into_iter();
                modules.map(Self::without_debug).collect()
            }
            // Wasmtime tells what is wrong with it.
            Err(_) => Vec::new(),
        };
        modules.into_iter().map(Arc::new).collect()
    }

    fn without_debug(self) -> Self {
        Self {
            module_name: self.module_name,
            imports: self.imports,
            import_calls: self.import_calls,
            ..Self::default()
        }
    }

    fn read(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::CodeSectionStart { range, .. } => self.code_offset = Some(range.start as u64),
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports().map_while(|import| import.ok());
                for import in imports {
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                        let name = (import.module.to_owned(), import.name.to_owned());
                        self.imports.push(name);
                    }
                }
            }
            Payload::CodeSectionEntry(body) if !self.imports.is_empty() => self.read_calls(&body),
            Payload::ExportSection(exports) => self.read_exports(exports),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(mut names) => {
                    if let Some(Ok(Name::Module { name, .. })) = names.next() {
                        self.module_name = Some(name.to_owned());
                    }
                }
                _ => self.read_custom(section.name(), section.data()),
            },
            _ => {}
        }
    }

    fn read_calls(&mut self, body: &FunctionBody<'_>) {
        let imported = self.imports.len() as u32;
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
