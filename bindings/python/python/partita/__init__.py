"""A content-addressed store for the sessions of AI agents.

A session keeps every version of its files, the dialog, and the host's own state; each change is
durable when the call returns, and nothing is lost.

>>> import partita
>>> store = partita.Store.in_memory()  # or partita.Store.open("./sessions")
>>> session = store.session("fix-parser")
>>> _ = session.write("src/lib.rs", "fn parse() {}")
>>> with session.batch() as b:
...     b.remember("The parser drops the last token.")
...     _ = b.write("src/lib.rs", "fn parse() -> Tokens {}")
>>> [iteration.number for iteration in session.history("src/lib.rs")]
[2, 1]
>>> print(session.diff("src/lib.rs", 1, 2).unified(), end="")
--- a
+++ b
@@ -1 +1 @@
-fn parse() {}
\\ No newline at end of file
+fn parse() -> Tokens {}
\\ No newline at end of file
"""

import os as _os
from collections.abc import Mapping as _Mapping
from collections.abc import Sequence as _Sequence

from partita import _partita
from partita._documents import Export, Request
from partita._errors import *
from partita._errors import __all__ as _errors_all
from partita._partita import *
from partita.turns import *
from partita.turns import __all__ as _turns_all

_Mapping.register(_partita.Files)
_Mapping.register(_partita.State)
_Sequence.register(_partita.StateList)

if hasattr(_os, "register_at_fork"):
    # A fork keeps no copy of a lock, even if this process is killed in the middle of a commit.
    _os.register_at_fork(
        before=_partita._before_fork,
        after_in_parent=_partita._after_fork_in_parent,
        after_in_child=_partita._after_fork_in_child,
    )

__all__ = [
    "Export",
    "Request",
    *_errors_all,
    *_turns_all,
    *(name for name in _partita.__all__ if name != "error_codes" and not name.startswith("_")),
]
