"""Whatever is sent, the answer is a registration or a clear refusal: never a failure."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oidc.clients.validation import COLUMNS
from oidc.clients.validation.members import ADDITIONAL
from oidc.registration.members import SPECIFIED
from tests.protocol.registering import GOOD, PATH, call, path_of
from tests.support.doors import Send

NAMES = st.sampled_from(
    sorted({*COLUMNS, *ADDITIONAL, *SPECIFIED, "application_type", "client_id", "client_secret"})
)
WORDS = st.sampled_from(
    ["none", "RS256", "HS256", "code", "id_token token", "web", "native", "openid", "pairwise",
     "authorization_code", "client_credentials", "private_key_jwt", "https://client.example/cb",
     "http://localhost:1/cb", "com.example.app:/cb", "https://[::1", "A128GCM", "RSA-OAEP-256"]
)  # fmt: skip
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | WORDS
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
# Nothing here is to make the server ask elsewhere.
METADATA = st.dictionaries(NAMES | st.text(), VALUES, max_size=6).filter(
    lambda members: not members.get("sector_identifier_uri")
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(METADATA)
def test_any_metadata_is_registered_or_refused(
    send: Send, open_registration: None, members: dict[str, Any]
) -> None:
    answer = call(send, "POST", PATH, {**GOOD, **members})
    described = answer.json()
    if answer.status == 201:
        assert not {"trusted", "profile", "require_pkce"} & described.keys()
        token = described["registration_access_token"]
        assert call(send, "GET", path_of(described), token=token).status == 200
        assert call(send, "DELETE", path_of(described), token=token).status == 204
        return
    assert answer.status == 400
    assert described["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert described["error_description"].isascii()
    assert described["error_description"].isprintable()
