//! weir-genvoris.
