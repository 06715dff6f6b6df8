//! Which imports a module has, and which of them an instruction calls.

use std::collections::HashMap;
use wasmparser::{FunctionBody, Import, ImportSectionReader, Operator, Parser, Payload, TypeRef};

/// The imported functions that the instructions at `places` call, by place: offsets into the binary,
/// ascending. Only the functions that hold a place are read.
pub fn imports_called(bytes: &[u8], places: &[u32]) -> HashMap<u32, u32> {
    let mut called = HashMap::new();
    let mut imported = 0;
    for payload in Parser::new(0).parse_all(bytes).map_while(|read| read.ok()) {
        match payload {
            Payload::ImportSection(imports) => imported = functions(imports).count() as u32,
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let first = places.partition_point(|&place| (place as usize) < range.start);
                let last = places.partition_point(|&place| (place as usize) < range.end);
                if first < last {
                    read_calls(&body, imported, &places[first..last], &mut called);
                }
            }
            _ => {}
        }
    }
    called
}

/// Module and name of each imported function, in order.
pub fn imported_functions(bytes: &[u8]) -> Vec<(String, String)> {
    for payload in Parser::new(0).parse_all(bytes).map_while(|read| read.ok()) {
        if let Payload::ImportSection(imports) = payload {
            return functions(imports)
                .map(|import| (import.module.to_owned(), import.name.to_owned()))
                .collect();
        }
    }
    Vec::new()
}

/// Those of imports that are functions.
pub fn functions<'a>(imports: ImportSectionReader<'a>) -> impl Iterator<Item = Import<'a>> {
    let imports = imports.into_imports().map_while(|import| import.ok());
    imports.filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)))
}

fn read_calls(
    body: &FunctionBody<'_>,
    imported: u32,
    places: &[u32],
    called: &mut HashMap<u32, u32>,
) {
    let Ok(operators) = body.get_operators_reader() else {
        return;
    };
    let operators = operators.into_iter_with_offsets();
    for (operator, offset) in operators.map_while(|operator| operator.ok()) {
        if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
            operator
            && function_index < imported
            && places.binary_search(&(offset as u32)).is_ok()
        {
            called.insert(offset as u32, function_index);
        }
    }
}
