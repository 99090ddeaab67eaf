"""One SQLite file: one writer, read-only readers. What is committed is never lost and always agrees with its events."""
