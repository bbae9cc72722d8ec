"""Every error that algok raises on purpose, and the exit code that the command line gives it.

AlgokError                1   something failed that a person can act on
├─ RecipeError            2   a recipe, an option or an override is wrong (found before any data is read)
├─ InputError             3   an input is missing, unreadable or of an unknown format
├─ OutputError            4   the run directory cannot be written, or belongs to another recipe or other inputs
├─ TaskError              5   a task kept failing after its retries; the run can be resumed
├─ BudgetError            6   more records were quarantined than the recipe's error budget allows
├─ VerifyError            7   a run's account does not add up: a digest, a count or a file is wrong
├─ ModelError             8   a model is missing, damaged or of another kind (found before any data is read)
└─ DifferenceError        9   two runs differ more than a comparison was told to allow
"""


class AlgokError(Exception):
    """Base of all deliberate errors; the message says what is wrong, where, and what to do."""

    exit_code = 1


class RecipeError(AlgokError):
    """A recipe, an option or an override is wrong; raised before any data is read."""

    exit_code = 2


class InputError(AlgokError):
    """An input is missing, unreadable or of an unknown format."""

    exit_code = 3


class OutputError(AlgokError):
    """The run directory cannot be written, or belongs to another recipe or other inputs."""

    exit_code = 4


class TaskError(AlgokError):
    """A task kept failing after its retries; the same command resumes the run."""

    exit_code = 5


class BudgetError(AlgokError):
    """More records were quarantined than the recipe's error budget allows."""

    exit_code = 6


class VerifyError(AlgokError):
    """A run's account does not add up: a digest, a count or a file is wrong."""

    exit_code = 7


class ModelError(AlgokError):
    """A model is missing, damaged or of another kind; raised before any data is read."""

    exit_code = 8


class DifferenceError(AlgokError):
    """Two runs differ more than a comparison was told to allow."""

    exit_code = 9
