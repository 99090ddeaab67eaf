"""AWS: every account, region and service of a catalog that is data, read through botocore's own models."""

from collectors.aws.collector import AwsCollector

collector = AwsCollector()

__all__ = ["AwsCollector", "collector"]
