"""Checks a password, and how often somebody may try.

Failures count by network, by what was typed and the network, by person and the network, and by
person. A browser that has signed this person in before has a count of its own instead, and so has a
session of theirs: no stranger locks somebody out of their own browser.

What counts by person would tell that a username and an address belong to one: beyond such a bound
the answer is that of a wrong password, after the same work. Only bounds that are the same for names
that nobody has are told.
"""

from __future__ import annotations

import ipaddress

import structlog
from allauth.account.adapter import get_adapter
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.known_browsers import find_mark
from accounts.limits import Limit
from accounts.models import User
from accounts.names import folded

_log = structlog.get_logger("gatehouse.log_in")

_FIVE_MINUTES, _DAY = 300, 24 * 3600

NETWORK = Limit("log-in-network", most=10, seconds=60)
"""Failures of one network, whoever is tried."""

NAME_SHORT = Limit("log-in-name", most=5, seconds=_FIVE_MINUTES)
NAME_LONG = Limit("log-in-name-day", most=20, seconds=_DAY)
"""Failures of one network with one name, as it was typed."""

PERSON_SHORT = Limit("log-in-person", most=5, seconds=_FIVE_MINUTES)
PERSON_LONG = Limit("log-in-person-day", most=20, seconds=_DAY)
"""Failures of one network with one person, by whatever name."""

PERSON = Limit("log-in-everywhere", most=100, seconds=3600)
"""Failures with one person from all networks. Larger: more guesses for whoever has many networks.
Smaller: fewer networks are needed to keep this person from signing in with a new browser."""

KNOWN_SHORT = Limit("log-in-known", most=5, seconds=_FIVE_MINUTES)
KNOWN_LONG = Limit("log-in-known-day", most=20, seconds=_DAY)
"""Failures of one browser with a person whom it has signed in before."""

_SITE_PREFIX, _SUBNET_PREFIX = 48, 64
"""Bits of an IPv6 address that one customer of a provider cannot choose, and of one subnet."""


class TooManyAttempts(Exception):
    """The bound is the same whether there is such a person or not, and may be told."""


class _Attempts:
    """The counts that one attempt has been added to, so that a right password is taken back."""

    def __init__(self) -> None:
        self._taken: list[tuple[Limit, tuple[str, ...]]] = []

    def take(self, *key: str, limits: tuple[Limit, ...]) -> bool:
        """Count until a bound is reached. What comes after it is not used up."""
        for limit in limits:
            if not limit.take(*key):
                _log.warning("log_in_limited", limit=limit.name)
                return False
            self._taken.append((limit, key))
        return True

    def take_back(self) -> None:
        for limit, key in self._taken:
            limit.give_back(*key)


def find_person(request: HttpRequest, login: str, password: str) -> User | None:
    """Return the person with this name and password, who may be switched off; None if wrong.

    Raises:
        TooManyAttempts: wait a while.
    """
    person = User.objects.find_by_login(login)
    attempts = _Attempts()
    mark = find_mark(request, person or User())
    if person is not None and mark is not None:
        may_try = True
        _require(attempts.take(str(person.pk), mark, limits=(KNOWN_SHORT, KNOWN_LONG)))
    else:
        may_try = _may_stranger_try(request, login, person, attempts)
    if person is None or not may_try:
        make_password(password)  # takes as long as checking one
        return None
    return _checked(person, password, attempts)


def is_persons_password(request: HttpRequest, person: User, password: str) -> bool:
    """Tell whether somebody who is signed in knows their password.

    Raises:
        TooManyAttempts: wait a while.
    """
    attempts = _Attempts()
    session = str(request.session.session_key)
    _require(attempts.take(str(person.pk), session, limits=(KNOWN_SHORT, KNOWN_LONG)))
    return _checked(person, password, attempts) is not None


def _may_stranger_try(
    request: HttpRequest, login: str, person: User | None, attempts: _Attempts
) -> bool:
    subnet, site = _network(request, _SUBNET_PREFIX), _network(request, _SITE_PREFIX)
    name = folded(login)
    who = str(person.pk) if person else f"nobody: {name}"
    _require(attempts.take(subnet, limits=(NETWORK,)))
    _require(attempts.take(name, site, limits=(NAME_SHORT, NAME_LONG)))
    return attempts.take(who, site, limits=(PERSON_SHORT, PERSON_LONG)) and attempts.take(
        who, limits=(PERSON,)
    )


def _checked(person: User, password: str, attempts: _Attempts) -> User | None:
    if not person.check_password(password):
        return None
    attempts.take_back()
    return person


def _require(is_within: bool) -> None:
    if not is_within:
        raise TooManyAttempts


def _network(request: HttpRequest, ipv6_prefix: int) -> str:
    address = str(get_adapter().get_client_ip(request))
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address
    prefix = ipv6_prefix if version == 6 else 32
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
