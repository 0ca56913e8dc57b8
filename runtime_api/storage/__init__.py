"""What tasks read from and write to storage: files of the machine, S3, HTTP, and what else fsspec knows and the operator allows."""
