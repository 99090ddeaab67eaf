"""syncd: the cloud inventory that keeps what it knew, marks what it could not see and never drops an event."""

__version__ = "0.1.0"
