//! Where the functions of a binary lie in its code, and the instructions with which their loops begin.

use crate::custom_sections::CustomSections;
use std::ops::Range;
use wasmparser::{BinaryReader, Operator, OperatorsReader};

/// Most instructions of a loop that are looked at.
const MAX_STEPS: usize = 64;

/// Function bodies, their locals and instructions. Places count from the start of the code section's content,
/// as DWARF's addresses do.
#[derive(Default)]
pub struct Bodies<'a> {
    code: &'a [u8],
    /// Ascending.
    ranges: Vec<Range<u64>>,
}

impl<'a> Bodies<'a> {
    /// Of `bytes`, whose sections were read.
    pub fn new(bytes: &'a [u8], sections: &CustomSections<'a>) -> Self {
        let Some(code) = &sections.code else {
            return Self::default();
        };
        let start = code.range.start;
        let of_code = |place: usize| place.saturating_sub(start) as u64;
        Self {
            code: bytes.get(code.range.clone()).unwrap_or_default(),
            ranges: code
                .bodies
                .iter()
                .map(|body| of_code(body.start)..of_code(body.end))
                .collect(),
        }
    }

    /// The body around a place, and its number.
    pub fn around(&self, place: u64) -> Option<(usize, Range<u64>)> {
        let after = self.ranges.partition_point(|body| body.start <= place);
        let index = after.checked_sub(1)?;
        let body = self.ranges[index].clone();
        (place < body.end).then_some((index, body))
    }

    /// Where the instructions lie that surely run next, when a loop begins at `place`: up to the first that may
    /// lead elsewhere. Empty at anything else.
    pub fn after_loop(&self, place: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let Some((_, body)) = self.around(place) else {
            return found;
        };
        let range = place as usize..body.end as usize;
        let Some(bytes) = self.code.get(range) else {
            return found;
        };
        let mut operators = OperatorsReader::new(BinaryReader::new(bytes, 0));
        for step in 0..MAX_STEPS {
            let Ok((operator, offset)) = operators.read_with_offset() else {
                break;
            };
            let is_loop = matches!(operator, Operator::Loop { .. });
            if step == 0 && !is_loop {
                break;
            }
            if step > 0 {
                found.push(place + offset as u64);
            }
            let leads_elsewhere = matches!(
                operator,
                Operator::Br { .. }
                    | Operator::BrIf { .. }
                    | Operator::BrTable { .. }
                    | Operator::If { .. }
                    | Operator::Else
                    | Operator::End
                    | Operator::Return
                    | Operator::Unreachable
            );
            if leads_elsewhere {
                break;
            }
        }
        found
    }
}
