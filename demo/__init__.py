"""Shows syncd without an account: an AWS on loopback, filled as a user would fill it, read twice."""
