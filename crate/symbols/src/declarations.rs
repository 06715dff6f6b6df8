//! Where the functions of debug information begin in their sources: `DW_AT_decl_file` and `DW_AT_decl_line`.

use crate::dwarf_sections::{Slice, units_of};
use gimli::{AttributeValue, DwoId, Reader, Unit, UnitOffset, UnitRef};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Most references that lead from an inlined function to its declaration.
const MAX_HOPS: usize = 16;

/// Where a function begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    pub file: Option<String>,
    /// From 1.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
}

/// Declarations, once each.
pub struct Declarations<'a> {
    dwarf: Arc<gimli::Dwarf<Slice<'a>>>,
    /// By the unit's and the function's place, and whether the unit lies in a package.
    known: HashMap<(u64, usize, bool), Option<Declaration>>,
    /// Units that others refer to, by their place.
    units: HashMap<usize, Option<Rc<Unit<Slice<'a>>>>>,
    /// The units in the module itself whose contents lie in a package; they have the names of files.
    skeletons: Option<HashMap<DwoId, Rc<Unit<Slice<'a>>>>>,
}

impl<'a> Declarations<'a> {
    pub fn new(dwarf: Arc<gimli::Dwarf<Slice<'a>>>) -> Self {
        Self {
            dwarf,
            known: HashMap::new(),
            units: HashMap::new(),
            skeletons: None,
        }
    }

    /// The declaration of the function at `entry` of `unit`.
    pub fn of(
        &mut self,
        unit: UnitRef<'_, Slice<'a>>,
        entry: UnitOffset<usize>,
    ) -> Option<Declaration> {
        // Units of a package are told by their ids.
        let id = unit.dwo_id.map_or(unit.header.offset().0 as u64, |id| id.0);
        let key = (id, entry.0, unit.dwo_id.is_some());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.read(unit, entry).ok().flatten();
        self.known.insert(key, found.clone());
        found
    }

    fn read(
        &mut self,
        unit: UnitRef<'_, Slice<'a>>,
        entry: UnitOffset<usize>,
    ) -> gimli::Result<Option<Declaration>> {
        let mut other: Option<Rc<Unit<Slice<'a>>>> = None;
        let dwarf = self.dwarf.clone();
        let mut entry = entry;
        let mut line = None;
        for _ in 0..MAX_HOPS {
            let unit = match &other {
                Some(other) => UnitRef::new(&dwarf, other),
                None => unit,
            };
            let die = unit.entry(entry)?;
            let number = |name| die.attr(name).and_then(|attr| attr.udata_value());
            if let Some(found) = number(gimli::DW_AT_decl_line).filter(|&line| line > 0) {
                let column = number(gimli::DW_AT_decl_column).unwrap_or(0);
                line.get_or_insert((found, column));
            }
            let file = match die.attr_value(gimli::DW_AT_decl_file) {
                Some(AttributeValue::FileIndex(file)) => Some(file),
                Some(value) => value.udata_value(),
                None => None,
            };
            if let Some((line, column)) = line
                && let Some(file) = file
            {
                return Ok(Some(Declaration {
                    file: self.file(unit, file)?,
                    line: u32::try_from(line).unwrap_or(0),
                    column: u32::try_from(column).unwrap_or(0),
                }));
            }
            let origin = die
                .attr_value(gimli::DW_AT_abstract_origin)
                .or_else(|| die.attr_value(gimli::DW_AT_specification));
            match origin {
                Some(AttributeValue::UnitRef(offset)) => entry = offset,
                Some(AttributeValue::DebugInfoRef(offset)) if unit.dwo_id.is_none() => {
                    let Some(found) = self.unit_around(offset.0) else {
                        break;
                    };
                    let Some(within) = offset.to_unit_offset(&found.header) else {
                        break;
                    };
                    entry = within;
                    other = Some(found);
                }
                _ => break,
            }
        }
        Ok(line.map(|(line, column)| Declaration {
            file: None,
            line: u32::try_from(line).unwrap_or(0),
            column: u32::try_from(column).unwrap_or(0),
        }))
    }

    /// The unit that has the entry at a place of `.debug_info`.
    fn unit_around(&mut self, offset: usize) -> Option<Rc<Unit<Slice<'a>>>> {
        if self.units.is_empty() {
            let starts = units_of(&self.dwarf).filter_map(|header| header.debug_info_offset());
            self.units = starts.map(|start| (start.0, None)).collect();
        }
        let start = *self.units.keys().filter(|&&start| start < offset).max()?;
        let known = self.units.get_mut(&start)?;
        if known.is_none() {
            let header = self.dwarf.unit_header(gimli::DebugInfoOffset(start));
            *known = Some(Rc::new(self.dwarf.unit(header.ok()?).ok()?));
        }
        known.clone()
    }

    /// The path of a file of `unit`, as `addr2line` has it.
    fn file(&mut self, unit: UnitRef<'_, Slice<'a>>, file: u64) -> gimli::Result<Option<String>> {
        let dwarf = self.dwarf.clone();
        let skeleton = unit.dwo_id.and_then(|id| self.skeleton(id));
        let unit = match &skeleton {
            Some(skeleton) => UnitRef::new(&dwarf, skeleton),
            None => unit,
        };
        let Some(program) = &unit.line_program else {
            return Ok(None);
        };
        let header = program.header();
        let Some(entry) = header.file(file) else {
            return Ok(None);
        };
        let mut path = match &unit.comp_dir {
            Some(directory) => directory.to_string_lossy()?.into_owned(),
            None => String::new(),
        };
        // Directory 0 is that of compilation.
        if entry.directory_index() != 0
            && let Some(directory) = entry.directory(header)
        {
            push(&mut path, &unit.attr_string(directory)?.to_string_lossy()?);
        }
        push(
            &mut path,
            &unit.attr_string(entry.path_name())?.to_string_lossy()?,
        );
        Ok(Some(path))
    }

    fn skeleton(&mut self, id: DwoId) -> Option<Rc<Unit<Slice<'a>>>> {
        let dwarf = &self.dwarf;
        let skeletons = self.skeletons.get_or_insert_with(|| {
            let units = units_of(dwarf).filter_map(|header| dwarf.unit(header).ok());
            units
                .filter_map(|unit| Some((unit.dwo_id?, Rc::new(unit))))
                .collect()
        });
        skeletons.get(&id).cloned()
    }
}

/// Joins paths of either kind of system, as `addr2line` does.
fn push(path: &mut String, part: &str) {
    let is_windows = |path: &str| path.starts_with('\\') || path.get(1..3) == Some(":\\");
    if part.starts_with('/') || part.get(1..3) == Some(":/") || is_windows(part) {
        part.clone_into(path);
        return;
    }
    let separator = if is_windows(path) { '\\' } else { '/' };
    if !path.is_empty() && !path.ends_with(separator) {
        path.push(separator);
    }
    path.push_str(part);
}
