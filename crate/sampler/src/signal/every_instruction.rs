//! Proof of `leaf_arm64` where no thread can step through a guest by itself: all paths through all functions that
//! Cranelift makes of a program are followed, with what each instruction does to the stack pointer, the frame pointer, the
//! link register and the frame records on the stack. The rule must find the caller's at every one.
//!
//! What an instruction is, a decoder of its own says.

use super::leaf::{Frame, LeafRule, Registers};
use super::leaf_arm64::frame_of;
use std::collections::BTreeMap;
use std::path::PathBuf;
use wasmtime::{Config, Engine, Module};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand};

const SP: u16 = 31;
const FP: u16 = 29;
const LR: u16 = 30;
/// What moves the stack pointer by more than an instruction has room for.
const SCRATCH: u16 = 16;

/// The registers' values at a function's entry.
const ENTRY_SP: i64 = 0x10_0000;
const CALLERS_FP: i64 = 0x20_0000;
const RETURN_ADDRESS: i64 = 0x30_0000;
const UNKNOWN: i64 = -1;

/// What is known before an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    sp: i64,
    fp: i64,
    lr: i64,
    scratch: i64,
    /// Frame records, and words that were stored like them.
    stack: BTreeMap<i64, i64>,
}

impl State {
    fn at_entry() -> Self {
        Self {
            sp: ENTRY_SP,
            fp: CALLERS_FP,
            lr: RETURN_ADDRESS,
            scratch: UNKNOWN,
            stack: BTreeMap::new(),
        }
    }

    fn word(&self, address: i64) -> i64 {
        self.stack.get(&address).copied().unwrap_or(UNKNOWN)
    }

    fn register(&self, register: u16) -> i64 {
        match register {
            FP => self.fp,
            LR => self.lr,
            SCRATCH => self.scratch,
            _ => UNKNOWN,
        }
    }

    fn set(&mut self, register: u16, value: i64) {
        match register {
            FP => self.fp = value,
            LR => self.lr = value,
            SCRATCH => self.scratch = value,
            _ => {}
        }
    }

    /// Whether `frame` is where the caller's are.
    fn is_right(&self, frame: Frame) -> bool {
        let [fp, return_address] = match frame {
            Frame::None => [self.fp, self.lr],
            Frame::At(at) => [self.word(at as i64), self.word(at as i64 + 8)],
        };
        fp == CALLERS_FP && return_address == RETURN_ADDRESS
    }

    /// A load or a store of `registers` at an address.
    fn access(&mut self, is_load: bool, registers: &[u16], address: i64) {
        for (register, address) in registers.iter().zip((address..).step_by(8)) {
            if is_load {
                self.set(*register, self.word(address));
            } else {
                self.stack.insert(address, self.register(*register));
            }
        }
    }
}

/// Where an instruction leads.
enum Next {
    On,
    To(i64),
    Either(i64),
    /// To an address of the table that follows.
    Table,
    Nowhere,
}

fn general(operand: Operand) -> Option<u16> {
    match operand {
        Operand::Register(_, register) | Operand::RegisterOrSP(_, register) => Some(register),
        _ => None,
    }
}

fn immediate(operand: Operand) -> Option<i64> {
    match operand {
        Operand::Immediate(value) => Some(value.into()),
        Operand::Imm16(value) => Some(value.into()),
        Operand::Imm64(value) => Some(value as i64),
        Operand::ImmShift(value, shift) => Some(i64::from(value) << shift),
        _ => None,
    }
}

