"""Pages for people that allauth does not have, or not as they are needed here."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordKeyForm
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.mixins import RedirectAuthenticatedUserMixin
from allauth.account.signals import password_reset
from allauth.account.views import EmailView, LoginView, PasswordResetFromKeyView, PasswordResetView
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import RECORDS_MEMBER, RECORDS_USER_MEMBER
from accounts.emails import (
    AddressTaken,
    confirm_pending_address,
    find_pending_address,
    forget_pending_address,
    verify_present_address,
)
from accounts.following import waiting_address, with_next
from accounts.forms import AddressForm, ResetForm
from accounts.known_browsers import remember_browser
from accounts.limits import ADDRESS_CHANGES, CONFIRMATION_MAILS
from accounts.mail import do_after, is_full
from accounts.models import User
from accounts.resets import reset_link_form, send_reset_link


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Who you are, and the way out."""
    return render(request, "gatehouse/home.html", {"person": request.user})


@require_safe
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Where a sign-out ends."""
    return render(request, "gatehouse/signed_out.html")


class ResetView(PasswordResetView):  # type: ignore[misc]
    """Asks for the address of somebody who forgot the password. Whether there is an account is
    looked at after the answer."""

    def get_form_class(self) -> type[ResetForm]:
        return ResetForm

    def get_success_url(self) -> str:
        """Tell to look into the mail first. The link there leads on."""
        return str(self.passthrough_next_url(reverse("account_reset_password_done")))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.form_was_accepted = False
        response: HttpResponse = super().post(request, *args, **kwargs)
        if self.form_was_accepted:
            email, language = request.POST["email"], get_language()
            send = partial(
                send_reset_link, email, reset_link_form(), waiting_address(request), language
            )
            do_after(response, send)
        return response

    def form_valid(self, form: ResetForm) -> HttpResponse:
        if is_full():
            form.add_error(None, gettext("We cannot send mail now. Please try again in a minute."))
            response: HttpResponse = self.form_invalid(form)
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            response["Retry-After"] = "60"
            return response
        response = super().form_valid(form)
        self.form_was_accepted = response.status_code == HTTPStatus.FOUND
        return response


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """The page behind the link of a reset. Its link has come through the present address."""

    def get_success_url(self) -> str:
        """Say that the password is changed. That page leads on to the app, if one waits."""
        return str(self.passthrough_next_url(reverse("account_reset_password_from_key_done")))

    def form_valid(self, form: ResetPasswordKeyForm) -> HttpResponse:
        """Save the password. The page that follows says so: no note waits for a later one."""
        person = self.reset_user
        form.save()
        verify_present_address(person)
        password_reset.send(sender=User, request=self.request, user=person)
        get_adapter().send_notification_mail("account/email/password_reset", person)
        response = redirect(self.get_success_url())
        remember_browser(self.request, response, person)
        return response


class AddressView(EmailView):  # type: ignore[misc]
    """Asks for a new e-mail address. The present one stays until the link is opened."""

    def get_form_class(self) -> type[AddressForm]:
        return AddressForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.request.user
        pending = find_pending_address(person)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {
            **context,
            "person": person,
            "new_address": pending if pending != person.email else None,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a change, send a link again, or keep the present address."""
        if "action_add" in request.POST:
            return self._ask()
        if "action_send" in request.POST:
            self._send_again()
        elif "action_remove" in request.POST:
            forget_pending_address(str(request.user.pk))
        return redirect("account_email")

    def _ask(self) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)  # type: ignore[no-any-return]
        raise_if_reauthentication_required(self.request, app="allauth.account")
        email = form.cleaned_data["email"]
        if not self._may_mail(email):
            form.add_error("email", get_adapter().validation_error("rate_limited"))
            return self.form_invalid(form)  # type: ignore[no-any-return]
        _tell_present_address(self.request.user, email)
        self._send_link(email)
        return redirect("account_email")

    def _send_again(self) -> None:
        person = self.request.user
        email = find_pending_address(person) or (not person.email_verified and person.email)
        if email and self._may_mail(email):
            self._send_link(email)

    def _may_mail(self, email: str) -> bool:
        return ADDRESS_CHANGES.take(str(self.request.user.pk)) and CONFIRMATION_MAILS.take(email)

    def _send_link(self, email: str) -> None:
        adapter = get_adapter()
        adapter.send_confirmation_link(self.request.user, email)
        adapter.add_message(
            self.request,
            messages.INFO,
            "account/messages/email_confirmation_sent.txt",
            {"email": email},
        )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, key: str) -> HttpResponse:
    """The page behind the link in a mail. Only the person who asked for the link can use it."""
    person = cast(User, request.user)
    if request.method == "POST" and _confirm(request, person, key):
        return redirect(with_next(reverse("account_home"), waiting_address(request)))
    email = find_pending_address(person, key)
    return render(request, "account/email_confirm.html", {"email": email, "person": person})


def _confirm(request: HttpRequest, person: User, key: str) -> bool:
    former = person.email
    adapter = get_adapter()
    try:
        email = confirm_pending_address(person, key)
    except AddressTaken:
        messages.error(request, gettext("Somebody has this e-mail address already."))
        return True
    if email is None:
        return False
    if former and former != email:
        adapter.send_notification_mail(
            "account/email/email_changed",
            person,
            {"username": person.username, "to_email": email},
            email=former,
        )
    adapter.add_message(
        request, messages.SUCCESS, "account/messages/email_confirmed.txt", {"email": email}
    )
    return True


def _tell_present_address(person: User, email: str) -> None:
    """Warn whoever reads the present address while a new password still stops the change."""
    if person.email:
        get_adapter().send_notification_mail(
            "account/email/email_change_asked",
            person,
            {"username": person.username, "to_email": email},
            email=person.email,
        )


@method_decorator(
    [rate_limit(action="login"), sensitive_post_parameters("password"), never_cache],
    name="dispatch",
)
class LogInAnotherView(LoginView):  # type: ignore[misc]
    """The log-in page for somebody else than the person who is signed in.

    That person stays signed in until the form has succeeded: `AccountAdapter.login` then ends
    their session. Who turns back has changed nothing.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the form to people who are signed in too, unlike the log-in page."""
        response: HttpResponseBase = super(RedirectAuthenticatedUserMixin, self).dispatch(
            request, *args, **kwargs
        )
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in. If that is refused yet, keep what is noted about who is signed in."""
        session = self.request.session
        noted = {name: session.get(name) for name in (RECORDS_MEMBER, RECORDS_USER_MEMBER)}
        before = session.session_key
        response: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated and session.session_key == before:
            session.update({name: value for name, value in noted.items() if value is not None})
        return response


log_in_another = LogInAnotherView.as_view()
