"""Guessing is slow, whoever guesses, and locks nobody out of a browser of their own.

Spec: OWASP ASVS 5.0 section 6.3.1 (guessing, without locking people out).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.test import Client

from accounts import log_in
from accounts.known_browsers import LIFETIME_SECONDS, MOST_PEOPLE
from accounts.limits import Limit
from accounts.models import User
from accounts.people import create_person

from .conftest import PASSWORD

COOKIE = django_settings.KNOWN_BROWSER_COOKIE_NAME


@pytest.fixture(autouse=True)
def limits(settings: LazySettings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def address() -> str:
    """In a network of this test's own: the limits count by it, and live in the shared cluster."""
    return new_address()


def new_address() -> str:
    """Return an address in a /48 that nothing has come from yet."""
    groups = uuid.uuid4().hex
    return f"fd{groups[:2]}:{groups[2:6]}:{groups[6:10]}:1::1"


@pytest.fixture
def alice(db: None) -> User:
    """Nobody has tried her name yet."""
    name = f"alice-{uuid.uuid4().hex}"
    return create_person(name, f"{name}@example.org", password=PASSWORD)[0]


def guess(client: Client, address: str, login: str, password: str = "wrong") -> object:
    return client.post(
        "/accounts/login/", {"login": login, "password": password}, REMOTE_ADDR=address
    )


def test_five_wrong_passwords_close_a_name_for_a_while(
    client: Client, db: None, address: str
) -> None:
    name = f"alice-{uuid.uuid4().hex}"
    User.objects.create_user(name, password=PASSWORD)
    for _ in range(5):
        assert "is incorrect" in guess(client, address, name).content.decode()

    response = guess(client, address, name, PASSWORD)

    assert response.status_code == 200
    assert "Too many attempts" in response.content.decode()


def test_a_name_that_nobody_has_closes_just_the_same(
    client: Client, db: None, address: str
) -> None:
    name = f"nobody-{uuid.uuid4().hex}"
    for _ in range(5):
        assert "is incorrect" in guess(client, address, name).content.decode()
    assert "Too many attempts" in guess(client, address, name).content.decode()


WRONG, LATER, IN = "is incorrect", "Too many attempts", "signed in"


def tell(answer: object) -> str:
    """Return what a log-in led to."""
    if answer.status_code == 302:
        return IN
    text = answer.content.decode()
    [result] = [result for result in (WRONG, LATER) if result in text]
    return result


def test_a_stranger_elsewhere_locks_nobody_out(alice: User, address: str) -> None:
    for _ in range(6):
        guess(Client(), address, alice.username)
    assert tell(guess(Client(), new_address(), alice.username, PASSWORD)) == IN


def test_other_subnets_of_one_network_are_the_same_stranger(alice: User, address: str) -> None:
    """Every home has 256 or more of them."""
    for number in range(5):
        assert (
            tell(guess(Client(), address.replace(":1::", f":{number}::"), alice.username)) == WRONG
        )
    assert tell(guess(Client(), address.replace(":1::", ":f::"), alice.username)) == LATER


def test_username_and_address_have_one_budget(alice: User, address: str) -> None:
    names = [alice.username, alice.email, alice.username.upper(), alice.email, alice.username]
    for name in names:
        assert tell(guess(Client(), address, name)) == WRONG
    for name in (alice.username, alice.email):
        assert tell(guess(Client(), address, name, PASSWORD)) != IN


def test_no_bound_tells_that_a_username_and_an_address_belong_together(
    alice: User, address: str
) -> None:
    def answers(name: str, email: str, address: str) -> list[str]:
        return [
            tell(guess(Client(), address, login)) for login in 3 * [name] + 4 * [email] + 3 * [name]
        ]

    nobody = f"nobody-{uuid.uuid4().hex}"
    real = answers(alice.username, alice.email, address)
    assert real == answers(nobody, f"{nobody}@example.org", new_address())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """The bound for one person from all networks, low enough for a test."""
    most = 7
    monkeypatch.setattr(log_in, "PERSON", Limit(f"few-{uuid.uuid4().hex}", most, 3600))
    return most


