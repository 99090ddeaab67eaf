"""Addresses that a target must never lead to."""

HOSTILE = (
    "169.254.169.254",  # metadata of the machine, with its credentials
    "fd00:ec2::254",
    "100.64.0.1",
    "0.0.0.0",
    "127.0.0.1",
    "10.0.0.1",
    "::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",  # NAT64 of the first
    "2002:a9fe:a9fe::",  # 6to4
    "2001:0:a9fe:a9fe::",  # Teredo
    "192.0.0.192",
    "224.0.0.1",
    "fe80::1",
)
