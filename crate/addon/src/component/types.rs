//! Component types, as JS objects.

use crate::objects::module::{NativeExternType, extern_type};
use napi_derive::napi;
use std::sync::atomic::{AtomicU32, Ordering};
use wasmtime::component::types::{ComponentExtern, ComponentFunc, ComponentItem};
use wasmtime::component::{ResourceType, Type};
use wasmtime::{Engine, ExternType};

/// `wasmtime::component::ResourceType`.
#[napi]
pub struct NativeResourceType {
    pub(crate) ty: ResourceType,
    /// The number of a host type.
    pub(crate) payload: Option<u32>,
    /// An import's, before the component is instantiated: the native side alone knows which it will be.
    is_open: bool,
}

/// Types of resources that a component imports, and what a linker has for them.
pub type Resources = Vec<(ResourceType, ResourceType)>;

/// Numbers of host types given out so far, in all threads: no two types of a process are the same.
static HOST_TYPES: AtomicU32 = AtomicU32::new(0);

#[napi]
impl NativeResourceType {
    /// A new type of host resources.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "a JS constructor")]
    pub fn new() -> Self {
        let payload = HOST_TYPES.fetch_add(1, Ordering::Relaxed);
        Self {
            ty: ResourceType::host_dynamic(payload),
            payload: Some(payload),
            is_open: false,
        }
    }

    /// The number of a host type, `null` of a guest's.
    #[napi(getter, catch_unwind)]
    pub fn payload(&self) -> Option<u32> {
        self.payload
    }

    #[napi(catch_unwind)]
    pub fn equals(&self, other: &NativeResourceType) -> bool {
        self.ty == other.ty || self.is_open || other.is_open
    }
}

impl NativeResourceType {
    /// Wasmtime tells of two types whether they are the same, and no more.
    pub fn of(ty: ResourceType) -> Self {
        let count = HOST_TYPES.load(Ordering::Relaxed);
        let is_it = |&payload: &u32| ty == ResourceType::host_dynamic(payload);
        // The newest first: it is about them that is asked most.
        let payload = (0..count).rev().find(is_it);
        Self {
            ty,
            payload,
            is_open: false,
        }
    }

    fn resolve(&mut self, resources: &Resources) {
        let found = resources.iter().find(|(import, _)| *import == self.ty);
        match found {
            Some((_, ty)) => *self = Self::of(*ty),
            None => self.is_open = self.payload.is_none(),
        }
    }
}

/// `wasmtime::component::Type`.
#[napi(object, object_from_js = false)]
pub struct NativeWitType {
    /// As WIT calls it: "u8", "list", "record", …
    pub kind: String,
    /// Of a record's fields, a variant's cases, an enum's cases, flags.
    pub names: Option<Vec<String>>,
    /// Of fields, cases, elements: `null` for none. A result's are those of ok and err, a map's those of
    /// key and value.
    pub types: Option<Vec<Option<NativeWitType>>>,
    /// A fixed-length list's.
    pub length: Option<u32>,
    /// An own's or a borrow's.
    pub resource: Option<NativeResourceType>,
}

impl NativeWitType {
    fn simple(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            names: None,
            types: None,
            length: None,
            resource: None,
        }
    }

    fn with(
        kind: &str,
        names: Option<Vec<String>>,
        types: impl IntoIterator<Item = Option<Type>>,
    ) -> Self {
        let types = types.into_iter().map(|ty| ty.as_ref().map(Self::of));
        Self {
            names,
            types: Some(types.collect()),
            ..Self::simple(kind)
        }
    }

    fn handle(kind: &str, ty: ResourceType) -> Self {
        Self {
            resource: Some(NativeResourceType::of(ty)),
            ..Self::simple(kind)
        }
    }

    fn resolve(&mut self, resources: &Resources) {
        if let Some(resource) = &mut self.resource {
            resource.resolve(resources);
        }
        for ty in self.types.iter_mut().flatten().flatten() {
            ty.resolve(resources);
        }
    }

    /// Wasmtime limits how deep types are nested, and how large they are in all.
    pub fn of(ty: &Type) -> Self {
        let owned = |name: &str| name.to_owned();
        match ty {
            Type::Bool => Self::simple("bool"),
            Type::S8 => Self::simple("s8"),
            Type::U8 => Self::simple("u8"),
            Type::S16 => Self::simple("s16"),
            Type::U16 => Self::simple("u16"),
            Type::S32 => Self::simple("s32"),
            Type::U32 => Self::simple("u32"),
            Type::S64 => Self::simple("s64"),
            Type::U64 => Self::simple("u64"),
            Type::Float32 => Self::simple("f32"),
            Type::Float64 => Self::simple("f64"),
            Type::Char => Self::simple("char"),
            Type::String => Self::simple("string"),
            Type::ErrorContext => Self::simple("error-context"),
            Type::List(list) => Self::with("list", None, [Some(list.ty())]),
            Type::FixedLengthList(list) => Self {
                length: Some(list.len()),
                ..Self::with("fixed-length-list", None, [Some(list.ty())])
            },
            Type::Map(map) => Self::with("map", None, [Some(map.key()), Some(map.value())]),
            Type::Record(record) => {
                let names = record.fields().map(|field| owned(field.name)).collect();
                Self::with(
                    "record",
                    Some(names),
                    record.fields().map(|field| Some(field.ty)),
                )
            }
            Type::Tuple(tuple) => Self::with("tuple", None, tuple.types().map(Some)),
            Type::Variant(variant) => {
                let names = variant.cases().map(|case| owned(case.name)).collect();
                Self::with("variant", Some(names), variant.cases().map(|case| case.ty))
            }
            Type::Enum(names) => Self::with("enum", Some(names.names().map(owned).collect()), []),
            Type::Option(option) => Self::with("option", None, [Some(option.ty())]),
            Type::Result(result) => Self::with("result", None, [result.ok(), result.err()]),
            Type::Flags(flags) => Self::with("flags", Some(flags.names().map(owned).collect()), []),
            Type::Own(resource) => Self::handle("own", *resource),
            Type::Borrow(resource) => Self::handle("borrow", *resource),
            Type::Future(future) => Self::with("future", None, [future.ty()]),
            Type::Stream(stream) => Self::with("stream", None, [stream.ty()]),
        }
    }
}

