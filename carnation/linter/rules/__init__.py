"""The rules, one module a subject: definitions that AWS rejects; `risks/` holds production risks.

A rule is a generator over a definition that yields problems; its docstring is its page in
docs/rules.md. `carnation.linter.runner` lists the modules and runs them.
"""
