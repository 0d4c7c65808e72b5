"""The errors of every_eval, by what their receiver should do.

EveryEvalError
├── TransientError            the same call may succeed later: retry with backoff
│   ├── UpstreamUnavailable   a source's storage did not answer, or not completely
│   ├── HubUnavailable        the Hub did not answer, or answered that it is busy
│   └── PublishConflict       somebody else committed first: plan again on the new head
└── TerminalError             a retry changes nothing: somebody must act
    ├── ConfigurationError    a setting or an option is wrong
    ├── UpstreamMalformed     a source's own index cannot be read
    ├── BenchmarkMissing      a source has nothing under a benchmark's name
    └── ContractViolation     rows break the contract of their table; nothing was published
"""


class EveryEvalError(Exception):
    """Base of all errors that every_eval raises on purpose."""


class TransientError(EveryEvalError):
    """The same call may succeed later."""


class TerminalError(EveryEvalError):
    """The same call will fail again."""


class UpstreamUnavailable(TransientError):
    """A source's storage did not answer, or not completely."""


class HubUnavailable(TransientError):
    """The Hub did not answer, or answered that it is busy."""


class PublishConflict(TransientError):
    """The head moved since the commit was planned."""


class ConfigurationError(TerminalError):
    """A setting or an option is wrong; the message says which and what to do."""


class UpstreamMalformed(TerminalError):
    """A source's own index cannot be read; the message says where."""


class BenchmarkMissing(TerminalError):
    """A source has nothing under a benchmark's name; it was expected to."""


class ContractViolation(TerminalError):
    """Rows break the contract of their table."""
