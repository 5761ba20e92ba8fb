"""Sources: the definitions in any file, with what is said of their state machines.

Enters: a file of any tool, or standard input.
Leaves: definitions with their places, and `Unseen` with reasons.
May not know: what is done with a definition.

One reader for all commands. A file may be a definition, a template of CloudFormation, SAM or CDK, a
service of the Serverless Framework, a configuration, plan or state of Terraform, an answer of AWS's
CLI, a manifest of Kubernetes; what is named in it and cannot be seen is `Unseen`, with the reason.
`reading` tells which it is. `templates` has CloudFormation, SAM and CDK; `serverless` the
Serverless Framework; `terraform` HCL, `terraform_json` `.tf.json`; `answers` what programs print:
AWS's CLI, `terraform show -json` (plans and states), Kubernetes.
"""

from carnation.sources.files import Files
from carnation.sources.reading import (
    STDIN,
    Reading,
    choose_machine,
    find_sources,
    is_in_file,
    read_input,
    read_sources,
    read_target,
    reject_target,
    split_target,
)
from carnation.sources.source import Source, Unseen, is_definition

__all__ = [
    "STDIN",
    "Files",
    "Reading",
    "Source",
    "Unseen",
    "choose_machine",
    "find_sources",
    "is_definition",
    "is_in_file",
    "read_input",
    "read_sources",
    "read_target",
    "reject_target",
    "split_target",
]
