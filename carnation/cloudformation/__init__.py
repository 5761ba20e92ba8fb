"""CloudFormation's language: templates read, parameters, functions, conditions, loops resolved."""
