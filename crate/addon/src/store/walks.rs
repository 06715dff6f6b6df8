//! What is looked at where a stack is recorded.

use crate::store::data::StoreData;
use std::sync::OnceLock;
use wasmtime::StoreContextMut;

/// Looks at a store whose stack is about to be recorded.
pub type LookAtWalk = fn(&StoreContextMut<'_, StoreData>);

/// For tests; none in a release.
pub static LOOK_AT_WALK: OnceLock<LookAtWalk> = OnceLock::new();

/// What the store has left, if its recorder wants to know.
pub(super) fn fuel_to_note(store: &StoreContextMut<'_, StoreData>) -> Option<u64> {
    let recorder = store.data().scopes.recorder()?;
    recorder
        .counts_fuel()
        .then(|| store.get_fuel().ok())
        .flatten()
}
