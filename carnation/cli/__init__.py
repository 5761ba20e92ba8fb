"""The commands, one module each: parse, call the library, print, return an exit status.

Enters: a command line.
Leaves: text or JSON on standard output, errors on standard error, an exit status.
May not know: how anything is done. What a command does is a call of the library, and nothing in the
library imports a command.
"""
