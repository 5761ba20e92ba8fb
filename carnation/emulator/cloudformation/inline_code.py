"""Source text in a template: the zip that CloudFormation makes of it.

Beside a Python function lies the module `cfnresponse`, as on AWS. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

from __future__ import annotations

import io
import zipfile

_CFNRESPONSE = """\
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False,
         reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or "See the details in CloudWatch Log Stream: " + context.log_stream_name,
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
    )
    urllib.request.urlopen(request).close()
"""


def pack_inline(runtime: str, text: str) -> bytes | None:
    """Make the zip of a function's source text; None for a runtime that takes none.

    >>> pack_inline("ruby3.3", "") is None
    True
    """
    if runtime.startswith("python"):
        files = {"index.py": text, "cfnresponse.py": _CFNRESPONSE}
    elif runtime.startswith("nodejs"):
        files = {"index.js": text}
    else:
        return None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()
