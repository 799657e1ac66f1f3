"""RFC 7591 sections 2 and 3.2.2: metadata that is registered, and metadata that is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc.clients.profiles import PROFILES
from oidc.clients.service import validate_new_client
from oidc.clients.validation import InvalidClientMetadata
from oidc.clients.validation.addresses import DANGEROUS_SCHEMES
from tests.clients.keys_for_tests import private_jwk, public_jwk

REDIRECT_URI = "https://app.example/cb"
TWO_KEYS = [public_jwk("ES256", kid="a"), public_jwk("RS256", kid="b")]


def validated(profile: str = "web", **metadata: Any) -> dict[str, Any]:
    """Validate a client of this kind, with what it needs and what is given."""
    needed = {"redirect_uris": [REDIRECT_URI]} if PROFILES[profile].has_people else {}
    return validate_new_client("App", profile, {**needed, **metadata})


def refused(profile: str = "web", **metadata: Any) -> set[str]:
    """Return the members that are at fault."""
    with pytest.raises(InvalidClientMetadata) as caught:
        validated(profile, **metadata)
    assert caught.value.status_code == 400
    return {problem.member for problem in caught.value.problems}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_valid_as_preset(profile: str) -> None:
    assert validated(profile)["profile"] == profile


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("client_name", ""),
        ("client_name", "   "),
        ("client_name", None),
        ("client_name", 7),
        ("client_name", "a" * 201),
        ("client_name", "App\r\nX: y"),
        ("client_name", "App\x00"),
        ("client_name", "knaB\u202e"),
        ("client_name", "\ud800"),
        ("client_name", "Bank\u200e"),
        ("client_name", "\u061cBank"),
        ("client_name", "Ba\u200bnk"),
        ("client_name", "Ba\u00adnk"),
        ("client_name", "\u2067Bank\u2069"),
        ("client_name", "\u200d\u200c"),
        ("client_name", "\u3164"),
        ("client_name", "\u2800 \u00a0"),
        ("client_name", "\u0301"),
        ("client_name#de", "\u3164"),
        ("software_id", "a\u200f"),
        ("redirect_uris", "https://app.example/cb"),
        ("redirect_uris", {}),
        ("redirect_uris", [REDIRECT_URI, "http://app.example/cb"]),
        ("redirect_uris", [f"https://app.example/{number}" for number in range(101)]),
        ("post_logout_redirect_uris", ["https://app.example/#x"]),
        ("backchannel_logout_uri", "http://app.example/logout"),
        ("backchannel_logout_uri", "https://app.example/logout#x"),
        ("frontchannel_logout_uri", "javascript:alert(1)"),
        ("token_endpoint_auth_method", "tls_client_auth"),
        ("token_endpoint_auth_method", "tls_client_auth"),
        ("token_endpoint_auth_method", None),
        ("token_endpoint_auth_signing_alg", "HS256"),
        ("token_endpoint_auth_signing_alg", "none"),
        ("jwks", []),
        ("jwks", {"keys": []}),
        ("jwks", {"keys": "k"}),
        ("jwks", {"keys": [private_jwk("ES256")]}),
        ("jwks", {"keys": [public_jwk("ES256"), public_jwk("RS256")]}),
        ("jwks", {"keys": [public_jwk("ES256", kid="a"), public_jwk("RS256", kid="a")]}),
        ("jwks", {"keys": [public_jwk("ES256", kid="a"), public_jwk("RS256")]}),
        ("jwks", {"keys": [public_jwk("ES256")], "note": float("nan")}),
        ("jwks", {"keys": [public_jwk("ES256")], "note": "\x00"}),
        ("jwks", {"keys": [public_jwk("ES256")], "note": "\ud800"}),
        ("jwks", {"keys": [public_jwk("ES256")], "note": "a" * 32_768}),
        ("jwks", {"keys": [public_jwk("ES256", kid=str(n)) for n in range(21)]}),
        ("jwks_uri", "http://app.example/jwks.json"),
        ("jwks_uri", "file:///etc/passwd"),
        ("grant_types", ["password"]),
        ("grant_types", ["password", "implicit"]),
        ("grant_types", "authorization_code"),
        ("grant_types", [["authorization_code"]]),
        ("response_types", ["token"]),
        ("scope", ["openid"]),
        ("scope", 'openid "profile"'),
        ("scope", "openid b\\c"),
        ("scope", "openid ümlaut"),
        ("scope", " ".join(f"scope{number}" for number in range(101))),
        ("id_token_signed_response_alg", "none"),
        ("id_token_signed_response_alg", "HS384"),
        ("id_token_signed_response_alg", ""),
        ("default_max_age", -1),
        ("default_max_age", "60"),
        ("default_max_age", True),
        ("default_max_age", 1.5),
        ("client_uri", "javascript:alert(1)"),
        ("logo_uri", "data:image/png;base64,AA=="),
        ("policy_uri", "app.example/policy"),
        ("tos_uri", "ftp://app.example/tos"),
        ("tos_uri", "https://app.example/" + "a" * 2000),
        ("require_pkce", "false"),
        ("rotate_refresh_tokens", 1),
        ("trusted", None),
        ("access_token_lifetime_seconds", 29),
        ("access_token_lifetime_seconds", 86_401),
        ("access_token_lifetime_seconds", False),
        ("access_token_audience", ["two words"]),
        ("introspection_audience", [""]),
        ("contacts", "ops@example.com"),
        ("initiate_login_uri", "http://app.example/start"),
        ("initiate_login_uri", "http://localhost:3000/start"),
        ("subject_type", "private"),
        ("client_name#de", ""),
        ("logo_uri#de", "javascript:alert(1)"),
        ("client_id", "mine"),
        ("client_secret", "mine"),
        ("require_signed_request_object", True),
        ("redirect_uri", REDIRECT_URI),
        ("client_name#", "App"),
        ("scope#de", "openid"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_value_is_refused_at_its_member(member: str, value: Any) -> None:
    assert refused(**{member: value}) == {member}


@pytest.mark.parametrize(
    ("member", "value", "kept"),
    [
        ("client_name", "  Büro 7 🏢 ", "Büro 7 🏢"),
        ("client_name", "\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("client_name", "👩\u200d💻", "👩\u200d💻"),
        ("client_name", "™", "™"),
        ("redirect_uris", [REDIRECT_URI, REDIRECT_URI], [REDIRECT_URI]),
        ("scope", " openid  email openid ", "openid email"),
        ("scope", "", ""),
        ("jwks", {"keys": TWO_KEYS, "other": 1}, {"keys": TWO_KEYS}),
        ("jwks", {"keys": [public_jwk("EdDSA")]}, {"keys": [public_jwk("EdDSA")]}),
        ("jwks", None, None),
        ("jwks_uri", "https://app.example/jwks.json", "https://app.example/jwks.json"),
        ("id_token_signed_response_alg", "ES256", "ES256"),
        ("default_max_age", 0, 0),
        ("access_token_lifetime_seconds", 30, 30),
        ("access_token_audience", ["https://api.example/"], ["https://api.example/"]),
        ("backchannel_logout_uri", "http://localhost:1/out", "http://localhost:1/out"),
        ("frontchannel_logout_uri", "https://app.example/out", "https://app.example/out"),
        ("logo_uri", "http://cdn.example/logo.png", "http://cdn.example/logo.png"),
        ("contacts", ["ops@example.com"], ["ops@example.com"]),
        ("client_name#ja-Hani-JP", "アプリ", "アプリ"),
        ("subject_type", "public", "public"),
        ("initiate_login_uri", "https://app.example/start", "https://app.example/start"),
        ("grant_types", ["authorization_code"], ["authorization_code"]),
        (
            "grant_types",
            ["client_credentials", "authorization_code"],
            ["client_credentials", "authorization_code"],
        ),
    ],
)
def test_a_good_value_is_kept_in_canonical_form(member: str, value: Any, kept: Any) -> None:
    assert validated(**{member: value})[member] == kept


@pytest.mark.parametrize(
    ("profile", "metadata", "at_fault"),
    [
        ("web", {"redirect_uris": []}, {"redirect_uris"}),
        ("web", {"grant_types": []}, {"grant_types", "response_types"}),
        ("web", {"grant_types": ["client_credentials"]}, {"grant_types", "response_types"}),
        ("web", {"grant_types": ["refresh_token"]}, {"grant_types", "response_types"}),
        ("web", {"response_types": []}, {"response_types", "grant_types"}),
        ("web", {"token_endpoint_auth_method": "none"}, {"token_endpoint_auth_method"}),
        ("web", {"token_endpoint_auth_method": "private_key_jwt"}, {"jwks"}),
        (
            "web",
            {"jwks": {"keys": TWO_KEYS}, "jwks_uri": "https://app.example/jwks"},
            {"jwks"},
        ),
        (
            "web",
            {"token_endpoint_auth_signing_alg": "ES256"},
            {"token_endpoint_auth_signing_alg"},
        ),
        ("web", {"require_pkce": False}, {"require_pkce"}),
        (
            "web",
            {"frontchannel_logout_uri": "https://other.example/out"},
            {"frontchannel_logout_uri"},
        ),
        ("spa", {"require_pkce": False}, {"require_pkce"}),
        ("spa", {"rotate_refresh_tokens": False}, {"rotate_refresh_tokens"}),
        ("spa", {"grant_types": ["authorization_code", "client_credentials"]}, {"grant_types"}),
        (
            "spa",
            {"token_endpoint_auth_method": "client_secret_basic"},
            {"token_endpoint_auth_method"},
        ),
        ("spa", {"redirect_uris": ["com.example.app:/cb"]}, {"redirect_uris"}),
        ("machine", {"redirect_uris": [REDIRECT_URI]}, {"redirect_uris"}),
        ("machine", {"scope": "openid api"}, {"scope"}),
        ("machine", {"scope": "offline_access"}, {"scope"}),
        ("machine", {"response_types": ["code"]}, {"response_types"}),
        ("machine", {"grant_types": ["client_credentials", "refresh_token"]}, {"grant_types"}),
        (
            "machine",
            {"token_endpoint_auth_method": "none"},
            {"token_endpoint_auth_method", "grant_types"},
        ),
        (
            "oidc-compat",
            {"token_endpoint_auth_method": "none", "require_pkce": False},
            {"require_pkce"},
        ),
    ],
    # Names only: values and their order differ between the processes of pytest-xdist.
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value)),
)
def test_members_that_do_not_fit_together(
    profile: str, metadata: dict[str, Any], at_fault: set[str]
) -> None:
    assert refused(profile, **metadata) == at_fault


def test_keys_that_are_nested_without_end_are_refused() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert refused(jwks={"keys": [public_jwk("ES256")], "note": nested}) == {"jwks"}


def test_private_key_jwt_takes_keys_or_their_address() -> None:
    method = {"token_endpoint_auth_method": "private_key_jwt"}
    assert validated(**method, jwks={"keys": TWO_KEYS})["jwks"]
    assert validated(**method, jwks_uri="https://app.example/jwks")["jwks_uri"]
    alg = "token_endpoint_auth_signing_alg"
    assert validated(**method, jwks={"keys": TWO_KEYS}, **{alg: "ES256"})[alg] == "ES256"


def test_oidc_compat_may_go_without_pkce_and_a_public_client_never() -> None:
    assert validated("oidc-compat")["require_pkce"] is False
    assert validated("oidc-compat", token_endpoint_auth_method="none")["require_pkce"] is True


def test_native_apps_have_schemes_of_their_own_for_signing_out_too() -> None:
    uris = ["com.example.app:/out"]
    assert validated("native", post_logout_redirect_uris=uris)["post_logout_redirect_uris"] == uris
    assert refused("web", post_logout_redirect_uris=uris) == {"post_logout_redirect_uris"}


def test_an_unknown_profile() -> None:
    with pytest.raises(InvalidClientMetadata) as caught:
        validate_new_client("App", "desktop", {})
    assert [problem.member for problem in caught.value.problems] == ["profile"]
    assert refused(profile="web", redirect_uris=[], scope='"') == {"scope"}


def test_all_bad_values_are_told_at_once() -> None:
    assert refused(redirect_uris=["x"], scope='"', tos_uri="x") == {
        "redirect_uris",
        "scope",
        "tos_uri",
    }


def test_rfc7591_3_2_2_the_error_code_names_redirect_uris() -> None:
    with pytest.raises(InvalidClientMetadata) as caught:
        validated(redirect_uris=["https://app.example/cb", "javascript:alert(1)"])
    assert caught.value.error == "invalid_redirect_uri"
    assert caught.value.description.startswith("redirect_uris: Entry 2: ")
    with pytest.raises(InvalidClientMetadata) as caught:
        validated(scope='"')
    assert caught.value.error == "invalid_client_metadata"


P384 = {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64, "kid": "a"}


def test_rfc7517_5_unknown_keys_are_kept_and_do_not_count() -> None:
    known = public_jwk("RS256")  # no kid: among the known ones it is alone
    keys = {"keys": [P384, known, P384]}
    assert validated(token_endpoint_auth_method="private_key_jwt", jwks=keys)["jwks"] == keys
    assert validated(jwks=keys, id_token_encrypted_response_alg="RSA-OAEP")["jwks"] == keys
    assert refused(jwks={"keys": [P384]}) == {"jwks"}
    for_encryption = {"keys": [P384, public_jwk("RS256", use="enc", kid="b")]}
    assert validated(jwks=for_encryption)["jwks"]
    assert refused(token_endpoint_auth_method="private_key_jwt", jwks=for_encryption) == {"jwks"}


def test_every_address_at_fault_is_told_of_at_once() -> None:
    bad = ["javascript:x", REDIRECT_URI, "http://app.example/cb", "data:x", "https://app.example/#"]
    with pytest.raises(InvalidClientMetadata) as caught:
        validated(redirect_uris=bad, post_logout_redirect_uris=["x"], tos_uri="y")
    positions = [
        (problem.member, problem.message.partition(":")[0]) for problem in caught.value.problems
    ]
    assert positions == [
        ("redirect_uris", "Entries 1 and 4"),
        ("redirect_uris", "Entry 3"),
        ("redirect_uris", "Entry 5"),
        ("post_logout_redirect_uris", "Entry 1"),
        ("tos_uri", "Must be complete"),
    ]
    for problem in caught.value.problems:
        assert str(problem) in caught.value.description
    assert not any(uri in caught.value.description for uri in bad)


# --- Addresses that an admin allows -------------------------------------------------------------


@pytest.mark.parametrize("profile", ["web", "spa", "native", "agent", "oidc-compat"])
@pytest.mark.parametrize("uri", ["cursor://app.name/cb", "cursor:/cb", "com.example.app:/cb"])
def test_an_admin_allows_schemes_by_name(profile: str, uri: str) -> None:
    scheme = uri.partition(":")[0]
    both = [REDIRECT_URI, uri]
    kept = validated(profile, redirect_uris=both, private_use_schemes=[scheme])
    assert kept["redirect_uris"] == both
    assert validated(
        profile, post_logout_redirect_uris=[uri], private_use_schemes=["other", scheme]
    )
    assert refused(profile, redirect_uris=["cursors:/cb"], private_use_schemes=["cursor"])
    if profile != "native" or "." not in scheme:
        assert refused(profile, redirect_uris=both, private_use_schemes=["other"])


@pytest.mark.parametrize(
    "scheme", [*sorted(DANGEROUS_SCHEMES), "https", "http", "Cursor", "cur sor", "cursor:", "", 7]
)
def test_what_no_admin_can_allow(scheme: Any) -> None:
    assert "private_use_schemes" in refused(private_use_schemes=[scheme])
    if scheme not in ("https", "http"):
        assert "redirect_uris" in refused(
            redirect_uris=[f"{scheme}:/cb"], private_use_schemes=[scheme]
        )


def test_a_native_app_may_have_a_secret_of_each_installation() -> None:
    """RFC 8252 section 8.5."""
    for method in ("client_secret_basic", "client_secret_post"):
        made = validated("native", token_endpoint_auth_method=method)
        assert made["require_pkce"]
    assert refused("native", require_pkce=False, token_endpoint_auth_method="client_secret_basic")
    assert validated("native")["token_endpoint_auth_method"] == "none"


def test_core_8_1_an_apps_own_scheme_leads_into_no_sector() -> None:
    """Its host is made up, and would be the sector of somebody's site."""
    pairwise = {"subject_type": "pairwise", "private_use_schemes": ["app"]}
    for uris in (["app://bank.example/cb"], [REDIRECT_URI, "app://app.example/cb"]):
        assert refused(redirect_uris=uris, **pairwise) == {"sector_identifier_uri"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
MEMBERS = st.sampled_from([*validate_new_client("App", "machine", {}), "contacts", "x"]) | st.text()


@given(st.dictionaries(MEMBERS, JSON, max_size=4), st.sampled_from(list(PROFILES)))
def test_any_json_is_registered_or_refused_without_an_echo(
    metadata: dict[str, Any], profile: str
) -> None:
    """RFC 6749 section 5.2: an error's description is printable ASCII without quotes."""
    metadata.pop("profile", None)
    try:
        validate_new_client("App", profile, metadata)
    except InvalidClientMetadata as error:
        assert error.description.isascii() and error.description.isprintable()
        assert not set('"\\') & set(error.description)
        for member in metadata:
            known = member in {problem.member for problem in error.problems if problem.is_known}
            assert known or len(member) < 12 or member not in error.description
