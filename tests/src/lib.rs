//! Stories across rooms; see `tests/`.