def guess_from_everywhere(login: str, times: int) -> list[str]:
    return [tell(guess(Client(), new_address(), login)) for _ in range(times)]


def test_guessing_from_everywhere_has_a_bound_too(alice: User, few: int) -> None:
    guess_from_everywhere(alice.username, few)
    assert tell(guess(Client(), new_address(), alice.username, PASSWORD)) == WRONG
    assert tell(guess(Client(), new_address(), alice.email, PASSWORD)) == WRONG


def test_one_network_alone_does_not_reach_it(alice: User, few: int, address: str) -> None:
    for _ in range(few + 3):
        guess(Client(), address, alice.username)
    assert tell(guess(Client(), new_address(), alice.username, PASSWORD)) == IN


def test_names_that_nobody_has_look_the_same_from_everywhere(alice: User, few: int) -> None:
    nobody = f"nobody-{uuid.uuid4().hex}"
    assert guess_from_everywhere(alice.username, few + 3) == guess_from_everywhere(nobody, few + 3)


def test_right_passwords_count_for_nothing(alice: User, few: int) -> None:
    for _ in range(few + 3):
        assert tell(guess(Client(), new_address(), alice.username, PASSWORD)) == IN


def test_callers_in_parallel_pass_no_bound_together() -> None:
    limit = Limit(f"parallel-{uuid.uuid4().hex}", most=5, seconds=60)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limit.take("key"), range(40)))
    assert taken.count(True) == 5


def test_only_what_happened_is_counted() -> None:
    limit = Limit(f"one-{uuid.uuid4().hex}", most=1, seconds=60)
    assert (limit.take("key"), limit.take("key")) == (True, False)
    limit.give_back("key")
    assert limit.take("key"), "neither what was refused nor what was taken back is counted"
    limit.give_back("another key")  # of a window that has ended


class TestABrowserThatHasSignedThisPersonIn:
    @pytest.fixture
    def browser(self, alice: User, few: int) -> Iterator[Client]:
        """Alice's, signed out, and hit by the bound of everywhere and of its own network."""
        browser = Client()
        address = new_address()
        browser.defaults["REMOTE_ADDR"] = address
        assert tell(guess(browser, address, alice.username, PASSWORD)) == IN
        browser.post("/accounts/logout/")
        guess_from_everywhere(alice.username, few)
        for _ in range(6):
            guess(Client(), address, alice.username)
        assert tell(guess(Client(), address, alice.username, PASSWORD)) == LATER
        yield browser

    def log_in(self, browser: Client, login: str, password: str = PASSWORD) -> str:
        return tell(browser.post("/accounts/login/", {"login": login, "password": password}))

    def test_signs_them_in_still(self, browser: Client, alice: User) -> None:
        assert self.log_in(browser, alice.username) == IN

    def test_by_their_address_too(self, browser: Client, alice: User) -> None:
        assert self.log_in(browser, alice.email) == IN

    def test_may_not_guess_much_itself(self, browser: Client, alice: User) -> None:
        for _ in range(5):
            assert self.log_in(browser, alice.username, "wrong") == WRONG
        assert self.log_in(browser, alice.username) == LATER

    def test_is_a_stranger_after_a_new_password(self, browser: Client, alice: User) -> None:
        alice.set_password(PASSWORD + "!")
        alice.save()
        assert self.log_in(browser, alice.username, PASSWORD + "!") == LATER

    def test_is_a_stranger_half_a_year_later(self, browser: Client, alice: User) -> None:
        with time_machine.travel(time.time() + LIFETIME_SECONDS + 1):
            assert self.log_in(browser, alice.username) == LATER

    def test_is_a_stranger_to_others(self, browser: Client, alice: User) -> None:
        other = create_person(f"bob-{uuid.uuid4().hex}", password=PASSWORD)[0]
        guess_from_everywhere(other.username, log_in.PERSON.most)
        assert self.log_in(browser, other.username) == WRONG

    def test_the_cookie_tells_nobody_who_that_was(self, browser: Client, alice: User) -> None:
        cookie = browser.cookies[COOKIE]
        assert cookie["httponly"]
        assert alice.username not in cookie.value
        assert str(alice.pk) not in cookie.value
        assert alice.pk.hex not in cookie.value

    @pytest.mark.parametrize("change", [str.swapcase, lambda text: text[:-4], lambda _: "é" * 40])
    def test_a_changed_cookie_is_none(self, browser: Client, alice: User, change: object) -> None:
        browser.cookies[COOKIE] = change(browser.cookies[COOKIE].value)
        assert self.log_in(browser, alice.username) == LATER

    def test_a_former_secret_key_still_counts(
        self, browser: Client, alice: User, settings: LazySettings
    ) -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-key-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
        assert self.log_in(browser, alice.username) == IN

    def test_it_remembers_the_last_few_people(self, browser: Client, alice: User) -> None:
        for _ in range(MOST_PEOPLE):
            other = create_person(f"bob-{uuid.uuid4().hex}", password=PASSWORD)[0]
            browser.defaults["REMOTE_ADDR"] = new_address()
            assert self.log_in(browser, other.username) == IN
            browser.post("/accounts/logout/")
        assert browser.cookies[COOKIE].value.count(".") == MOST_PEOPLE - 1
        assert self.log_in(browser, alice.username) == WRONG, "the bound of everywhere"

    def test_signing_in_again_leaves_one_mark(self, browser: Client, alice: User) -> None:
        assert self.log_in(browser, alice.username) == IN
        assert "." not in browser.cookies[COOKIE].value


