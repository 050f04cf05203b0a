"""An agent's act that cannot be done now."""

from __future__ import annotations


class DeskRefused(ValueError):
    """`code` is for programs, the message (Chinese) for the agent, `status` what HTTP answers."""

    def __init__(self, code: str, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
