"""How the API's description tells logging in and out."""

from drf_spectacular.utils import OpenApiExample, extend_schema

from config.api.accounts.errors import InvalidCredentials
from config.api.accounts.serializers import CredentialsSerializer, MeSerializer, TokenSerializer
from llmconfig.api.problem_responses import problems

TAGS = ["auth"]

log_in = extend_schema(
    operation_id="log_in",
    summary="Log in",
    description="A new token for a name and its password. It is valid until `expires_at`. A user"
    " has at most 100 tokens; another one takes the place of the one that would expire first.",
    tags=TAGS,
    request=CredentialsSerializer,
    responses={200: TokenSerializer, **problems(InvalidCredentials)},
    examples=[
        OpenApiExample(
            "credentials",
            value={"username": "ada", "password": "correct horse battery staple"},
            request_only=True,
        ),
        OpenApiExample(
            "token",
            value={
                "token": "c0ffee1e5f1d9b0a6f3d2c7b8e4a5910c0ffee1e5f1d9b0a6f3d2c7b8e4a5910",
                "expires_at": "2026-12-22T09:00:00Z",
            },
            response_only=True,
        ),
    ],
)

log_out = extend_schema(
    operation_id="log_out",
    summary="Log out",
    description="Revokes the token of this call. In a browser's session: ends the session.",
    tags=TAGS,
    request=None,
    responses={204: None},
)

log_out_everywhere = extend_schema(
    operation_id="log_out_everywhere",
    summary="Log out everywhere",
    description="Revokes all tokens of the caller, and ends the session of this call if it has"
    " one. Sessions of other browsers go on.",
    tags=TAGS,
    request=None,
    responses={204: None},
)

me = extend_schema(
    operation_id="get_me",
    summary="Who am I",
    description="The caller, the caller's tiers, and until when the token of this call is valid.",
    tags=TAGS,
    responses={200: MeSerializer},
    examples=[
        OpenApiExample(
            "me",
            value={
                "id": "7",
                "username": "ada",
                "is_staff": False,
                "tiers": ["standard", "premium"],
                "token_expires_at": "2026-12-22T09:00:00Z",
            },
            response_only=True,
        )
    ],
)
