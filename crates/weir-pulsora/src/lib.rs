//! weir-pulsora.
