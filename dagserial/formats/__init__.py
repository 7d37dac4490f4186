"""Model to bytes and back, one module a record format."""
