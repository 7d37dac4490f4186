#!/usr/bin/env bash
# The steps of action.yml: install, compare, comment, gate. Whatever a branch or a DAG is called is never code here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
private=$RUNNER_TEMP/dagserial
tool=$private/bin/dagserial

fail() { # message
    echo "::error title=dagserial::$(escaped "$1")"
    exit 2
}

escaped() { # text, as workflow commands hold it
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '%s' "${text//$'\n'/%0A}"
}

install() {
    local source="${here%/*}[parse]"
    [ -z "${INPUT_VERSION:-}" ] || source="dagserial[parse]==$INPUT_VERSION"
    "${INPUT_PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "dagserial needs Python 3.11 or newer: run actions/setup-python first, or set the input python"
    "${INPUT_PYTHON:-python3}" -m venv "$private"
    "$private/bin/python" -m pip install --quiet --disable-pip-version-check "$source"
    "$tool" --version
}

is_shallow() {
    [ "$(git rev-parse --is-shallow-repository)" = true ]
}

# Sets `base` to what the remote calls so, and sees to it that the commit where both sides parted is there: a checkout
# has one commit by default. A full clone stays one.
fetch_base() { # name head
    local name=${1#origin/} depth=() branch
    branch="+refs/heads/$name:refs/remotes/origin/$name"
    ! is_shallow || depth=(--depth=1)
    if git check-ref-format "refs/heads/$name" && git fetch --quiet --no-tags ${depth[@]+"${depth[@]}"} origin "$branch"; then
        base=refs/remotes/origin/$name
    elif [[ $name =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]] && git fetch --quiet --no-tags ${depth[@]+"${depth[@]}"} origin "$name"; then
        base=$name branch=$name
    else
        fail "origin has no branch or commit '$name'"
    fi
    local more=50 commit
    commit=$(git rev-parse --verify --quiet --end-of-options "$2^{commit}") || fail "there is no commit '$2' here"
    until git merge-base "$base" "$commit" >/dev/null; do
        is_shallow || fail "'$name' and '$2' have no ancestor in common"
        if [ "$more" -le 6400 ] && git fetch --quiet --no-tags --deepen="$more" origin "$branch" "$commit"; then
            more=$((more * 2))
        else
            git fetch --quiet --no-tags --unshallow origin "$branch" || fail "origin does not give the history of '$name'"
            git merge-base "$base" "$commit" >/dev/null || fail "'$name' and '$2' have no ancestor in common"
        fi
    done
}

compare() {
    cd "${INPUT_WORKING_DIRECTORY:-.}"
    local name=${INPUT_BASE:-${GITHUB_BASE_REF:-}} head=${INPUT_HEAD:-HEAD} out=$private/diff base code=0 args=()
    [ -n "$name" ] || fail "there is no base to compare with: this is no pull request, so set the input base"
    fetch_base "$name" "$head"
    mkdir -p "$out"
    rm -f "$out"/*
    read -r -d '' -a args <<<"${INPUT_ARGS:-}" || true
    "$tool" diff "${base#refs/remotes/}...$head" --fail-on "${INPUT_FAIL_ON:-breaking}" \
        -f github -f "text=$out/diff.txt" -f "markdown=$out/diff.md" -f "html=$out/diff.html" -f "json=$out/diff.json" \
        ${args[@]+"${args[@]}"} || code=$?
    [ -f "$out/diff.json" ] || exit "$code"
    show "$out/diff.txt"
    cat "$out/diff.md" >>"$GITHUB_STEP_SUMMARY"
    told "$out/diff.json" >>"$GITHUB_OUTPUT"
    printf '%s\n' "code=$code" "markdown=$out/diff.md" "html=$out/diff.html" "json=$out/diff.json" >>"$GITHUB_OUTPUT"
}

told() { # document
    "$private/bin/python" - "$1" <<'END'
import json, sys

with open(sys.argv[1], encoding="utf-8") as file:
    summary = json.load(file)["summary"]
print(f"changed={'true' if any(summary['changes'].values()) else 'false'}")
print(f"severity={summary.get('max_severity') or 'none'}")
END
}

# The runner obeys any line that starts with `::`, behind blanks, too; so what comes from DAGs is fenced off.
show() { # file
    local fence
    fence=$("$private/bin/python" -c 'import secrets; print(secrets.token_hex(16))')
    echo "::group::What changed"
    echo "::stop-commands::$fence"
    cat "$1"
    echo "::$fence::"
    echo "::endgroup::"
}

comment() {
    local news=true
    [ "$CHANGED$CODE" != false0 ] || news=false
    "$private/bin/python" "$here/comment.py" "$MARKDOWN" "$news"
}

gate() {
    case $CODE in
        0) echo "The gravest change is: $SEVERITY. The gate is open (fail-on: $INPUT_FAIL_ON)." ;;
        1) echo "::error title=dagserial::The gravest change is $SEVERITY, and the gate closes at ${INPUT_FAIL_ON}." ;;
        *) echo "::error title=dagserial::Some DAG files cannot be read any more, so nobody can tell what became of their DAGs." ;;
    esac
    exit "$CODE"
}

case ${1:-} in
    install | compare | comment | gate) "$1" ;;
    *) fail "usage: action.sh install|compare|comment|gate" ;;
esac
