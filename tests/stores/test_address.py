"""`REDIS_URL` taken apart."""

from __future__ import annotations

import pytest

from oidc.stores.redis.address import parse_address


def test_one_seed_has_the_usual_port() -> None:
    address = parse_address("redis://redis.internal")
    assert address.seeds == (("redis.internal", 6379),)
    assert address.options == {}


def test_several_seeds_share_user_password_and_tls() -> None:
    address = parse_address(
        "rediss://user:p%2Cw%40@one:7000?ssl_ca_certs=/ca.pem&ssl_check_hostname=false, two:7001"
    )
    assert address.seeds == (("one", 7000), ("two", 7001))
    assert address.options == {
        "username": "user",
        "password": "p,w@",
        "ssl": True,
        "ssl_ca_certs": "/ca.pem",
        "ssl_check_hostname": False,
    }


@pytest.mark.parametrize(
    "url", ["", " , ", "http://one", "redis://", "redis://user:secret@one/3", "unix:///secret.sock"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^((?!secret).)*$"):
        parse_address(url)


@pytest.mark.parametrize("option", ["read_from_replicas=true", "ssl_cert_reqs=whatever"])
def test_an_option_that_no_connection_can_have_is_refused_before_one_is_needed(option: str) -> None:
    with pytest.raises(ValueError, match=r"an option is unknown or wrong: ((?!secret).)*$"):
        parse_address(f"rediss://user:secret@one?{option}")