/// `wasmtime::component::types::ComponentFunc`.
#[napi(object, object_from_js = false)]
pub struct NativeComponentFuncType {
    pub param_names: Vec<String>,
    pub param_types: Vec<NativeWitType>,
    pub result: Option<NativeWitType>,
    pub is_async: bool,
}

impl NativeComponentFuncType {
    pub fn of(ty: &ComponentFunc) -> Self {
        Self {
            param_names: ty.params().map(|(name, _)| name.to_owned()).collect(),
            param_types: ty.params().map(|(_, ty)| NativeWitType::of(&ty)).collect(),
            result: ty.results().next().map(|ty| NativeWitType::of(&ty)),
            is_async: ty.async_(),
        }
    }
}

impl NativeComponentFuncType {
    /// Of an import, with those resources.
    pub fn of_import(ty: &ComponentFunc, resources: &Resources) -> Self {
        let mut described = Self::of(ty);
        for ty in described
            .param_types
            .iter_mut()
            .chain(&mut described.result)
        {
            ty.resolve(resources);
        }
        described
    }
}

/// An import or an export of a component: `wasmtime::component::types::ComponentItem`.
#[napi(object, object_from_js = false)]
pub struct NativeComponentItem {
    pub name: String,
    /// "func", "instance", "module", "component", "type", "resource" or "core-func".
    pub kind: String,
    pub func: Option<NativeComponentFuncType>,
    /// A component's.
    pub imports: Option<Vec<NativeComponentItem>>,
    /// An instance's or a component's.
    pub exports: Option<Vec<NativeComponentItem>>,
    /// A module's.
    pub core_imports: Option<Vec<NativeExternType>>,
    /// A module's; a core function's own, as the only one.
    pub core_exports: Option<Vec<NativeExternType>>,
    pub value: Option<NativeWitType>,
    pub resource: Option<NativeResourceType>,
}

/// Items by name.
pub fn items<'a>(
    engine: &'a Engine,
    items: impl Iterator<Item = (&'a str, ComponentExtern<'a>)>,
) -> Vec<NativeComponentItem> {
    items
        .map(|(name, item)| component_item(engine, name, &item.ty))
        .collect()
}

fn component_item(engine: &Engine, name: &str, item: &ComponentItem) -> NativeComponentItem {
    let mut described = NativeComponentItem {
        name: name.to_owned(),
        kind: String::new(),
        func: None,
        imports: None,
        exports: None,
        core_imports: None,
        core_exports: None,
        value: None,
        resource: None,
    };
    let kind = match item {
        ComponentItem::ComponentFunc(func) => {
            described.func = Some(NativeComponentFuncType::of(func));
            "func"
        }
        ComponentItem::CoreFunc(func) => {
            let ty = ExternType::Func(func.clone());
            described.core_exports = Some(vec![extern_type(None, name, &ty)]);
            "core-func"
        }
        ComponentItem::Module(module) => {
            let imports = module.imports(engine);
            described.core_imports = Some(
                imports
                    .map(|((module, name), ty)| extern_type(Some(module), name, &ty))
                    .collect(),
            );
            let exports = module.exports(engine);
            described.core_exports = Some(
                exports
                    .map(|(name, ty)| extern_type(None, name, &ty))
                    .collect(),
            );
            "module"
        }
        ComponentItem::Component(component) => {
            described.imports = Some(items(engine, component.imports(engine)));
            described.exports = Some(items(engine, component.exports(engine)));
            "component"
        }
        ComponentItem::ComponentInstance(instance) => {
            described.exports = Some(items(engine, instance.exports(engine)));
            "instance"
        }
        ComponentItem::Type(ty) => {
            described.value = Some(NativeWitType::of(ty));
            "type"
        }
        ComponentItem::Resource(ty) => {
            described.resource = Some(NativeResourceType::of(*ty));
            "resource"
        }
    };
    described.kind = kind.to_owned();
    described
}
