"""One pass over the estate: discover scopes, read them within limits, guard, commit. Knows no provider."""
