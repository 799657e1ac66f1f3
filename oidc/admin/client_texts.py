"""What the admin says about each setting of a client, to somebody who is new to OAuth."""

from __future__ import annotations

HELP_TEXTS = {
    "client_name": "People see it on the sign-in and consent pages.",
    "profile": "Presets everything else, which can be adjusted later.",
    "trusted": "One of your own apps: people are not asked for their consent.",
    "redirect_uris": (
        "Where people are sent back to after signing in, one address per line. It must be exactly "
        "what the app sends as <code>redirect_uri</code>, to the last slash."
    ),
    "post_logout_redirect_uris": (
        "Where people may be sent after signing out, one address per line. It must be exactly what "
        "the app sends as <code>post_logout_redirect_uri</code>."
    ),
    "private_use_schemes": (
        "Schemes of the app's own that its addresses may have, one per line and without the colon, "
        "such as <code>cursor</code>. Native apps need none for a scheme with a dot, like "
        "<code>com.example.app</code>. Any app on a device can claim any of them."
    ),
    "scope": (
        "What the app may ask for, with a space between the names. <code>openid</code> is sign-in "
        "itself, <code>profile email address phone</code> are data about the person, "
        "<code>offline_access</code> is access while the person is away. "
        "Names of your own APIs may be added."
    ),
    "response_types": (
        "What the sign-in itself may carry. <code>code</code> alone is the safe one; with "
        "<code>id_token</code> or <code>token</code>, tokens go through the person's browser."
    ),
    "grant_types": (
        "How it gets tokens. <code>authorization_code</code>: a person signs in. "
        "<code>refresh_token</code>: it renews tokens without the person. "
        "<code>implicit</code>: the sign-in itself carries tokens. "
        "<code>client_credentials</code>: it acts for itself."
    ),
    "token_endpoint_auth_method": (
        "How the app proves who it is. <code>client_secret_basic</code> and "
        "<code>client_secret_post</code> send a secret, <code>client_secret_jwt</code> signs with "
        "it, <code>private_key_jwt</code> signs with a key that never leaves the app, "
        "<code>none</code> is for apps that cannot keep a secret."
    ),
    "require_registered_auth_method": (
        "A secret is taken in the registered place only. Otherwise in a Basic header and in the "
        "form alike: its place protects nothing, and libraries differ."
    ),
    "jwks": (
        "The app's public keys, as a JWK set: for <code>private_key_jwt</code>, and to encrypt to."
    ),
    "jwks_uri": "Or the https address where the app publishes them.",
    "token_endpoint_auth_signing_alg": "The one algorithm it signs with. Empty: any that fits.",
    "client_uri": "The app's home page.",
    "logo_uri": (
        "A picture for the pages that name the app: PNG, JPEG, GIF, WebP or SVG, 128 KiB at most, "
        "at an https address. The worker fetches it, and the pages show this server's copy."
    ),
    "policy_uri": "What the app does with people's data.",
    "tos_uri": "Its terms of service.",
    "initiate_login_uri": "An https address of the app that begins a sign-in.",
    "backchannel_logout_uri": (
        "This server sends a signed logout token here when a person signs out, and tries for a day "
        "until the app has it. The reliable way."
    ),
    "backchannel_logout_session_required": (
        "The app cannot do without <code>sid</code> in the logout token. It always gets it."
    ),
    "frontchannel_logout_uri": (
        "Opened in a hidden frame of the person's browser when they sign out there. Browsers that "
        "refuse third-party cookies keep the app's session from being found."
    ),
    "frontchannel_logout_session_required": (
        "The app cannot do without <code>iss</code> and <code>sid</code> in the address. It always "
        "gets them."
    ),
    "require_pkce": "Protects the sign-in against stolen codes. Leave it on.",
    "rotate_refresh_tokens": "A refresh token works once, and each use gives the next one.",
    "default_max_age": "Seconds after which people must sign in again. Empty: no limit.",
    "id_token_signed_response_alg": (
        "RS256 works with every library. HS256 signs with the client secret, which is then kept "
        "readable: after changing to it, make a new secret."
    ),
    "require_auth_time": "ID tokens tell when the person signed in. They always do here.",
    "id_token_encrypted_response_alg": (
        "Encrypts ID tokens, after signing, to the app's public key, which must be among its keys."
    ),
    "userinfo_signed_response_alg": "Makes userinfo answers a signed JWT.",
    "userinfo_encrypted_response_alg": "Encrypts userinfo answers to the app's public key.",
    "subject_type": (
        "<code>public</code>: all apps know a person by the same <code>sub</code>. "
        "<code>pairwise</code>: each site by another one, so that sites cannot compare. Changing "
        "it later makes every person a stranger to the app."
    ),
    "sector_identifier_uri": (
        "For pairwise apps with redirect URIs on several hosts: an https address with a JSON list "
        "of them all. Apps with the same host here know people by the same <code>sub</code>."
    ),
    "access_token_lifetime_seconds": "Seconds an access token lives. 0: the server's default.",
    "access_token_audience": (
        "The APIs that its access tokens are for, one identifier per line. Empty: the issuer."
    ),
    "introspection_audience": (
        "If this client is an API: its identifiers, one per line. It can then look up tokens "
        "meant for it."
    ),
    "access_token_encryption_alg": (
        "If this client is an API: access tokens for its identifiers are encrypted to its public "
        "key, so that the apps which carry them cannot read them."
    ),
    "access_token_format": (
        "JWT: APIs can check access tokens by themselves. Opaque: nobody can read them, and APIs "
        "look them up. If this client is an API, that goes for all tokens for its identifiers."
    ),
    "access_token_signing_alg": (
        "What access tokens are signed with. Choose RS256 for an API that accepts nothing else, as "
        "Spring does by default; signing takes longer then. If this client is an API, that goes "
        "for all tokens for its identifiers, whatever the app has here."
    ),
    "access_token_typ": (
        "<code>typ</code> in the header of access tokens. <code>JWT</code> is for an API that "
        "refuses <code>at+jwt</code>. Then only the audience tells an access token from an ID "
        "token, so do not use a client ID as an audience."
    ),
    "id_token_claims": (
        "Puts name, e-mail and whatever else the granted scopes bring into the ID token, too. For "
        "software that reads nothing else, such as Kubernetes, Vault, MinIO or Auth.js."
    ),
}
