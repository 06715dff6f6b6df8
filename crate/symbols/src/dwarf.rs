//! Places in a binary's code → inline chains with file, line and column, through `addr2line`.
//!
//! A place without a line of its own takes the nearest one of the same function (`nearest_rows.rs`), else the
//! function's declaration. What the line table has for it exactly is never changed.
//!
//! Debug information is the guest's, so nothing of it can be trusted: what can't be read gives fewer
//! symbols and a warning.

use crate::bodies::Bodies;
use crate::custom_sections::CustomSections;
use crate::declarations::{Declaration, Declarations};
use crate::dwarf_sections::{self, DEAD, Slice, each_function_address, units_of};
use crate::nearest_rows::NearestRows;
use crate::split_units::SplitUnits;
use addr2line::{Context, LookupContinuation, LookupResult};
use gimli::{Reader, UnitOffset};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Deepest nesting of entries that is followed: `addr2line` recurses over inlined functions. Compilers
/// stay far below.
const MAX_NESTING: isize = 1000;

/// Most inlined functions at one address, for the same reason.
const MAX_CHAIN: usize = 256;

/// Longest name and path, in bytes.
const MAX_STRING: usize = 1 << 16;

/// A function that was active at an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFrame {
    /// As the debug information has it: mangled, for C++ and Rust.
    pub name: Option<String>,
    /// Of the line.
    pub file: Option<String>,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
    /// Where the function begins.
    pub declaration: Option<Declaration>,
    /// Its entry in the unit.
    pub(crate) entry: Option<UnitOffset<usize>>,
}

impl SourceFrame {
    /// Takes the place in the source of another.
    fn take_line(&mut self, from: &Self) {
        self.file.clone_from(&from.file);
        self.line = from.line;
        self.column = from.column;
    }
}

/// Parsed debug information of one binary.
pub struct DebugInfo<'a> {
    context: Context<Slice<'a>>,
    split: Option<SplitUnits<'a>>,
    bodies: Bodies<'a>,
    rows: HashMap<usize, NearestRows>,
    declarations: Declarations<'a>,
    /// Files of split DWARF that were needed and aren't here.
    missing: BTreeSet<String>,
    pub warnings: Vec<String>,
}

