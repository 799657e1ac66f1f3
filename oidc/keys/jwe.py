"""Encrypts tokens to somebody's public key. Spec: RFC 7516; RFC 7519 section 11.2 (nesting)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from oidc.keys.algorithms import CONTENT_ENCRYPTIONS, ENCRYPTION_ALGORITHMS

ALLOWED = (*ENCRYPTION_ALGORITHMS, *CONTENT_ENCRYPTIONS)
JoseKey = RSAKey | ECKey


def encrypt(
    payload: str, key: object, *, alg: str, enc: str, kid: str = "", nested: bool = False
) -> str:
    """Return a compact JWE.

    `kid`: how the recipient finds the key. `nested`: the payload is a JWT itself.
    """
    header = {"alg": alg, "enc": enc}
    if kid:
        header["kid"] = kid
    if nested:
        header["cty"] = "JWT"
    return jwe.encrypt_compact(header, payload, jose_key(key), algorithms=ALLOWED)


def jose_key(key: object) -> JoseKey:
    """Return a key as the library wants it, without reading it again."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return RSAKey(key, key)
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return ECKey(key, key)
    raise TypeError(f"no key to encrypt to: {type(key).__name__}")
