"""What can go wrong in the workbench; the message is for the person in front of it.

WorkbenchError
├── NotAllowedError      the person may not do this
├── UnknownThingError    a job, queue or paragraph that is not there
├── DatabaseError        the database cannot be opened or is of a newer version
└── NoServerError        no classification server answers
"""

from model.errors import UserError


class WorkbenchError(UserError):
    """The base of what the workbench reports."""


class NotAllowedError(WorkbenchError):
    """The person may not do this; the message says what it would take."""


class UnknownThingError(WorkbenchError):
    """A job, queue or paragraph that is not there."""


class DatabaseError(WorkbenchError):
    """The database cannot be used; the message says why and names no password."""


class NoServerError(WorkbenchError):
    """No classification server answers."""
