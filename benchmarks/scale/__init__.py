"""What happens to the cost of an operation as things grow: workers, shards, data, one person."""
