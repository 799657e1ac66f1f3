"""Making, announcing, promoting and retiring keys. All state is in SQL."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.db import IntegrityError, transaction
from django.utils import timezone
from joserfc.jwk import JWKRegistry

from oidc.keys import algorithms, at_rest, retirement
from oidc.models import SigningKey


def ensure_signing_keys() -> None:
    """Make sure that every algorithm has a key in use. Harmless when several processes try."""
    signing = SigningKey.Status.SIGNING
    present = set(SigningKey.objects.filter(status=signing).values_list("algorithm", flat=True))
    for algorithm in algorithms.KEY_ALGORITHMS:
        if algorithm in present:
            continue
        key = new_signing_key(algorithm, signing)
        key.signing_since = timezone.now()
        try:
            with transaction.atomic():
                key.save(force_insert=True)
        except IntegrityError:  # another process was first
            continue


def generate_after_migrate(**_: object) -> None:
    """Generate the first keys with the first migration. Receives `post_migrate`."""
    ensure_signing_keys()


def new_signing_key(algorithm: str, status: SigningKey.Status) -> SigningKey:
    """Generate a key. Its `kid` is the JWK thumbprint (RFC 7638). Not saved yet."""
    private_key, jwk = _generate(algorithm)
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    kid = jwk.thumbprint()
    use = "enc" if algorithm in algorithms.ENCRYPTION_ALGORITHMS else "sig"
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk=jwk.as_dict(private=False, kid=kid, use=use, alg=algorithm),
        private_key_encrypted=at_rest.encrypt(der),
        status=status,
    )


def _generate(algorithm: str) -> tuple[algorithms.PrivateKey, Any]:
    """Generate a key, and its public JWK. An id that begins with a dash is none to be typed:
    `keys retire` would take it for an option."""
    while True:
        private_key = algorithms.generate(algorithm)
        public_key = private_key.public_key()
        pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        jwk = JWKRegistry.import_key(pem, algorithms.key_type(algorithm))
        if not jwk.thumbprint().startswith("-"):
            return private_key, jwk


def private_key_of(key: SigningKey) -> algorithms.PrivateKey:
    """Decrypt a key's private part.

    Raises:
        CannotDecrypt: no secret key fits.
    """
    der = at_rest.decrypt(key.private_key_encrypted)
    return load_der_private_key(der, password=None)  # type: ignore[return-value]


def announce(algorithm: str) -> SigningKey:
    """Publish a new key that does not sign yet, so that everybody learns of it first."""
    key = new_signing_key(algorithm, SigningKey.Status.ANNOUNCED)
    key.save(force_insert=True)
    return key


def promote(key: SigningKey) -> None:
    """Let an announced key sign; the one that signed until now retires."""
    with transaction.atomic():
        _retire(SigningKey.objects.filter(algorithm=key.algorithm))
        key.status = SigningKey.Status.SIGNING
        key.signing_since = timezone.now()
        key.save()


def retire(key: SigningKey) -> None:
    """Take a key out of signing at once. Its successor is generated on the spot if none waits."""
    with transaction.atomic():
        waiting = (
            SigningKey.objects.filter(algorithm=key.algorithm, status=SigningKey.Status.ANNOUNCED)
            .exclude(pk=key.pk)
            .first()
        )
        was_signing = key.status == SigningKey.Status.SIGNING
        key.status = SigningKey.Status.RETIRED
        key.retired_at = timezone.now()
        key.save()
        if was_signing and waiting:
            promote(waiting)
    ensure_signing_keys()


def revoke(key: SigningKey) -> None:
    """Forget a key that somebody else may have: nothing it has signed, or will sign, counts."""
    with transaction.atomic():
        retire(key)
        key.delete()


def forget_retired_keys() -> int:
    """Delete keys that nobody needs any more. Returns how many."""
    now = timezone.now()
    retired = SigningKey.objects.filter(status=SigningKey.Status.RETIRED)
    over = [key.pk for key in retired if not retirement.is_needed(key, now)]
    return retired.filter(pk__in=over).delete()[0]


def _retire(keys: object) -> None:
    keys.filter(status=SigningKey.Status.SIGNING).update(  # type: ignore[attr-defined]
        status=SigningKey.Status.RETIRED, retired_at=timezone.now()
    )
