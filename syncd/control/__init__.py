"""The control socket: versioned JSON over HTTP on a unix socket; docs/control-api.md says what can be asked."""
