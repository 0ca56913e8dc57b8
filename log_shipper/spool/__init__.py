"""Where acceptor and processor meet: checksummed records in segments on disk, addressed by a durable position."""
