"""Benchmarks that anybody can repeat on one machine, without an AWS account."""
