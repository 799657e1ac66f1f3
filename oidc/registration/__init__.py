"""Dynamic registration: applications that register, read, change and remove themselves.

Spec: OpenID Connect Registration 1.0, RFC 7591, RFC 7592.
"""