/// What `instruction` does; `after` comes next.
fn step(state: &mut State, instruction: &Instruction, after: Option<&Instruction>) -> Next {
    let operands = instruction.operands;
    let target = |at: usize| match operands[at] {
        Operand::PCOffset(offset) => offset,
        _ => panic!("{instruction}"),
    };
    match instruction.opcode {
        Opcode::B => return Next::To(target(0)),
        Opcode::Bcc(_) => return Next::Either(target(0)),
        Opcode::CBZ | Opcode::CBNZ => return Next::Either(target(1)),
        Opcode::TBZ | Opcode::TBNZ => return Next::Either(target(2)),
        Opcode::RET | Opcode::UDF | Opcode::BRK => return Next::Nowhere,
        Opcode::BR if state.lr == RETURN_ADDRESS && state.fp == CALLERS_FP => return Next::Nowhere,
        Opcode::BR => return Next::Table,
        Opcode::BL | Opcode::BLR => {
            state.lr = UNKNOWN;
            state.scratch = UNKNOWN;
            // A function takes its arguments off the stack, for which its caller makes room again at once.
            if let Some((register, by)) = after.and_then(moved_sp)
                && register.is_none()
                && by < 0
            {
                state.sp -= by;
            }
        }
        Opcode::STP | Opcode::LDP => {
            let is_load = instruction.opcode == Opcode::LDP;
            let registers = [general(operands[0]), general(operands[1])].map(|r| r.unwrap_or(SP));
            on_stack(state, is_load, &registers, operands[2]);
        }
        Opcode::STR | Opcode::LDR => {
            let is_load = instruction.opcode == Opcode::LDR;
            on_stack(
                state,
                is_load,
                &[general(operands[0]).unwrap_or(SP)],
                operands[1],
            );
        }
        Opcode::MOVZ | Opcode::MOVK | Opcode::MOVN => {
            if general(operands[0]) == Some(SCRATCH) {
                let value = immediate(operands[1]).expect("an immediate");
                state.scratch = match instruction.opcode {
                    Opcode::MOVZ => value,
                    Opcode::MOVN => !value,
                    // Constants of the stack's have 32 bits at most.
                    _ => state.scratch & !(0xffff << if value > 0xffff { 16 } else { 0 }) | value,
                };
            }
        }
        _ => {
            if let Some((register, by)) = moved_sp(instruction) {
                let by = match register {
                    Some(register) => by * state.register(register),
                    None => by,
                };
                state.sp += by;
            } else if let (Some(to), Some(SP), Some(0)) = (
                general(operands[0]),
                sp_of(operands[1]),
                immediate(operands[2]),
            ) && instruction.opcode == Opcode::ADD
            {
                state.set(to, state.sp);
            } else if let Some(register) = general(operands[0])
                && [FP, SCRATCH].contains(&register)
            {
                state.set(register, UNKNOWN);
            }
        }
    }
    Next::On
}

fn sp_of(operand: Operand) -> Option<u16> {
    matches!(operand, Operand::RegisterOrSP(_, SP)).then_some(SP)
}

/// By what an instruction moves the stack pointer: a number, or a register's value times one.
fn moved_sp(instruction: &Instruction) -> Option<(Option<u16>, i64)> {
    let [to, from, by, _] = instruction.operands;
    let sign = match instruction.opcode {
        Opcode::ADD => 1,
        Opcode::SUB => -1,
        _ => return None,
    };
    sp_of(to)?;
    sp_of(from)?;
    if let Some(by) = immediate(by) {
        return Some((None, sign * by));
    }
    match by {
        Operand::Register(_, register) | Operand::RegShift(_, 0, _, register) => {
            Some((Some(register), sign))
        }
        other => panic!("{instruction}: {other:?}"),
    }
}

fn on_stack(state: &mut State, is_load: bool, registers: &[u16], place: Operand) {
    match place {
        Operand::RegPreIndex(SP, offset, writes_back) => {
            let address = state.sp + i64::from(offset);
            state.access(is_load, registers, address);
            if writes_back {
                state.sp = address;
            }
        }
        Operand::RegPostIndex(SP, offset) => {
            state.access(is_load, registers, state.sp);
            state.sp += i64::from(offset);
        }
        _ if is_load => {
            for &register in registers {
                state.set(register, UNKNOWN);
            }
        }
        _ => {}
    }
}

#[derive(Debug, Default)]
struct Followed {
    functions: usize,
    instructions: usize,
    /// Words that no path led to: what follows a function's code, and where exceptions are caught.
    unreached: usize,
    /// Addresses in tables, of those words.
    in_tables: usize,
    /// With no frame, or one that isn't where the frame pointer points.
    odd: usize,
}

