"""Two equal ways into the protocol endpoints, and the wrapper around each endpoint."""
