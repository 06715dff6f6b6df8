//! What each operator costs in fuel: `wasmtime::OperatorCost`, whose fields are named after the operators.

use napi_derive::napi;
use wasmtime::OperatorCost;

/// Costs that differ from Wasmtime's own: `costs[i]` is that of the operator `names[i]`.
#[napi(object)]
pub struct NativeOperatorCost {
    pub names: Vec<String>,
    pub costs: Vec<u8>,
    pub variable: NativeVariableOperatorCost,
}

/// Costs per byte, element or page of what an operator does: `wasmtime::VariableOperatorCost`.
#[napi(object)]
pub struct NativeVariableOperatorCost {
    pub memory_copy_per_byte: Option<u8>,
    pub memory_fill_per_byte: Option<u8>,
    pub memory_init_per_byte: Option<u8>,
    pub memory_grow_per_page: Option<u8>,
    pub table_copy_per_element: Option<u8>,
    pub table_fill_per_element: Option<u8>,
    pub table_init_per_element: Option<u8>,
    pub table_grow_per_element: Option<u8>,
    pub array_copy_per_element: Option<u8>,
    pub array_fill_per_element: Option<u8>,
    pub array_new_data_per_element: Option<u8>,
    pub array_init_data_per_element: Option<u8>,
    pub array_new_elem_per_element: Option<u8>,
    pub array_init_elem_per_element: Option<u8>,
    pub array_new_default_per_element: Option<u8>,
    pub array_new_per_element: Option<u8>,
}

macro_rules! by_name {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*) )*) => {
        /// The cost of the operator called `name`.
        fn cost_of<'a>(costs: &'a mut OperatorCost, name: &str) -> Option<&'a mut u8> {
            Some(match name {
                $(stringify!($op) => &mut costs.$op,)*
                _ => return None,
            })
        }
    };
}

// The very list that Wasmtime makes the fields from.
wasmparser::for_each_operator!(by_name);

/// Whether there is an operator of that name.
#[napi(catch_unwind)]
pub fn is_operator(name: String) -> bool {
    cost_of(&mut OperatorCost::new(), &name).is_some()
}

impl NativeOperatorCost {
    pub fn to_wasmtime(&self) -> wasmtime::Result<OperatorCost> {
        let mut costs = OperatorCost::new();
        for (name, cost) in self.names.iter().zip(&self.costs) {
            match cost_of(&mut costs, name) {
                Some(place) => *place = *cost,
                None => wasmtime::bail!("no operator '{name}'"),
            }
        }
        macro_rules! set {
            ($($name:ident)*) => {
                $(if let Some(cost) = self.variable.$name {
                    costs.variable.$name = cost;
                })*
            };
        }
        set!(
            memory_copy_per_byte memory_fill_per_byte memory_init_per_byte memory_grow_per_page
            table_copy_per_element table_fill_per_element table_init_per_element
            table_grow_per_element array_copy_per_element array_fill_per_element
            array_new_data_per_element array_init_data_per_element array_new_elem_per_element
            array_init_elem_per_element array_new_default_per_element array_new_per_element
        );
        Ok(costs)
    }
}
