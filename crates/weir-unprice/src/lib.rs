//! weir-unprice.
