"""The code that CreateFunction and UpdateFunctionCode are given, checked as Lambda does.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.responses import LambdaResponse

from carnation.emulator.patching import Patches

_SOURCES = ("ZipFile", "S3Bucket", "ImageUri")


def patch_uploads(patches: Patches) -> None:
    """Reject code that is missing, given twice, or not a zip; moto keeps it, or breaks."""
    for name, find in (
        ("create_function", lambda body: body.get("Code") or {}),
        ("update_function_code", lambda body: body),
    ):
        patches.set(LambdaResponse, name, _check_first(vars(LambdaResponse)[name], find))


def _check_first(
    original: Callable[..., Any], find: Callable[[Any], Mapping[str, Any]]
) -> Callable[..., Any]:
    def respond(response: LambdaResponse) -> Any:
        problem = find_problem(find(json.loads(response.body or "{}")))
        if not problem:
            return original(response)
        body = json.dumps({"Type": "User", "message": problem, "Message": problem})
        headers = {"status": "400", "x-amzn-ErrorType": "InvalidParameterValueException"}
        return 400, headers, body

    return respond


def find_problem(code: Mapping[str, Any]) -> str:
    """Describe why a function cannot have this code; '' if it can.

    >>> find_problem({})
    'Please provide a source for function code.'
    >>> find_problem({"ZipFile": "bm8gemlw"}).partition(".")[0]
    'Could not unzip uploaded file'
    """
    given = [name for name in _SOURCES if name in code]
    if not given:
        return "Please provide a source for function code."
    if len(given) > 1:
        return "Please do not provide other FunctionCode parameters when providing a " + given[0]
    if "ZipFile" in code and not _is_zip(code["ZipFile"]):
        return "Could not unzip uploaded file. Please check your file, then try to upload again."
    return ""


def _is_zip(text: Any) -> bool:
    try:
        return zipfile.is_zipfile(io.BytesIO(base64.b64decode(text)))
    except (TypeError, ValueError):
        return False
