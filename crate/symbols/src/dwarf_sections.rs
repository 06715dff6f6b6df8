//! The sections of DWARF, in which address 0 is dead: linkers write it for functions that they dropped (LLVM's did for
//! WebAssembly, up to version 11), and tools for all functions. It is never one of code, which begins with a count of
//! functions; but functions there would seem to hold what lies at the lowest addresses.

use gimli::{
    AttributeValue, EndianSlice, LittleEndian, Relocate, RelocateReader, SectionId, Unit,
    UnitHeader,
};
use std::ops::Range;
use std::sync::Arc;

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// A section, in which address 0 reads as one that is dead.
pub type Slice<'a> = RelocateReader<Bytes<'a>, DeadAddresses>;

/// What linkers write today.
pub const DEAD: u64 = u64::MAX;

/// How the addresses of a section are read.
#[derive(Clone, Debug)]
pub enum DeadAddresses {
    AsTheyAre,
    /// 0 is dead, but for some places: bases that others are added to.
    ZeroBut(Arc<[Range<usize>]>),
    /// 0 at some places, whatever stands there: it ends a list.
    ZeroAt(Arc<[Range<usize>]>),
}

impl Relocate for DeadAddresses {
    fn relocate_address(&self, offset: usize, address: u64) -> gimli::Result<u64> {
        Ok(match self {
            Self::ZeroBut(places) if address == 0 && !contain(places, offset) => DEAD,
            Self::ZeroAt(places) if contain(places, offset) => 0,
            _ => address,
        })
    }

    fn relocate_offset(&self, _: usize, value: usize) -> gimli::Result<usize> {
        Ok(value)
    }
}

/// Whether one of `places`, which ascend, has an offset.
fn contain(places: &[Range<usize>], offset: usize) -> bool {
    let after = places.partition_point(|place| place.start <= offset);
    after > 0 && places[after - 1].contains(&offset)
}

/// A section whose addresses are as they stand.
pub fn as_it_is(data: &[u8]) -> Slice<'_> {
    section(data, DeadAddresses::AsTheyAre)
}

fn section(data: &[u8], dead: DeadAddresses) -> Slice<'_> {
    RelocateReader::new(EndianSlice::new(data, LittleEndian), dead)
}

/// The sections of a file.
pub fn read<'a>(data: impl Fn(SectionId) -> &'a [u8]) -> gimli::Result<gimli::Dwarf<Slice<'a>>> {
    let plain = gimli::Dwarf::load(|id| Ok::<_, gimli::Error>(as_it_is(data(id))))?;
    let places = Places::of(&plain);
    gimli::Dwarf::load(|id| {
        let dead = match id {
            SectionId::DebugInfo => DeadAddresses::ZeroBut(places.bases.clone()),
            SectionId::DebugAddr => DeadAddresses::ZeroBut(places.base_addresses.clone()),
            SectionId::DebugLine => DeadAddresses::ZeroBut(Arc::from([])),
            SectionId::DebugRanges => DeadAddresses::ZeroAt(places.lists.clone()),
            _ => DeadAddresses::AsTheyAre,
        };
        Ok(section(data(id), dead))
    })
}

/// The units' headers, up to the first that can't be read.
pub fn units_of<'d, 'a>(
    dwarf: &'d gimli::Dwarf<Slice<'a>>,
) -> impl Iterator<Item = UnitHeader<Slice<'a>>> + 'd {
    let mut units = dwarf.units();
    std::iter::from_fn(move || units.next().ok().flatten())
}

/// Where 0 isn't what it seems. All ascend.
struct Places {
    /// In `.debug_info`, the headers and first entries of units that have ranges: what the ranges count from.
    bases: Arc<[Range<usize>]>,
    /// The same in `.debug_addr`.
    base_addresses: Arc<[Range<usize>]>,
    /// The first pairs of units' lists in `.debug_ranges`, where functions were dropped: both ends of theirs are 0, and
    /// end the list. Without a list, the line table tells where a unit lies.
    lists: Arc<[Range<usize>]>,
}

impl Places {
    fn of(dwarf: &gimli::Dwarf<Slice<'_>>) -> Self {
        let mut bases = Vec::new();
        let mut base_addresses = Vec::new();
        let mut lists = Vec::new();
        for header in units_of(dwarf) {
            let Some(start) = header.debug_info_offset() else {
                continue;
            };
            let Ok(unit) = dwarf.unit(header) else {
                continue;
            };
            let Ok(Some(base)) = Base::of(dwarf, &unit) else {
                continue;
            };
            let size = usize::from(unit.encoding().address_size);
            let words = |at: usize, count: usize| at..at.saturating_add(count * size);
            bases.push(start.0..start.0.saturating_add(base.length));
            if let Some(index) = base.address {
                let at = unit.addr_base.0.saturating_add(index.saturating_mul(size));
                base_addresses.push(words(at, 1));
            }
            if unit.encoding().version < 5
                && let Some(list) = base.list
                && has_dropped(dwarf, &unit)
            {
                lists.push(words(list, 2));
            }
        }
        Self {
            bases: bases.into(),
            base_addresses: sorted(base_addresses),
            lists: sorted(lists),
        }
    }
}

fn sorted(mut places: Vec<Range<usize>>) -> Arc<[Range<usize>]> {
    places.sort_unstable_by_key(|place| place.start);
    places.into()
}

/// Of a unit that has ranges.
struct Base {
    /// Of its header and its first entry.
    length: usize,
    /// Which address its own is, when that lies elsewhere.
    address: Option<usize>,
    /// Where its list of ranges begins.
    list: Option<usize>,
}

impl Base {
    fn of<'a>(
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &Unit<Slice<'a>>,
    ) -> gimli::Result<Option<Self>> {
        let mut entries = unit.entries_raw(None)?;
        let Some(abbreviation) = entries.read_abbreviation()? else {
            return Ok(None);
        };
        let mut ranges = None;
        let mut address = None;
        for &specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(specification)?;
            match (attribute.name(), attribute.raw_value()) {
                (gimli::DW_AT_ranges, _) => ranges = Some(attribute.value()),
                (gimli::DW_AT_low_pc, AttributeValue::DebugAddrIndex(index)) => {
                    address = Some(index.0);
                }
                _ => {}
            }
        }
        let Some(ranges) = ranges else {
            return Ok(None);
        };
        let list = dwarf.attr_ranges_offset(unit, ranges)?;
        Ok(Some(Self {
            length: entries.next_offset().0,
            address,
            list: list.map(|list| list.0),
        }))
    }
}

/// Whether a unit has functions at 0.
fn has_dropped<'a>(dwarf: &gimli::Dwarf<Slice<'a>>, unit: &Unit<Slice<'a>>) -> bool {
    let mut found = false;
    // What can't be read has been seen up to there.
    let _ = each_function_address(dwarf, unit, |address| {
        found = address == 0;
        !found
    });
    found
}

/// Calls `f` with the address of each function that has one, until it returns false.
pub fn each_function_address<'a>(
    dwarf: &gimli::Dwarf<Slice<'a>>,
    unit: &Unit<Slice<'a>>,
    mut f: impl FnMut(u64) -> bool,
) -> gimli::Result<()> {
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        if abbreviation.tag() != gimli::DW_TAG_subprogram {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        for &specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(specification)?;
            if attribute.name() == gimli::DW_AT_low_pc
                && let Some(address) = dwarf.attr_address(unit, attribute.value())?
                && !f(address)
            {
                return Ok(());
            }
        }
    }
    Ok(())
}
