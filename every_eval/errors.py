"""The errors that every_eval raises on purpose, by what the reader of the message should do.

EveryEvalError
├── TransientError            the same call may succeed later, without any change by us
│   ├── UpstreamUnavailable   a source's storage does not answer, or not completely, or has just changed
│   │   └── UpstreamUnreachable   nothing answers at the address of a source's storage
│   ├── HubUnavailable        the Hub does not answer, or answers that it is busy
│   │   └── HubUnreachable    nothing answers at the address of the Hub
│   └── PublishConflict       another process committed first: plan again on the new head
└── TerminalError             the same call will fail again: somebody must act
    ├── ConfigurationError    a setting or an option is wrong, or this machine lacks something
    ├── UpstreamMalformed     a source's own index cannot be read
    ├── BenchmarkMissing      a source has no results under a benchmark's name
    └── ContractViolation     rows break the contract of their table; nothing was published

The transports have retried before they raise a transient error (`network.retries`), so nothing above them retries.
"""


class EveryEvalError(Exception):
    """Base class of all errors that every_eval raises on purpose."""


class TransientError(EveryEvalError):
    """The same call may succeed later, without any change by us."""


class TerminalError(EveryEvalError):
    """The same call will fail again: somebody must act."""


class UpstreamUnavailable(TransientError):
    """A source's storage does not answer, or not completely, or has changed since it was listed."""


class UpstreamUnreachable(UpstreamUnavailable):
    """Nothing answers at the address of a source's storage: the server is down, or the address is wrong."""


class HubUnavailable(TransientError):
    """The Hub does not answer, or answers that it is busy."""


class HubUnreachable(HubUnavailable):
    """Nothing answers at the address of the Hub: the Hub is down, or the address is wrong."""


class PublishConflict(TransientError):
    """The head of a repo moved since the commit was planned."""


class ConfigurationError(TerminalError):
    """A setting or an option is wrong. The message says which one, and what to do."""


class UpstreamMalformed(TerminalError):
    """A source's own index cannot be read. The message says where."""


class BenchmarkMissing(TerminalError):
    """A source has no results under the name of a benchmark that it should have."""


class ContractViolation(TerminalError):
    """Rows break the contract of their table."""
