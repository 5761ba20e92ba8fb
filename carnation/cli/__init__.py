"""The commands, one module each: parse, call the library, print, return an exit status.

Enters: a command line. Leaves: text or JSON on standard output, errors on standard error. Nothing
in the library imports a command; what a command does stands in the library and can be called.
"""
