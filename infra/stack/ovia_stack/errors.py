"""What can go wrong when a stack is built or deployed, as a sentence for the operator."""


class StackError(Exception):
    """Nothing more can be done; the message says what to mend."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
