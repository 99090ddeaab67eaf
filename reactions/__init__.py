"""Acts on targets, one module each: knows no store and no provider."""
