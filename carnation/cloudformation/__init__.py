"""Templates that somebody wrote for CloudFormation, SAM or Serverless; the definitions inside."""

from carnation.cloudformation.definitions import (
    TemplateDefinition,
    find_definitions,
    holds_definitions,
    is_template,
)

__all__ = ["TemplateDefinition", "find_definitions", "holds_definitions", "is_template"]
