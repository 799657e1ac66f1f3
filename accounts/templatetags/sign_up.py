"""What templates ask about sign-up."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django import template
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def is_sign_up_open(context: Context) -> bool:
    """Tell whether a stranger may create an account."""
    return bool(get_adapter().is_open_for_signup(context["request"]))
