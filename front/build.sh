#!/usr/bin/env bash
# Builds the pages into bot/web/static/. Does nothing when nothing has changed.
# Uses the machine's Node (20.19 or newer) where there is one, otherwise Node from the package index in .venv.
set -euo pipefail
cd "$(dirname "$0")"

stamp=../bot/web/static/.built
want=$(find . -path ./node_modules -prune -o -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ] && exit 0

fits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1; }

if ! { command -v node >/dev/null && command -v npm >/dev/null && fits node; }; then
    if [ ! -x ../.venv/bin/npm ]; then
        ../.venv/bin/uv pip install --quiet --python ../.venv/bin/python --require-hashes -r node.lock
    fi
    PATH="$(cd .. && pwd)/.venv/bin:$PATH"
fi

echo "构建页面 / building the pages ..." >&2
npm ci --silent --no-audit --no-fund
npm run build --silent >/dev/null
echo "$want" > "$stamp"
