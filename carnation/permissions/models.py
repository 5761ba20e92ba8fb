"""The models of Amazon Bedrock: by id, by ARN, and behind inference profiles and prompts.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import Given, read_inner, read_parameter
from carnation.permissions.required import Condition, RequiredAction, Target, require, to_arn, when

CALLS: Mapping[str, str] = {
    "converse": "InvokeModel",
    "converseStream": "InvokeModelWithResponseStream",
    "invokeModel": "InvokeModel",
    "invokeModelWithResponseStream": "InvokeModelWithResponseStream",
    "startAsyncInvoke": "InvokeModel",
    "countTokens": "CountTokens",
}
"""The actions of the runtime that call a model, and what each is authorized as."""
_REGIONS = compile_lazily(r"(?:us-gov|us|eu|apac|ap|jp|au|ca|sa|me|af|in|global)\.(?=[a-z])")
_ANYWHERE = "arn:${AWS::Partition}:bedrock:*::foundation-model/"


def list_model_needs(call: str, given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    """Yield what calling a model needs: the model, its profile, its guardrail."""
    action = f"bedrock:{CALLS[call]}"
    model = read_parameter(given, "ModelId")
    for target, condition in _find_models(model):
        yield require(action, target, state, "calls the model", condition)
    if model and ":prompt/" in model.pattern:
        prompt = Target(re.sub(r":\d+\Z", "", model.pattern))
        yield require("bedrock:RenderPrompt", prompt, state, "renders the prompt")
    guardrail = read_parameter(given, "GuardrailIdentifier") or read_parameter(
        read_inner(given, "GuardrailConfig"), "GuardrailIdentifier"
    )
    if guardrail is not None:
        arn = guardrail.pattern
        if not arn.startswith(("arn:", "${")):
            arn = to_arn("bedrock", f"guardrail/{arn}")
        note = "" if guardrail.text is not None else "the guardrail is worked out while it runs"
        yield require("bedrock:ApplyGuardrail", Target(arn, note), state, "applies the guardrail")


def _find_models(model: Given | None) -> Iterator[tuple[Target, Condition]]:
    if model is None or model.text is None:
        yield Target("*", "ModelId is worked out while it runs"), ()
        return
    text = model.text
    profile = re.search(r":(application-)?inference-profile/(.+)", text)
    if text.startswith("arn:"):
        yield Target(text), ()
        if profile and profile[1]:
            yield Target(f"{_ANYWHERE}*"), when("StringEquals", "bedrock:InferenceProfileArn", text)
        elif profile:
            yield Target(_ANYWHERE + _REGIONS.sub("", profile[2], count=1)), ()
        elif re.search(r":(default-)?prompt-router/|:prompt/", text):
            yield Target(f"{_ANYWHERE}*", "what stands behind it names the model"), ()
    elif text.startswith("${"):
        yield Target(text), ()
    elif _REGIONS.match(text):
        yield Target(_ANYWHERE + _REGIONS.sub("", text, count=1)), ()
        yield Target(to_arn("bedrock", f"inference-profile/{text}")), ()
    else:
        yield Target(to_arn("bedrock", f"foundation-model/{text}", account=False)), ()