def test_strangers_do_not_stop_somebody_from_confirming_that_it_is_them(
    alice: User, few: int
) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.username, "password": PASSWORD})
    del browser.cookies[COOKIE]  # a session from before there was one
    guess_from_everywhere(alice.username, few)
    answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302


def test_a_session_may_not_guess_much(alice: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.username, "password": PASSWORD})
    for _ in range(5):
        browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    page = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert LATER in page.content.decode()


def test_nor_where_the_password_is_changed(alice: User, settings: LazySettings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"change_password": ""}
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.username, "password": PASSWORD})
    form = {"password1": "eleven loud gulls", "password2": "eleven loud gulls"}
    for _ in range(5):
        browser.post("/accounts/password/change/", {**form, "oldpassword": "wrong"})
    page = browser.post("/accounts/password/change/", {**form, "oldpassword": PASSWORD})
    assert LATER in page.content.decode()


def test_right_passwords_do_not_use_the_limit_up(client: Client, db: None, address: str) -> None:
    name = f"alice-{uuid.uuid4().hex}"
    User.objects.create_user(name, password=PASSWORD)
    for _ in range(7):
        assert guess(Client(), address, name, PASSWORD).status_code == 302


def test_one_address_meets_a_429(client: Client, db: None, address: str) -> None:
    for _ in range(30):
        assert client.post("/accounts/login/", REMOTE_ADDR=address).status_code == 200

    page = client.post("/accounts/login/", REMOTE_ADDR=address)

    assert page.status_code == 429
    assert "Wait a few minutes" in page.content.decode()


def test_another_address_does_not(client: Client, db: None, address: str) -> None:
    for _ in range(31):
        client.post("/accounts/login/", REMOTE_ADDR=address)
    assert client.post("/accounts/login/", REMOTE_ADDR="fd01::1").status_code == 200


def test_taken_names_can_be_tried_so_often_only(
    client: Client, alice: User, address: str, settings: LazySettings
) -> None:
    """Open sign-up cannot hide who is there."""
    settings.SIGN_UP_OPEN = True
    form = {"username": alice.username, "email": "a@b.example", "password1": "x", "password2": "x"}
    statuses = [
        client.post("/accounts/signup/", form, REMOTE_ADDR=address).status_code for _ in range(21)
    ]
    assert statuses == [200] * 20 + [429]
