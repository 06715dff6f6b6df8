{
  "targets": [
    {
      "target_name": "wasmtime_guest_profiler",
      "type": "none",
      "actions": [
        {
          "action_name": "cargo",
          "inputs": ["Cargo.toml", "Cargo.lock", "crate/addon/Cargo.toml"],
          "outputs": ["<(PRODUCT_DIR)/wasmtime_guest_profiler.node"],
          "action": ["node", "scripts/build-addon.mjs"]
        }
      ]
    }
  ]
}
