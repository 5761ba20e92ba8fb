"""CloudFormation's language: templates read, parameters, functions, conditions, loops resolved.

Enters: a template as plain values, and parameters.
Leaves: templates with functions, conditions and loops resolved, roles, names of resources.
May not know: files, boto3, moto, the documents of other tools.
"""
