"""Risks: what AWS accepts and production regrets, one module for each kind of regret."""
