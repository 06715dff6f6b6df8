//! Offsets into a module's compiled code → places in its binary, by Wasmtime's address map.

use crate::code::Code;
use std::collections::HashMap;

/// Offsets into the wasm file for ascending offsets into the text section, `None` where none is known.
///
/// An offset at which Wasmtime knows no place, as at code of its own, has that of the code before it
/// in the same function, or else that of the first after it; not so if its compiler inlines, which
/// leaves inlined code without places.
pub fn wasm_offsets(code: &Code, text_offsets: &[u32]) -> Vec<Option<u32>> {
    let mut places = vec![None; text_offsets.len()];
    let Some(mut map) = code.address_map() else {
        return places;
    };
    let functions = code.functions();
    let inlines = code.compiled().inlines();
    let mut next = map.next();
    // The newest entry that knows its place.
    let mut known: Option<(usize, u32)> = None;
    for (i, &offset) in text_offsets.iter().enumerate() {
        let offset = offset as usize;
        let after = functions.partition_point(|function| function.offset <= offset);
        let Some(function) = after.checked_sub(1).map(|i| functions[i]) else {
            continue;
        };
        while let Some((at, place)) = next.filter(|&(at, _)| at <= offset) {
            known = place
                .map(|place| (at, place))
                .or(known.filter(|_| !inlines));
            next = map.next();
        }
        match known.filter(|&(at, _)| at >= function.offset) {
            Some((_, place)) => places[i] = Some(place),
            None if inlines => {}
            // Nothing before it in this function: what comes first after it.
            None => {
                while let Some((at, place)) = next.filter(|&(at, _)| at < function.end()) {
                    known = place.map(|place| (at, place));
                    if known.is_some() {
                        break;
                    }
                    next = map.next();
                }
                places[i] = known
                    .filter(|&(at, _)| at >= function.offset)
                    .map(|(_, place)| place);
            }
        }
    }
    places
}

/// The other way round: for places in the binary, where their code begins in the text section; `None` for one of which
/// there is none.
pub fn text_offsets(code: &Code, places: &[Option<u32>]) -> Vec<Option<usize>> {
    let mut found: HashMap<u32, Option<usize>> = places
        .iter()
        .flatten()
        .map(|&place| (place, None))
        .collect();
    let mut functions = code.functions().iter().peekable();
    for (offset, place) in code.address_map().into_iter().flatten() {
        while functions
            .next_if(|function| function.end() <= offset)
            .is_some()
        {}
        // Others of a component have places that mean nothing here.
        let is_own = functions
            .peek()
            .is_some_and(|function| function.offset <= offset);
        if is_own
            && let Some(place) = place
            && let Some(first) = found.get_mut(&place)
        {
            first.get_or_insert(offset);
        }
    }
    let offset_of = |place: &Option<u32>| found.get(place.as_ref()?).copied().flatten();
    places.iter().map(offset_of).collect()
}
