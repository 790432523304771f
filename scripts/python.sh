#!/bin/sh
# Print the path of a Python >= 3.12 on this machine, or say in one sentence what to install.
# With an argument (the path of uv, which can fetch one) nothing is said.
# A candidate counts only when it runs: version managers leave shims that name a version and refuse to start.
usable() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }
for name in ${PYTHON:-} python3.12 python3.13 python3.14 python3 python; do
  path=$(command -v "$name" 2>/dev/null) && usable "$path" && { echo "$path"; exit 0; }
done
root=${PYENV_ROOT:-$HOME/.pyenv}
for path in "$root"/versions/3.1[2-9]*/bin/python3 /usr/local/bin/python3.1[2-9] /opt/*/bin/python3.1[2-9] \
            "$HOME"/.local/share/uv/python/*/bin/python3.1[2-9]; do
  [ -x "$path" ] && usable "$path" && { echo "$path"; exit 0; }
done
[ -n "${1:-}" ] && exit 1
echo "Qingdan needs Python 3.12 or newer with venv: install it (Debian: apt install python3.12-venv; others: python.org or 'uv python install 3.12') and run make again, or name it with PYTHON=/path/to/python3.12." >&2
echo "清单需要 Python 3.12 或更新版本（含 venv）：请安装后重新运行 make，或用 PYTHON=/路径/python3.12 指明。" >&2
exit 1