impl<'a> DebugInfo<'a> {
    /// `split` has the units that `sections` refers to, when it is split DWARF; `bodies` are those of the code
    /// that the addresses are of.
    pub fn new(
        sections: &CustomSections<'a>,
        split: Option<&CustomSections<'a>>,
        bodies: Bodies<'a>,
    ) -> Result<Self, String> {
        let unreadable = |error: gimli::Error| format!(".debug_info: {error}");
        let dwarf = dwarf_sections::read(|id| sections.debug(id.name())).map_err(unreadable)?;
        let dwarf = Arc::new(dwarf);
        if !is_sane(&dwarf) {
            return Err(format!(
                ".debug_info: entries are nested more than {MAX_NESTING} deep"
            ));
        }
        let context = Context::from_arc_dwarf(dwarf.clone()).map_err(unreadable)?;
        let mut warnings = Vec::new();
        if is_dead(&dwarf) {
            warnings.push(
                ".debug_info: dead: all its addresses are 0, as after a tool that doesn't keep it"
                    .to_owned(),
            );
        }
        let split = split.filter(|split| split.has_split_dwarf());
        let split = split.and_then(|split| {
            let found = SplitUnits::of(split);
            found
                .map_err(|error| warnings.push(format!(".debug_cu_index: {error}")))
                .ok()
        });
        Ok(Self {
            context,
            split,
            bodies,
            rows: HashMap::new(),
            declarations: Declarations::new(dwarf),
            missing: BTreeSet::new(),
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

    fn try_frames(&mut self, address: u64) -> Result<Vec<SourceFrame>, gimli::Error> {
        let mut frames = self.exact(address)?;
        // Where whatever the functions were found by lies.
        let mut found_at = address;
        let around = self.bodies.around(address);
        if let Some((function, body)) = around {
            // A table without gaps gives a function's entry the last row of the one before it.
            if self.row_at(address)?.is_some_and(|row| row < body.start)
                && let Some(innermost) = frames.first_mut()
            {
                innermost.take_line(&SourceFrame::default());
            }
            if frames.first().is_none_or(|frame| frame.line == 0) {
                for next in self.bodies.after_loop(address) {
                    let there = self.exact(next)?;
                    if there.first().is_some_and(|frame| frame.line > 0) {
                        frames = there;
                        found_at = next;
                        break;
                    }
                }
            }
            if frames.is_empty() || frames.iter().any(|frame| frame.line == 0) {
                self.read_rows(function, body);
                if frames.last().is_none_or(|frame| frame.entry.is_none())
                    && let Some(row) = self.rows[&function].nearest(found_at)
                    && let Some(mut outermost) = self.exact(row)?.pop()
                {
                    outermost.take_line(&SourceFrame::default());
                    frames = vec![outermost];
                    found_at = row;
                }
                self.add_lines(&mut frames, found_at, function)?;
            }
        }
        self.add_declarations(&mut frames, found_at);
        Ok(frames)
    }

    /// What the debug information has for `address` itself. A row of line 0 tells no file either.
    fn exact(&mut self, address: u64) -> Result<Vec<SourceFrame>, gimli::Error> {
        let Self {
            context,
            split,
            missing,
            ..
        } = self;
        let mut found = load_split(context.find_frames(address), split.as_ref(), missing)?;
        let mut frames = Vec::new();
        while let Some(frame) = found.next()? {
            let location = frame.location.as_ref();
            let name = frame
                .function
                .as_ref()
                .and_then(|name| name.raw_name().ok());
            let line = location.and_then(|location| location.line).unwrap_or(0);
            let location = location.filter(|_| line > 0);
            frames.push(SourceFrame {
                name: name
                    .filter(|name| name.len() <= MAX_STRING)
                    .map(|name| name.into_owned()),
                file: location
                    .and_then(|location| location.file)
                    .filter(|file| file.len() <= MAX_STRING)
                    .map(str::to_owned),
                line,
                column: location.and_then(|location| location.column).unwrap_or(0),
                declaration: None,
                entry: frame.dw_die_offset,
            });
            if frames.len() == MAX_CHAIN {
                break;
            }
        }
        Ok(frames)
    }

    /// Where the row begins that has `address`.
    fn row_at(&self, address: u64) -> Result<Option<u64>, gimli::Error> {
        let mut rows = self.context.find_location_range(address, address + 1)?;
        Ok(rows.next().map(|(row, _, _)| row))
    }

    /// Has the rows of a function ready.
    fn read_rows(&mut self, function: usize, body: Range<u64>) {
        if self.rows.contains_key(&function) {
            return;
        }
        let rows = self.context.find_location_range(body.start, body.end);
        let places: Vec<u64> = rows
            .into_iter()
            .flatten()
            .filter(|(row, _, location)| body.contains(row) && location.line.is_some())
            .map(|(row, _, _)| row)
            .collect();
        let rows = NearestRows::new(places.into_iter(), |place| {
            chain(&self.exact(place).unwrap_or_default())
        });
        self.rows.insert(function, rows);
    }

    /// Gives the functions that have no line the nearest one.
    fn add_lines(
        &mut self,
        frames: &mut [SourceFrame],
        address: u64,
        function: usize,
    ) -> Result<(), gimli::Error> {
        let chain = chain(frames);
        let depths = chain.len();
        for depth in 0..depths {
            // The outermost is the last.
            let frame = depths - 1 - depth;
            if frames[frame].line > 0 {
                continue;
            }
            let around = &chain[..=depth];
            let rows = &self.rows[&function];
            let near = rows
                .nearest_in(address, around)
                .or_else(|| rows.nearest_below(address, around));
            if let Some(row) = near
                && let there = self.exact(row)?
                && let Some(same) = there.iter().rev().nth(depth)
            {
                frames[frame].take_line(same);
            }
        }
        Ok(())
    }

    /// Notes where the functions begin, which is better than no line at all.
    fn add_declarations(&mut self, frames: &mut [SourceFrame], address: u64) {
        if frames.iter().all(|frame| frame.entry.is_none()) {
            return;
        }
        let Self {
            context,
            split,
            missing,
            declarations,
            ..
        } = self;
        let unit = load_split(
            context.find_dwarf_and_unit(address),
            split.as_ref(),
            missing,
        );
        let Some(unit) = unit else { return };
        for frame in frames {
            let Some(entry) = frame.entry else { continue };
            frame.declaration = declarations.of(unit, entry);
            if frame.line == 0
                && let Some(declaration) = &frame.declaration
            {
                frame.file.clone_from(&declaration.file);
                frame.line = declaration.line;
                frame.column = declaration.column;
            }
        }
    }

    /// What a reader of the warnings should know, now that all addresses were asked for.
    pub fn finish(mut self) -> Vec<String> {
        if let Some(first) = self.missing.first().cloned() {
            let others = match self.missing.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            self.warn(format!(
                ".debug_info: split DWARF, and {first}{others} not found: give the .dwp package as debugInfo"
            ));
        }
        self.warnings
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) && self.warnings.len() < 10 {
            self.warnings.push(warning);
        }
    }
}

/// The entries of functions, outermost first; none of what isn't known to be in a function.
fn chain(frames: &[SourceFrame]) -> Vec<usize> {
    let entries = frames.iter().rev();
    entries
        .map(|frame| frame.entry.map_or(usize::MAX, |entry| entry.0))
        .collect()
}

/// Answers a look-up's wishes for units that lie in the package.
fn load_split<'a, L: LookupContinuation<Buf = Slice<'a>>>(
    mut result: LookupResult<L>,
    split: Option<&SplitUnits<'a>>,
    missing: &mut BTreeSet<String>,
) -> L::Output {
    loop {
        result = match result {
            LookupResult::Output(output) => return output,
            LookupResult::Load { load, continuation } => {
                let unit = split.and_then(|split| split.unit(load.dwo_id, &load.parent));
                if unit.is_none() && missing.len() < 1000 {
                    let path = load
                        .path
                        .as_ref()
                        .and_then(|path| path.to_string_lossy().ok());
                    let path = path.unwrap_or_default();
                    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
                    missing.insert(file.chars().take(100).collect());
                }
                continuation.resume(unit.filter(is_sane).map(Arc::new))
            }
        }
    }
}

/// Whether there are functions with code, and all their addresses are dead.
fn is_dead(dwarf: &gimli::Dwarf<Slice<'_>>) -> bool {
    let mut some = false;
    for header in units_of(dwarf) {
        let Ok(unit) = dwarf.unit(header) else {
            continue;
        };
        let mut is_dead = true;
        let read = each_function_address(dwarf, &unit, |address| {
            some = true;
            is_dead = address == DEAD;
            is_dead
        });
        if !is_dead || read.is_err() {
            return false;
        }
    }
    some
}

/// Whether it is safe to let `addr2line` recurse. Where a unit can't be read it doesn't go on either.
fn is_sane(dwarf: &gimli::Dwarf<Slice<'_>>) -> bool {
    for header in units_of(dwarf) {
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
