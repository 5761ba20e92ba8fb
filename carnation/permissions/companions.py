"""What a call needs next to its own action, the roles that it passes on and its tags: by its name.

Services that use a role of their own for it are not here: the call passes that role on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.document.values import Json
from carnation.permissions import compute_calls, data_calls, objects
from carnation.permissions.required import RequiredAction

Parameters = Mapping[str, Json]
Rule = Callable[[Parameters, str], Iterator[RequiredAction]]
_BY_SERVICE: Mapping[str, tuple[Rule, ...]] = {
    "rdsdata": (data_calls.read_secret,),
    "rekognition": (objects.read_objects,),
    "textract": (objects.read_objects,),
    "timestreamquery": (data_calls.find_endpoint,),
    "timestreamwrite": (data_calls.find_endpoint,),
}
_BY_CALL: Mapping[str, tuple[Rule, ...]] = {
    "athena:startQueryExecution": (objects.query,),
    "bedrockagentruntime:retrieveAndGenerate": (data_calls.generate,),
    "dynamodb:exportTableToPointInTime": (objects.export_table,),
    "ec2:runInstances": (compute_calls.run_instances,),
    "ecs:runTask": (compute_calls.run_task,),
    "ecs:startTask": (compute_calls.run_task,),
    "eks:createNodegroup": (compute_calls.make_nodegroup,),
    "iam:addRoleToInstanceProfile": (compute_calls.add_role,),
    "lambda:createFunction": (compute_calls.read_code,),
    "lambda:updateFunctionCode": (compute_calls.read_code,),
    "lambda:updateFunctionConfiguration": (compute_calls.read_code,),
    "polly:startSpeechSynthesisTask": (objects.speak,),
    "redshiftdata:batchExecuteStatement": (data_calls.open_redshift,),
    "redshiftdata:executeStatement": (data_calls.open_redshift,),
    "redshiftdata:listDatabases": (data_calls.open_redshift,),
    "redshiftdata:listSchemas": (data_calls.open_redshift,),
    "redshiftdata:listTables": (data_calls.open_redshift,),
    "redshiftdata:describeTable": (data_calls.open_redshift,),
    "s3:copyObject": (objects.use_key, objects.put_object),
    "s3:createMultipartUpload": (objects.use_key, objects.put_object),
    "s3:deleteObject": (objects.put_object,),
    "s3:putObject": (objects.use_key, objects.put_object),
    "sqs:startMessageMoveTask": (data_calls.move_messages,),
    "ssm:sendCommand": (compute_calls.send_command,),
    "ssm:startAutomationExecution": (compute_calls.automate,),
    "transcribe:startTranscriptionJob": (objects.transcribe,),
}


def list_companions(call: str, given: Parameters, state: str) -> Iterator[RequiredAction]:
    """List what a call needs beside, by its name in the SDK."""
    service = call.partition(":")[0]
    for rule in (*_BY_SERVICE.get(service, ()), *_BY_CALL.get(call, ())):
        yield from rule(given, state)
