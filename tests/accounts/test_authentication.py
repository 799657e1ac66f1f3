"""auth_time, amr and acr. Specs: OpenID Connect Core 1.0 section 2; RFC 8176."""

from __future__ import annotations

import pytest

from accounts.authentication import (
    ACR_MFA,
    ACR_PASSWORD,
    AuthenticationContext,
    authentication_context,
    reported_acr,
    satisfies,
)

USER = "0f0e1c5e-58b0-4d7a-9a3e-0a3d2c1b0a99"
PASSWORD_STEP = {"method": "password", "at": 1000.25, "username": "alice"}
TOTP_STEP = {"method": "mfa", "at": 1010.5, "type": "totp", "id": 1}
SECURITY_KEY_STEP = {"method": "mfa", "at": 1010.5, "type": "webauthn", "id": 2}
PASSKEY_STEP = {"method": "mfa", "at": 1010.5, "type": "webauthn", "id": 2, "passwordless": True}


def members(*records: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "_auth_user_id": USER,
        "account_authentication_methods": list(records),
        "account_authentication_methods_user": USER,
        "sid": "the-sid",
        **more,
    }


def test_password() -> None:
    assert authentication_context(members(PASSWORD_STEP)) == AuthenticationContext(
        user_id=USER, sid="the-sid", auth_time=1000.25, amr=("pwd",), acr=ACR_PASSWORD
    )


@pytest.mark.parametrize(
    ("steps", "amr", "acr"),
    [
        ([PASSWORD_STEP, TOTP_STEP], ("pwd", "otp", "mfa"), ACR_MFA),
        (
            [PASSWORD_STEP, {**TOTP_STEP, "type": "recovery_codes"}],
            ("pwd", "otp", "mfa"),
            ACR_MFA,
        ),
        ([PASSWORD_STEP, SECURITY_KEY_STEP], ("pwd", "pop", "mfa"), ACR_MFA),
        ([PASSKEY_STEP], ("pop", "mfa"), ACR_MFA),
        ([SECURITY_KEY_STEP], ("pop",), ACR_PASSWORD),
        ([PASSWORD_STEP, {"method": "code", "at": 1.0}], ("pwd", "otp"), ACR_PASSWORD),
        ([PASSWORD_STEP, PASSWORD_STEP], ("pwd",), ACR_PASSWORD),
        ([{"method": "carrier-pigeon", "at": 1.0}], (), ACR_PASSWORD),
    ],
)
def test_amr_and_acr(steps: list[dict[str, object]], amr: tuple[str, ...], acr: str) -> None:
    context = authentication_context(members(*steps))
    assert context is not None
    assert (context.amr, context.acr) == (amr, acr)


def test_auth_time_is_the_last_step() -> None:
    again = {"method": "password", "at": 2000.75, "reauthenticated": True}
    context = authentication_context(members(PASSWORD_STEP, again, signed_in_at=1.0))
    assert context is not None
    assert context.auth_time == 2000.75


def test_without_records_the_time_of_signing_in_counts() -> None:
    context = authentication_context(members(signed_in_at=1234.5))
    assert context == AuthenticationContext(
        user_id=USER, sid="the-sid", auth_time=1234.5, amr=("pwd",), acr=ACR_PASSWORD
    )


def test_records_of_somebody_else_count_for_nothing() -> None:
    foreign = {**members(PASSWORD_STEP, TOTP_STEP), "account_authentication_methods_user": "other"}
    assert authentication_context(foreign) is None
    context = authentication_context({**foreign, "signed_in_at": 5.0})
    assert context is not None
    assert (context.auth_time, context.acr) == (5.0, ACR_PASSWORD)


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"_auth_user_id": 5},
        members(),
        members({"method": "password", "at": "yesterday"}),
        members({"method": "password"}),
        {"_auth_user_id": USER, "account_authentication_methods": "x", "signed_in_at": None},
    ],
)
def test_nobody_is_signed_in(strange: dict[str, object]) -> None:
    assert authentication_context(strange) is None


def test_a_missing_sid_is_empty() -> None:
    context = authentication_context({**members(PASSWORD_STEP), "sid": None})
    assert context is not None
    assert context.sid == ""


@pytest.mark.parametrize(
    ("acr", "requested", "enough"),
    [
        (ACR_PASSWORD, ACR_PASSWORD, True),
        (ACR_MFA, ACR_PASSWORD, True),
        (ACR_MFA, ACR_MFA, True),
        (ACR_PASSWORD, ACR_MFA, False),
        (ACR_MFA, "urn:somebody:else", False),
        ("urn:somebody:else", ACR_PASSWORD, False),
    ],
)
def test_a_stronger_acr_satisfies_a_weaker_request(acr: str, requested: str, enough: bool) -> None:
    assert satisfies(acr, requested) is enough


@pytest.mark.parametrize(
    ("acr", "acr_values", "reported"),
    [
        (ACR_PASSWORD, [], ACR_PASSWORD),
        (ACR_PASSWORD, [ACR_MFA, ACR_PASSWORD], ACR_PASSWORD),
        (ACR_PASSWORD, [ACR_MFA], ACR_PASSWORD),
        (ACR_PASSWORD, ["1", "2"], ACR_PASSWORD),
        (ACR_MFA, [ACR_PASSWORD], ACR_PASSWORD),
        (ACR_MFA, [ACR_PASSWORD, ACR_MFA], ACR_PASSWORD),
        (ACR_MFA, ["1", ACR_MFA, ACR_PASSWORD], ACR_MFA),
        (ACR_MFA, ["1"], ACR_MFA),
    ],
)
def test_core_3_1_2_1_the_preferred_acr_that_was_satisfied_is_reported(
    acr: str, acr_values: list[str], reported: str
) -> None:
    assert reported_acr(acr, acr_values) == reported
