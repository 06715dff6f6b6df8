//! What code is compiled for: of `wasmtime::Config` what the command line's engines are made with.

use napi_derive::napi;
use wasmtime::Config;

macro_rules! config {
    ($($flag:ident)*) => {
        /// The target, its processor, and what of the engine's configuration decides which code a module becomes.
        #[napi(object)]
        pub struct CompilerConfig {
            /// A target triple.
            pub target: String,
            /// Cranelift's names for what the processor has, or for a processor: `has_avx2`, `haswell`.
            pub flags: Vec<String>,
            $(pub $flag: Option<bool>,)*
        }

        impl CompilerConfig {
            fn set_flags(&self, config: &mut Config) {
                $(if let Some(value) = self.$flag {
                    config.$flag(value);
                })*
            }
        }
    };
}
symbols::code_flags!(config);

impl CompilerConfig {
    pub fn to_wasmtime(&self) -> wasmtime::Result<Config> {
        let mut config = Config::new();
        config.target(&self.target)?;
        for flag in &self.flags {
            // SAFETY: code for a processor that isn't this one can't be run, and nothing here runs code.
            unsafe { config.cranelift_flag_enable(flag) };
        }
        self.set_flags(&mut config);
        Ok(config)
    }
}
