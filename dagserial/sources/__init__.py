"""Outside to model, one module an origin."""
