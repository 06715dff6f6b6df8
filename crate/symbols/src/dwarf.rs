//! Places in a binary's code → inline chains with file, line and column, through `addr2line`.
//!
//! Debug information is the guest's, so nothing of it can be trusted: what can't be read gives fewer
//! symbols and a warning.

use crate::custom_sections::CustomSections;
use addr2line::{Context, LookupContinuation, LookupResult};
use gimli::{DwarfPackage, EndianSlice, LittleEndian, SectionId};
use std::sync::Arc;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Deepest nesting of entries that is followed: `addr2line` recurses over inlined functions. Compilers
/// stay far below.
const MAX_NESTING: isize = 1000;

/// Most inlined functions at one address, for the same reason.
const MAX_CHAIN: usize = 256;

/// Longest name and path, in bytes.
const MAX_STRING: usize = 1 << 16;

/// A function that was active at an address.
pub struct SourceFrame {
    /// As the debug information has it: mangled, for C++ and Rust.
    pub name: Option<String>,
    pub file: Option<String>,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
}

/// Parsed debug information of one binary.
pub struct DebugInfo<'a> {
    context: Context<Slice<'a>>,
    package: Option<DwarfPackage<Slice<'a>>>,
    pub warnings: Vec<String>,
}

impl<'a> DebugInfo<'a> {
    /// `split` has the units that `sections` refers to, when it is split DWARF.
    pub fn new(
        sections: &CustomSections<'a>,
        split: Option<&CustomSections<'a>>,
    ) -> Result<Self, String> {
        let load = |id: SectionId| Ok::<_, gimli::Error>(slice(sections.debug(id.name())));
        let unreadable = |error: gimli::Error| format!(".debug_info: {error}");
        let dwarf = gimli::Dwarf::load(load).map_err(unreadable)?;
        if !is_sane(&dwarf) {
            return Err(format!(
                ".debug_info: entries are nested more than {MAX_NESTING} deep"
            ));
        }
        let context = Context::from_dwarf(dwarf).map_err(unreadable)?;
        let mut warnings = Vec::new();
        let package = split
            .filter(|split| split.has_split_dwarf())
            .and_then(|split| {
                let load = |id: SectionId| {
                    let name = id.dwo_name().unwrap_or_default();
                    Ok::<_, gimli::Error>(slice(split.debug(name)))
                };
                DwarfPackage::load(load, slice(&[]))
                    .map_err(|error| warnings.push(format!(".debug_cu_index: {error}")))
                    .ok()
            });
        Ok(Self {
            context,
            package,
            warnings,
        })
    }

    /// The functions at `address`, innermost first.
    pub fn frames(&mut self, address: u64) -> Vec<SourceFrame> {
        self.try_frames(address).unwrap_or_else(|error| {
            self.warn(format!(".debug_info: {error}"));
            Vec::new()
        })
    }

    fn try_frames(&self, address: u64) -> Result<Vec<SourceFrame>, gimli::Error> {
        let mut found = self.load_split(self.context.find_frames(address))?;
        let mut frames = Vec::new();
        while let Some(frame) = found.next()? {
            let location = frame.location.as_ref();
            let name = frame
                .function
                .as_ref()
                .and_then(|name| name.raw_name().ok());
            frames.push(SourceFrame {
                name: name
                    .filter(|name| name.len() <= MAX_STRING)
                    .map(|name| name.into_owned()),
                file: location
                    .and_then(|location| location.file)
                    .filter(|file| file.len() <= MAX_STRING)
                    .map(str::to_owned),
                line: location.and_then(|location| location.line).unwrap_or(0),
                column: location.and_then(|location| location.column).unwrap_or(0),
            });
            if frames.len() == MAX_CHAIN {
                break;
            }
        }
        Ok(frames)
    }

    /// Answers a look-up's wishes for units that lie in the package.
    fn load_split<L: LookupContinuation<Buf = Slice<'a>>>(
        &self,
        mut result: LookupResult<L>,
    ) -> L::Output {
        loop {
            result = match result {
                LookupResult::Output(output) => return output,
                LookupResult::Load { load, continuation } => {
                    let package = self.package.as_ref();
                    let unit = package.and_then(|package| {
                        package.find_cu(load.dwo_id, &load.parent).ok().flatten()
                    });
                    continuation.resume(unit.filter(is_sane).map(Arc::new))
                }
            };
        }
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) && self.warnings.len() < 10 {
            self.warnings.push(warning);
        }
    }
}

/// Whether it is safe to let `addr2line` recurse. Where a unit can't be read it doesn't go on either.
fn is_sane(dwarf: &gimli::Dwarf<Slice<'_>>) -> bool {
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Ok(abbreviations) = dwarf.abbreviations(&header)
            && let Ok(entries) = header.entries_raw(&abbreviations, None)
            && deepest(entries) > MAX_NESTING
        {
            return false;
        }
    }
    true
}

/// The deepest nesting of `entries`, up to the first that can't be read.
fn deepest(mut entries: gimli::EntriesRaw<'_, Slice<'_>>) -> isize {
    let mut deepest = 0;
    while !entries.is_empty() {
        deepest = deepest.max(entries.next_depth());
        match entries.read_abbreviation() {
            Ok(Some(abbreviation)) => {
                if entries.skip_attributes(abbreviation.attributes()).is_err() {
                    break;
                }
            }
            Ok(None) => {}
            Err(_) => break,
        }
    }
    deepest
}

fn slice(data: &[u8]) -> Slice<'_> {
    EndianSlice::new(data, LittleEndian)
}
