"""What AWS and boto3 complain of, each as one paragraph: what happened, and what to do.

Source: https://docs.aws.amazon.com/general/latest/gr/api-error-codes.html
"""

from __future__ import annotations

import re
from typing import Any

from carnation.errors import AccountError

_LOGIN = "Log in (`aws sso login`, `aws configure`), or name another profile with --profile."
SERVE_REMEDY = (
    "For the local emulator, paste the `export` lines that `carnation serve` prints into this "
    "terminal, and run the same command again."
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure",
    "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidToken",
})  # fmt: skip
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
    "AuthorizationErrorException", "KMSAccessDeniedException", "KmsAccessDeniedException", "403",
})  # fmt: skip
_BUSY = frozenset({
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown",
    "TooManyRequestsException",
})  # fmt: skip
_PREFIXES = {"stepfunctions": "states", "sfn": "states"}
# the few whose IAM action has another name than their API
_ACTIONS = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketOwnershipControls": "s3:PutBucketOwnershipControls",
}


_USER_INFO = re.compile(r"://[^/@\s\"']*@")


def hide_passwords(text: str) -> str:
    """Take user and password out of the URLs of a text: those of an endpoint or a proxy.

    >>> hide_passwords('connect to "http://me:secret@proxy:3128/"')
    'connect to "http://…@proxy:3128/"'
    """
    return _USER_INFO.sub("://…@", text)


def action_name(service: str, operation: str) -> str:
    """Name the IAM action that an operation takes.

    >>> action_name("stepfunctions", "StartExecution"), action_name("s3", "HeadBucket")
    ('states:StartExecution', 's3:ListBucket')
    """
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return _ACTIONS.get(action, action)


def explain_answer(service: str, error: Any, region: str, *, local: bool = False) -> AccountError:
    """Turn AWS's answer (a `ClientError`) into a sentence with its remedy.

    `local` says that the endpoint is on this computer, where nobody can log in.
    """
    code = str(error.response["Error"].get("Code", ""))
    message = hide_passwords(str(error.response["Error"].get("Message", "")))
    action = action_name(service, error.operation_name)
    reason, text = _word(code, message, action, region)
    if local and code in _UNKNOWN:
        text = f"the local endpoint does not know these credentials ({code}). {SERVE_REMEDY}"
    return AccountError(text, reason=reason, code=code, message=message)


def _word(code: str, message: str, action: str, region: str) -> tuple[str, str]:
    if code in _EXPIRED:
        return "expired", f"the credentials have expired ({action} in {region}). {_LOGIN}"
    if code in _UNKNOWN:
        return "unknown-credentials", (
            f"AWS does not know these credentials in {region} ({action}: {code}). A region that is "
            f"not enabled for the account answers so, too: check --region. {_LOGIN}"
        )
    if code in _DENIED:
        return "denied", (
            f"these credentials may not {action} in {region} ({message or code}). "
            f"Have {action} allowed for them, or name another profile with --profile."
        )
    if code in _BUSY:
        return "throttled", f"AWS asks for patience ({action}: {code}). Run the same command again."
    return "refused", f"AWS rejected {action} in {region}: {message or code} ({code})."


def explain_failure(
    service: str,
    action: str,
    error: Exception,
    region: str,
    near: str = "",
    *,
    local: bool = False,
) -> AccountError:
    """Turn what boto3 itself raises, before AWS has answered, into a sentence with its remedy."""
    name, said = type(error).__name__, hide_passwords(str(error))
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        remedy = SERVE_REMEDY if local else _LOGIN
        return AccountError(f"AWS credentials not found. {remedy}", reason="no-credentials")
    if name in ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError",
                "LoginTokenLoadError", "LoginRefreshRequired"):  # fmt: skip
        return AccountError(f"the login has expired ({said}). {_LOGIN}", reason="expired")
    if name == "ProfileNotFound":
        return AccountError(
            f"{said}. List the profiles with `aws configure list-profiles`.", reason="no-profile"
        )
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError",
                "ConnectionClosedError", "InvalidRegionError", "ProxyConnectionError"):  # fmt: skip
        return AccountError(
            f"cannot connect to {service} in Region '{region}' ({said.rstrip('.')}).{near} "
            "Check --region, --endpoint-url and the network, and run the same command "
            "again.",
            reason="unreachable",
        )
    return AccountError(f"{service}, {action}: {said}", reason="failed")
