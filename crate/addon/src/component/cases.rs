//! What is one of several: variants, enums, options and results.

use wasmtime::component::__internal::{CanonicalAbiInfo, ComponentTypes, InterfaceType};
use wasmtime_environ::component::{TypeEnum, TypeOption, TypeResult, TypeVariant, VariantInfo};

pub enum Cases<'a> {
    Variant(&'a TypeVariant),
    Enum(&'a TypeEnum),
    Option(&'a TypeOption),
    Result(&'a TypeResult),
}

impl<'a> Cases<'a> {
    pub fn of(types: &'a ComponentTypes, ty: InterfaceType) -> Option<Self> {
        match ty {
            InterfaceType::Variant(i) => Some(Self::Variant(&types[i])),
            InterfaceType::Enum(i) => Some(Self::Enum(&types[i])),
            InterfaceType::Option(i) => Some(Self::Option(&types[i])),
            InterfaceType::Result(i) => Some(Self::Result(&types[i])),
            _ => None,
        }
    }

    pub fn count(&self) -> usize {
        match self {
            Self::Variant(variant) => variant.cases.len(),
            Self::Enum(names) => names.names.len(),
            Self::Option(_) | Self::Result(_) => 2,
        }
    }

    /// The type of that case's value, if it has one; `None` where there is no such case.
    pub fn get(&self, case: u32) -> Option<Option<InterfaceType>> {
        let case = case as usize;
        if case >= self.count() {
            return None;
        }
        Some(match self {
            Self::Variant(variant) => variant.cases.get_index(case).and_then(|(_, ty)| *ty),
            Self::Enum(_) => None,
            Self::Option(option) => (case == 1).then_some(option.ty),
            Self::Result(result) => [result.ok, result.err][case],
        })
    }

    /// Whether a case's number is one byte on its way to JS and back, see `values`.
    pub fn is_byte(&self) -> bool {
        matches!(self, Self::Option(_) | Self::Result(_))
    }

    /// Core values of it.
    pub fn flat_count(&self) -> usize {
        self.abi().flat_count(usize::MAX).unwrap_or_default()
    }

    /// Bytes of a case's number in memory.
    pub fn number_size(&self) -> usize {
        usize::from(self.info().size)
    }

    /// Where its value begins in memory.
    pub fn payload_offset(&self) -> usize {
        self.info().payload_offset32 as usize
    }

    fn abi(&self) -> &CanonicalAbiInfo {
        match self {
            Self::Variant(variant) => &variant.abi,
            Self::Enum(names) => &names.abi,
            Self::Option(option) => &option.abi,
            Self::Result(result) => &result.abi,
        }
    }

    fn info(&self) -> &VariantInfo {
        match self {
            Self::Variant(variant) => &variant.info,
            Self::Enum(names) => &names.info,
            Self::Option(option) => &option.info,
            Self::Result(result) => &result.info,
        }
    }
}
