"""Errors of the quick start; each is one text that says what is wrong and the way out.

QuickstartError        exit code 1
├── MachineLacks       a package, a right or a tool that this machine does not have
├── ImageProblem       no image for a task can be had
├── ServiceProblem     Wholelog or the engine did not come up, or ended by itself
└── SampleProblem      the sample task did not answer as it should
"""


class QuickstartError(Exception):
    """Base of all; its text is what the user reads."""


class MachineLacks(QuickstartError):
    pass


class ImageProblem(QuickstartError):
    pass


class ServiceProblem(QuickstartError):
    pass


class SampleProblem(QuickstartError):
    pass
