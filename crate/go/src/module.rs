//! What is to be known of a module for walks over its goroutines' stacks.

/// How many of each kind a module imports and defines; it imports neither memories nor globals, and its memory isn't
/// shared.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Shape {
    pub imported_functions: u32,
    pub imported_tables: u32,
    pub imported_tags: u32,
    pub tables: u32,
    pub memories: u32,
    pub globals: u32,
    pub tags: u32,
}

/// A function of the module's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Function {
    /// The size of its frame in bytes, below the return address; `None` for one that has no frame there.
    pub frame: Option<u32>,
    pub role: Role,
}

/// What a function is to a goroutine's stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// One like most.
    Other,
    /// Go's loop, which calls what a goroutine is to go on with.
    Loop,
    /// Where a goroutine's first function returns to.
    Exit,
    /// Calls a function on the stack of the scheduler.
    SystemStack,
}
