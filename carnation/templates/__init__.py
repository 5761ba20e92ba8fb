"""Templates: CloudFormation and SAM documents somebody wrote, and the definitions inside them."""

from carnation.templates.definitions import TemplateDefinition, find_definitions, is_template

__all__ = ["TemplateDefinition", "find_definitions", "is_template"]
