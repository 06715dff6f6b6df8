//! What reads bytes that anybody may have made: an entry of each parser, for the tests here and for `fuzz/`.

use wasmtime_guest_symbols::binary::component_modules;
use wasmtime_guest_symbols::custom_sections::CustomSections;
use wasmtime_guest_symbols::demangle::{demangle, display, go_name, is_harmless};
use wasmtime_guest_symbols::disassembly::disassemble;
use wasmtime_guest_symbols::go_frames::GoFrames;
use wasmtime_guest_symbols::go_table::GoTable;
use wasmtime_guest_symbols::import_calls::{imported_functions, imports_called};
use wasmtime_guest_symbols::inline_chains::{InlineChains, Part, inline_chains};

/// Takes any bytes.
type Entry = fn(&[u8]);

/// All entries, by their names, which are those of the fuzz targets.
pub const ENTRIES: [(&str, Entry); 7] = [
    ("chains", chains),
    ("components", components),
    ("disassembly", disassembly),
    ("dwarf", dwarf),
    ("go_table", go_table),
    ("names", names),
    ("sections", sections),
];

/// Places in the code of a binary, ascending, and one beyond.
fn places(binary: &[u8]) -> Vec<usize> {
    let code = CustomSections::of(binary).code;
    let range = code.map_or(0..binary.len(), |code| code.range);
    let step = (range.len() / 16).max(1);
    range
        .clone()
        .step_by(step)
        .chain([binary.len() + 1])
        .collect()
}

/// What stands in a binary beside its code.
pub fn sections(binary: &[u8]) {
    let sections = CustomSections::of(binary);
    let _ = sections.names_error();
    assert!(sections.has_names() || sections.function_names().is_empty());
    for index in [0, 1, 7, u32::MAX] {
        if let Some(body) = sections.body(index) {
            assert!(body.start <= body.end && body.end <= binary.len());
        }
    }
    let imports = imported_functions(binary).len() as u32;
    let places: Vec<u32> = places(binary).iter().map(|&place| place as u32).collect();
    for (place, import) in imports_called(binary, &places) {
        assert!(places.contains(&place) && import < imports);
    }
}

/// The modules of a component.
pub fn components(binary: &[u8]) {
    for module in component_modules(binary) {
        assert!(module.range.start <= module.range.end && module.range.end <= binary.len());
    }
}

/// Functions as text.
pub fn disassembly(binary: &[u8]) {
    let Ok(shown) = disassemble(binary, &places(binary)) else {
        return;
    };
    assert_eq!(shown.first_line.len(), shown.function.len() + 1);
    assert_eq!(shown.offset.len(), shown.text.len());
}

/// Lines of a binary, by whatever it has: DWARF, or a table of Go.
pub fn chains(binary: &[u8]) {
    check(binary, None);
}

/// The same of DWARF, which takes no luck to be found: sections are what stands between 0xff bytes, first the number of
/// its name. Half of it is in a second binary, as split DWARF is.
pub fn dwarf(bytes: &[u8]) {
    const NAMES: [&str; 12] = [
        ".debug_info",
        ".debug_abbrev",
        ".debug_line",
        ".debug_str",
        ".debug_ranges",
        ".debug_rnglists",
        ".debug_addr",
        ".debug_str_offsets",
        ".debug_line_str",
        ".debug_info.dwo",
        ".debug_abbrev.dwo",
        ".debug_str_offsets.dwo",
    ];
    let mut own = module_of_code();
    let mut other = module_of_code();
    for part in bytes.split(|&byte| byte == 0xff) {
        let Some((&number, data)) = part.split_first() else {
            continue;
        };
        let name = NAMES[usize::from(number) % NAMES.len()];
        let binary = if number < 128 { &mut own } else { &mut other };
        custom_section(binary, name, data);
    }
    check(&own, Some(&other));
    check(&own, None);
}

/// A module with a function of ten instructions.
fn module_of_code() -> Vec<u8> {
    let mut binary = b"\0asm\x01\0\0\0".to_vec();
    binary.extend([1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0]);
    binary.extend([10, 14, 1, 12, 0]);
    binary.extend([1; 10]);
    binary.push(0x0b);
    binary
}

fn custom_section(binary: &mut Vec<u8>, name: &str, data: &[u8]) {
    let name_length = [name.len() as u8];
    let content = [&name_length[..], name.as_bytes(), data].concat();
    binary.push(0);
    let mut length = content.len();
    while length >= 0x80 {
        binary.push(length as u8 | 0x80);
        length >>= 7;
    }
    binary.push(length as u8);
    binary.extend(content);
}

fn check(own: &[u8], other: Option<&[u8]>) {
    let offsets: Vec<f64> = places(own).iter().map(|&place| place as f64).collect();
    let other = other.map(Part::of);
    let found = inline_chains(&Part::of(own), other.as_ref(), &offsets, false);
    assert_eq!(found.first.len(), offsets.len() + 1);
    assert_eq!(found.first.last(), Some(&(found.line.len() as u32)));
    let InlineChains {
        name,
        linkage_name,
        file,
        start_file,
        strings,
        ..
    } = &found;
    for column in [name, linkage_name, file, start_file] {
        assert_eq!(column.len(), found.line.len());
        let is_known = |&index: &i32| index == -1 || (index as usize) < strings.len();
        assert!(column.iter().all(is_known));
    }
}

/// The table in which Go keeps its functions and lines.
pub fn go_table(binary: &[u8]) {
    let Some(table) = GoTable::find(binary) else {
        return;
    };
    assert!(GoTable::is_in(binary));
    if let Some(frames) = GoFrames::find(binary) {
        assert_eq!(frames.functions.len(), table.functions_of_module());
    }
    for place in places(binary) {
        let _ = table.frames(place as u64);
        let _ = table.call_before(place % 64, place as u32 / 64);
    }
}

/// Names as compilers write them.
pub fn names(bytes: &[u8]) {
    let Ok(name) = str::from_utf8(bytes) else {
        return;
    };
    // 4096 characters and an ellipsis.
    assert!(display(name, false).chars().count() <= 4097);
    let _ = (demangle(name), go_name(name), is_harmless(name));
}
