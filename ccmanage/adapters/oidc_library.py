"""Authlib's OpenID Connect client. Imported only where a provider is spoken to: it takes six megabytes."""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.base_client.sync_app import OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.httpx_client import OAuth2Client

__all__ = ["OAuthError", "Provider"]


class Provider(OAuth2Mixin, OpenIDMixin):  # type: ignore[misc]
    """Authlib's client, over the HTTP library that we use anyway."""

    client_cls = OAuth2Client
