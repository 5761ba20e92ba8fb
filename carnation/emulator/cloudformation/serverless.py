"""The transform of SAM, by AWS's own translator (the extra `sam`), imported when it is used.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-serverless.html
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from carnation.cloudformation.template import Template
from carnation.errors import TemplateError

SERVERLESS = "AWS::Serverless-2016-10-31"


def translate(template: Template, values: Mapping[str, Any], region: str) -> Template:
    """Return a template of SAM as one of CloudFormation; raises `TemplateError`."""
    try:
        import boto3
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ImportError as error:
        raise TemplateError(
            f"Transform {SERVERLESS} needs '{error.name}', which is not installed. Install the "
            "extra 'sam'; in a clone: pip install -e '.[sam]'"
        ) from error
    # it looks up managed policies by their names in a table that it carries
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        body = translator.translate(copy.deepcopy(dict(template.body)), dict(values))
    except InvalidDocumentException as error:
        reasons = "; ".join(str(cause.message) for cause in error.causes)
        raise TemplateError(f"Transform {SERVERLESS} failed with: {reasons}") from error
    return Template(body)


TRANSFORMS = {SERVERLESS: translate}
