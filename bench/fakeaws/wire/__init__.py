"""Both directions of the AWS protocols, driven by botocore's service models: requests to calls, documents to bytes."""
