"""Parses messages with a trained Rasa model, one at a time, and says how long each took: for `heqi bench nlu`.

`python -m bot.language.rasa.measure MODEL < messages.jsonl` — one JSON string a line in, one line out each
(`{"ranking", "issues", "entities", "ms"}`), and at the end one with the process's largest memory (`{"rss_mb"}`).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from rasa.core.agent import Agent

WARM_UP = 20
"""Messages parsed before the clock counts: the first ones load what is loaded late."""


def parsed(model: str, texts: list[str]) -> Iterator[dict[str, Any]]:
    """What the model says of each text, with the milliseconds it took."""
    agent = Agent.load(model)
    loop = asyncio.new_event_loop()
    for text in texts[:WARM_UP]:
        loop.run_until_complete(agent.parse_message(text))
    for text in texts:
        started = time.perf_counter()
        said = loop.run_until_complete(agent.parse_message(text))
        took = (time.perf_counter() - started) * 1000
        entities = [{key: found[key] for key in ("entity", "value", "start", "end")} for found in said["entities"]]
        issues = (said.get("heqi") or {}).get("issues", [])
        yield {"ranking": said["intent_ranking"][:3], "issues": issues, "entities": entities, "ms": took}


def main() -> None:
    texts = [json.loads(line) for line in sys.stdin]
    for answer in parsed(sys.argv[1], texts):
        print(json.dumps(answer, ensure_ascii=False))
    print(json.dumps({"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
