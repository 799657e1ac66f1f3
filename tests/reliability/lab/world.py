"""The people and the clients of a load."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.reliability.lab.history import History
from tests.support.relying_party import REDIRECT_URI
from tests.support.server import Installation, Person

PEOPLE_PER_SHARD = 1
_POPULATE = """
import json, uuid
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from redis.crc import key_slot
from accounts.models import User
from accounts.people import generate_password
from oidc.clients.service import create_client
from oidc.stores.buckets import bucket_of

def somebody_on(shard):
    while True:
        key = uuid.uuid4()
        if key_slot(bucket_of(str(key)).encode()) * {masters} // 16384 == shard:
            return key

call_command("migrate", verbosity=0)
password = generate_password()
hashed, people = make_password(password), []
for number in range({people}):
    person = User.objects.create(
        pk=somebody_on(number % {masters}), username=f"person-{{number}}", password=hashed
    )
    people.append({{"username": person.username, "password": password, "sub": str(person.pk)}})
clients = []
for profile, metadata in json.loads({clients!r}):
    created = create_client(profile, profile, metadata=metadata)
    clients.append([created.client.client_id, created.client_secret])
print(json.dumps([people, clients]))
"""


@dataclass(frozen=True)
class RegisteredClient:
    """A client's credentials."""

    client_id: str
    secret: str | None


@dataclass(frozen=True)
class World:
    """What all actors share: the servers, the clients, the history."""

    servers: tuple[str, ...]
    issuer: str
    people: tuple[Person, ...]
    web: RegisteredClient
    machine: RegisteredClient
    machine_key: Any
    history: History = field(default_factory=History)


def populate(
    installation: Installation, masters: int = 3, people_per_shard: int = PEOPLE_PER_SHARD
) -> World:
    """Make the database, with clients, and people on every shard of a fresh cluster.

    So a fault meets somebody wherever it strikes.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    jwks = {"keys": [jwk | {"kid": "machine", "use": "sig", "alg": "ES256"}]}
    clients = [
        ("web", {"redirect_uris": [REDIRECT_URI], "trusted": True}),
        ("machine", {"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}),
    ]
    people, credentials = installation.run(
        _POPULATE.format(
            masters=masters, people=masters * people_per_shard, clients=json.dumps(clients)
        )
    )
    web, machine = (RegisteredClient(*each) for each in credentials)
    return World(
        servers=(installation.issuer,),
        issuer=installation.issuer,
        people=tuple(Person(**each) for each in people),
        web=web,
        machine=machine,
        machine_key=key,
    )
