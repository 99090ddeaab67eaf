"""What the demo's company has in the cloud: one module for each corner of it, built with the AWS SDK."""
