"""`make promises`: attacks each promise at full length and prints a line each (docs/promises.md).

`python -m tests.promises 2 9` attacks only these.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

PROMISES: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (1, "收下的一条不丢", ("tests/promises/test_kill.py", "tests/promises/test_database_killed.py", "tests/web/test_kill.py")),
    (2, "同一条只算一条,同一次接受只付一次", ("tests/promises/test_acceptance.py", "tests/web/test_once.py", "tests/ledger/test_race.py")),
    (3, "不多付也不少付", ("tests/promises/test_money.py", "tests/ledger", "tests/negotiation/test_properties.py")),
    (4, "机器人不抢人的话", ("tests/promises/test_owner.py", "tests/promises/test_rasa_forgets.py")),
    (5, "总有回应", ("tests/dialogues/test_failure.py", "tests/web/test_once.py", "tests/web/test_watch.py", "tests/promises/test_run.py")),
    (6, "顺序不乱", ("tests/web/test_once.py::test_order_is_kept_under_sixteen_writers", "tests/ledger/test_race.py")),
    (7, "谁也闯不进来", ("tests/promises/test_schema.py", "tests/promises/test_fuzz.py", "tests/promises/test_run.py::test_who_does_not_know_the_token_of_this_run_gets_no_answer", "tests/web/test_guard.py", "tests/web/test_flood.py", "tests/web/test_chat.py", "tests/web/test_desk.py", "tests/web/test_files.py", "tests/web/test_log.py", "tests/web/test_nameless.py", "tests/test_log.py")),
    (8, "顾客的数据归顾客", ("tests/cases/test_privacy.py", "tests/promises/test_privacy_live.py", "tests/language/test_masking.py")),
    (9, "升级和备份", ("tests/store/test_migration.py", "tests/store/test_backup.py", "tests/cases/test_judgement.py")),
    (10, "不止一台机器", ("tests/promises/test_containers.py", "tests/promises/test_machines.py", "tests/promises/test_cut_link.py", "tests/web/test_replicas.py", "tests/dialogues/test_event_stream.py")),
    (11, "负载:账再多也一样快(量用 heqi bench load)", ("tests/promises/test_growth.py",)),
    (12, "从外面看得见", ("tests/web/test_guard.py", "tests/web/test_watch.py", "tests/web/test_log.py", "tests/promises/test_trace.py", "tests/promises/test_kill.py::test_what_was_asked_is_remembered_though_every_process_was_killed_since")),
)
"""Number in docs/promises.md, the promise, what attacks it. The eleventh's numbers come from `heqi bench load`."""


def main() -> int:
    failed = 0
    chosen = {int(number) for number in sys.argv[1:]}
    for number, promise, tests in PROMISES:
        if chosen and number not in chosen:
            continue
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], env={**os.environ, "HEQI_PROMISES": "full"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        kept = done.returncode == 0
        failed += not kept
        print(f"{number:>2} {'守住' if kept else '没守住'} {promise}({time.monotonic() - began:.0f} 秒)", flush=True)
        if not kept:
            print(done.stdout[-3000:], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
