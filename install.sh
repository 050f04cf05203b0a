#!/usr/bin/env bash
# Makes .venv with Python 3.10 and the locked dependencies. Does nothing when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")"

stamp=.venv/.installed
want=$(cat requirements.lock installer.lock pyproject.toml | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ] && exit 0

is_310() { "$@" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

make_venv() {
    if is_310 .venv/bin/python; then return; fi
    rm -rf .venv
    if is_310 python3.10; then
        python3.10 -m venv .venv
    elif command -v pyenv >/dev/null && is_310 "$(pyenv prefix 3.10 2>/dev/null)/bin/python3.10"; then
        "$(pyenv prefix 3.10)/bin/python3.10" -m venv .venv
    elif command -v uv >/dev/null && uv venv --quiet --seed --python 3.10 .venv; then
        :
    else
        echo "需要 Python 3.10:请安装 python3.10(系统包或 pyenv install 3.10),或安装 uv。" \
             "/ Python 3.10 is needed: install python3.10 (a package, or pyenv install 3.10), or uv." >&2
        exit 2
    fi
}

make_venv
echo "安装依赖 / installing the locked dependencies ..." >&2
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r installer.lock 2>&1 \
    | grep -v "is ignored: it is neither a file nor a directory" >&2 || true
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
echo "$want" > "$stamp"
