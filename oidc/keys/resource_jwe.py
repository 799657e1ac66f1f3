"""Encrypts access tokens for a resource server, in a way that we can open them again.

Userinfo, introspection and revocation are asked with what the client holds: the encrypted token.
So the content key is not drawn but made, from a key of ours and the token's own initialisation
vector, which is new for each. The resource server gets the content key as in any other JWE.

Spec: RFC 9068 section 4; RFC 7516; RFC 7518 sections 4.3, 4.6 and 5.3.
"""

from __future__ import annotations

import hmac
import json
import os
import struct
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from oidc.base64url import decode, encode
from oidc.compact_json import compact_json
from oidc.keys.derived import derived_keys

_PURPOSE = "access token encryption"
_KEY_BYTES = {"A128GCM": 16, "A256GCM": 32}
_WRAPPING_BYTES = {"ECDH-ES+A128KW": 16, "ECDH-ES+A256KW": 32}
_OAEP_HASHES = {"RSA-OAEP": SHA1, "RSA-OAEP-256": SHA256}
_IV_BYTES = 12
_TAG_BYTES = 16

RESOURCE_ENCRYPTION_ALGORITHMS = (*reversed(_OAEP_HASHES), *_WRAPPING_BYTES)
"""Those with a content key of its own: with ECDH-ES alone it would be the recipient's to make."""
RESOURCE_CONTENT_ENCRYPTIONS = tuple(_KEY_BYTES)
DEFAULT_RESOURCE_CONTENT_ENCRYPTION = "A128GCM"


class NotReadable(Exception):
    """Not encrypted by us, or changed since."""


def encrypt_for_resource(payload: str, key: Any, *, alg: str, enc: str, kid: str, typ: str) -> str:
    """Return a JWT nested in a compact JWE."""
    iv = os.urandom(_IV_BYTES)
    content_key = _content_key(derived_keys(_PURPOSE).current.key, enc, iv)
    header = {"alg": alg, "enc": enc, "typ": typ, "cty": "JWT"} | ({"kid": kid} if kid else {})
    encrypted_key, more = _encrypt_key(content_key, key, alg)
    protected = encode(compact_json(header | more))
    sealed = AESGCM(content_key).encrypt(iv, payload.encode(), protected)
    parts = (encrypted_key, iv, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:])
    return b".".join([protected, *map(encode, parts)]).decode()


def open_own(token: str) -> str:
    """Return the JWT in a token that `encrypt_for_resource` made. No I/O.

    Raises:
        NotReadable: we did not make it, or the secret key that it was made under is gone.
    """
    try:
        protected, _, iv, ciphertext, tag = token.encode("ascii").split(b".")
        enc = json.loads(decode(protected)).get("enc")
        vector, sealed = decode(iv), decode(ciphertext) + decode(tag)
    except (ValueError, AttributeError, RecursionError) as error:
        raise NotReadable("malformed") from error
    if enc not in _KEY_BYTES or len(vector) != _IV_BYTES:
        raise NotReadable("not of ours")
    for key in derived_keys(_PURPOSE).by_id.values():
        try:
            content_key = _content_key(key.key, enc, vector)
            return AESGCM(content_key).decrypt(vector, sealed, protected).decode()
        except InvalidTag:
            continue
    raise NotReadable("not of ours")


def _content_key(own_key: bytes, enc: str, iv: bytes) -> bytes:
    return hmac.digest(own_key, enc.encode() + iv, "sha256")[: _KEY_BYTES[enc]]


def _encrypt_key(content_key: bytes, key: Any, alg: str) -> tuple[bytes, dict[str, Any]]:
    """Return the content key for the recipient, and what the header has to say about it."""
    if alg in _WRAPPING_BYTES:
        return _wrap(content_key, key, alg)
    oaep_hash = _OAEP_HASHES[alg]
    oaep = padding.OAEP(padding.MGF1(oaep_hash()), oaep_hash(), label=None)
    return key.encrypt(content_key, oaep), {}


def _wrap(
    content_key: bytes, key: ec.EllipticCurvePublicKey, alg: str
) -> tuple[bytes, dict[str, Any]]:
    """Spec: RFC 7518 section 4.6, with key wrapping."""
    ephemeral = ec.generate_private_key(key.curve)
    length = _WRAPPING_BYTES[alg]
    other_info = b"".join(
        [_with_length(alg.encode()), _with_length(b""), _with_length(b""), _bits(length)]
    )
    shared = ephemeral.exchange(ec.ECDH(), key)
    wrapping_key = ConcatKDFHash(SHA256(), length, other_info).derive(shared)
    numbers = ephemeral.public_key().public_numbers()
    point = {name: encode(number.to_bytes(32, "big")).decode()
             for name, number in (("x", numbers.x), ("y", numbers.y))}  # fmt: skip
    return aes_key_wrap(wrapping_key, content_key), {"epk": {"kty": "EC", "crv": "P-256", **point}}


def _with_length(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _bits(length: int) -> bytes:
    return struct.pack(">I", length * 8)
