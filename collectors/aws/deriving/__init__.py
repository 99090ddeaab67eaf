"""Derives kinds from botocore's models: `python -m collectors.aws.deriving` writes ../derived and docs/aws-kinds.md."""