/// Follows all paths through a function's code.
fn follow(code: &[u8], rule: LeafRule, followed: &mut Followed) -> Result<(), String> {
    let decoder = InstDecoder::default();
    let words: Vec<Option<Instruction>> = code
        .chunks_exact(4)
        .map(|word| decoder.decode(&mut U8Reader::new(word)).ok())
        .collect();
    let mut states: Vec<Option<State>> = vec![None; words.len()];
    let mut pending = vec![(0, State::at_entry())];
    while let Some((at, state)) = pending.pop() {
        let Some(Some(instruction)) = words.get(at) else {
            return Err(format!("no instruction at {:#x}", at * 4));
        };
        if let Some(known) = &states[at] {
            if (known.sp, known.fp) != (state.sp, state.fp) {
                return Err(format!("{:#x}: {known:?} and {state:?}", at * 4));
            }
            continue;
        }
        states[at] = Some(state.clone());
        let registers = Registers {
            pc: 0,
            sp: state.sp as usize,
            fp: state.fp as usize,
            lr: state.lr as usize,
        };
        let frame = rule(registers, &code[..at * 4], &code[at * 4..]);
        if !state.is_right(frame) {
            return Err(format!(
                "{:#x} {instruction}: {frame:?} of {state:?}",
                at * 4
            ));
        }
        followed.odd += usize::from(frame != Frame::At(registers.fp));
        let mut next = state;
        let to = |offset: i64| at.wrapping_add_signed((offset / 4) as isize);
        match step(
            &mut next,
            instruction,
            words.get(at + 1).and_then(Option::as_ref),
        ) {
            Next::On => pending.push((at + 1, next)),
            // A tail call leaves the function.
            Next::To(offset) if to(offset) >= words.len() => {}
            Next::To(offset) => pending.push((to(offset), next)),
            Next::Either(offset) => {
                pending.push((at + 1, next.clone()));
                pending.push((to(offset), next));
            }
            Next::Table => {
                let table = (at + 1) * 4;
                let offsets = code[table..].chunks_exact(4);
                let offsets = offsets.map(|word| i32::from_le_bytes(word.try_into().expect("4")));
                let targets = offsets.map(|offset| table.wrapping_add_signed(offset as isize));
                // It ends where no address of this function's follows.
                let targets = targets.take_while(|target| {
                    target.is_multiple_of(4) && (table..code.len()).contains(target)
                });
                for target in targets {
                    followed.in_tables += 1;
                    pending.push((target / 4, next.clone()));
                }
            }
            Next::Nowhere => {}
        }
    }
    followed.functions += 1;
    followed.instructions += states.iter().flatten().count();
    followed.unreached += states.iter().filter(|state| state.is_none()).count();
    Ok(())
}

fn follow_module(name: &str, rule: LeafRule) -> Result<Followed, String> {
    let mut config = Config::new();
    config.wasm_tail_call(true);
    config.wasm_exceptions(true);
    let engine = Engine::new(&config).expect("an engine");
    let guests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test/guests");
    let module = Module::from_file(&engine, guests.join(name)).expect("a module");
    let mut followed = Followed::default();
    for function in module.functions() {
        let code = &module.text()[function.offset..function.offset + function.len];
        follow(code, rule, &mut followed)
            .map_err(|error| format!("{name}, function {:?}: {error}", function.index))?;
    }
    println!("{name}: {followed:?}");
    Ok(followed)
}

#[test]
fn the_rule_is_right_at_every_instruction() -> Result<(), String> {
    let programs = ["c/parser.wasm", "cpp/raytracer.wasm", "go/pipeline.wasm"];
    for name in ["wat/tail-calls.wat"].into_iter().chain(programs) {
        let followed = follow_module(name, frame_of)?;
        assert!(followed.odd >= followed.functions * 3, "{followed:?}");
        let missed = followed.unreached - followed.in_tables;
        assert!(missed * 10 < followed.instructions, "{followed:?}");
    }
    Ok(())
}

#[test]
fn a_wrong_rule_is_noticed() {
    const TAIL_CALLS: &str = "wat/tail-calls.wat";
    let plain: LeafRule = |registers, _, _| Frame::At(registers.fp);
    assert!(follow_module(TAIL_CALLS, plain).is_err());
    // Right but at the end of functions.
    let without_ends: LeafRule = |registers, before, code| match frame_of(registers, before, code) {
        Frame::None if before.len() > 4 => Frame::At(registers.fp),
        frame => frame,
    };
    assert!(follow_module(TAIL_CALLS, without_ends).is_err());
}
