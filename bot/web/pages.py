"""The built pages and their files; where they were not built, a plain page that says how."""

from __future__ import annotations

from pathlib import Path

import yaml
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.settings import settings
from bot.web.answer import json_answer
from bot.web.problem import Problem

STATIC = Path(__file__).parent / "static"
PAGES = {"/": "index", "/chat": "chat", "/desk": "desk", "/insight": "insight"}
FOR_EVER = "public, max-age=31536000, immutable"
OPENAPI = Path(__file__).with_name("openapi.yml")

NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>和气</title></head><body>
<h1>页面还没有构建</h1>
<p>接口已经可用。构建页面:在项目目录运行 <code>make setup</code>,
或 <code>cd front &amp;&amp; npm ci &amp;&amp; npm run build</code>,然后刷新这里。</p>
<p>接口说明:<a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
</body></html>
"""


async def page(request: Request) -> Response:
    name = PAGES[request.url.path.rstrip("/") or "/"]
    if name == "index" and not settings().demo:
        raise Problem(404, "not_found", "没有这个地址")
    path = STATIC / f"{name}.html"
    if not path.exists():
        return HTMLResponse(NOT_BUILT)
    return FileResponse(path, headers={"Cache-Control": "no-cache"})


async def openapi(_request: Request) -> Response:
    return json_answer(yaml.safe_load(OPENAPI.read_text(encoding="utf-8")))


class BuiltFiles(StaticFiles):
    """The build puts a hash of the content into each name below assets/: what has such a name never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = FOR_EVER if path.startswith("assets/") else "no-cache"
        return answer


def files() -> BuiltFiles:
    """The built files. The folder may come later than the process."""
    return BuiltFiles(directory=STATIC, check_dir=False)
