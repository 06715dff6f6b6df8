//! Units of split DWARF, which lie outside of the module: in a package of all (`.dwp`), or the one of a `.dwo` file.

use crate::custom_sections::CustomSections;
use crate::dwarf_sections::{Slice, as_it_is, units_of};
use gimli::{Dwarf, DwarfPackage, DwarfSections, DwoId, SectionId};

/// The units of one file.
pub enum SplitUnits<'a> {
    Package(Box<DwarfPackage<Slice<'a>>>),
    /// Of a `.dwo` file, which has no index: the sections that its unit is read from.
    Single(Box<DwarfSections<Slice<'a>>>),
}

impl<'a> SplitUnits<'a> {
    pub fn of(sections: &CustomSections<'a>) -> gimli::Result<Self> {
        if sections.debug(".debug_cu_index").is_empty() {
            let sections =
                DwarfSections::load(|id| Ok::<_, gimli::Error>(dwo_section(sections, id)))?;
            return Ok(Self::Single(Box::new(sections)));
        }
        let package = DwarfPackage::load(
            |id| Ok::<_, gimli::Error>(dwo_section(sections, id)),
            as_it_is(&[]),
        )?;
        Ok(Self::Package(Box::new(package)))
    }

    /// The unit that one of the module, in `parent`, refers to.
    pub fn unit(&self, id: DwoId, parent: &Dwarf<Slice<'a>>) -> Option<Dwarf<Slice<'a>>> {
        match self {
            Self::Package(package) => package.find_cu(id, parent).ok().flatten(),
            Self::Single(sections) => {
                let mut dwarf = sections.borrow(Clone::clone);
                dwarf.make_dwo(parent);
                let header = units_of(&dwarf).next()?;
                let is_it = dwarf.unit(header).is_ok_and(|unit| unit.dwo_id == Some(id));
                is_it.then_some(dwarf)
            }
        }
    }
}

fn dwo_section<'a>(sections: &CustomSections<'a>, id: SectionId) -> Slice<'a> {
    as_it_is(
        id.dwo_name()
            .map_or_else(Default::default, |name| sections.debug(name)),
    )
}
