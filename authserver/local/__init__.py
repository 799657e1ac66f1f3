"""A Gatehouse on one machine, without root: a Redis Cluster, demo data, and the servers beside it.

For development, tests and a first look. Nothing here is imported by the server itself.
"""
