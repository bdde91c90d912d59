#!/usr/bin/env python3
"""Lies of adapters: each is put into a copy of the daemon's sources, and the tests that it names have to notice.

    tests/seams/run.py [NAME...]      all of seams.json, or those whose name contains one of the words

All lies are built at once, each behind a switch that the environment turns on (TWONODEHA_SEAM), so that one build serves for all.
The last line counts: noticed passed, unnoticed failed. Exit code 1: a lie that no test notices; 2: a lie that cannot be put in, or
tests that fail without any.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "artifacts" / "seams"
PROJECTS = ("TwoNodeHa.Daemon.Tests", "TwoNodeHa.XenApi.Tests")
PATIENCE = 60  # s; tests of one lie that take longer hang, which is noticed too
SOUND = 600  # s; all of them without a lie
AT_ONCE = 2 * (os.cpu_count() or 1)  # they wait more than they work
SWITCH = """namespace TwoNodeHa.Seams;

/// <summary>The lie that this process tells.</summary>
internal static class Seam
{
    private static readonly string? s_active = System.Environment.GetEnvironmentVariable("TWONODEHA_SEAM");

    /// <summary>It is this one.</summary>
    public static bool Is(string name) => s_active == name;
}
"""


def fail(text):
    print(f"FAILED: {text}")
    sys.exit(2)


def copy():
    if COPY.exists():
        shutil.rmtree(COPY)
    COPY.mkdir(parents=True)
    for name in ("Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "TwoNodeHa.sln", "ha.conf.example"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, COPY / name)
    skip = shutil.ignore_patterns("bin", "obj")
    for name in ("src", *(f"tests/{project}" for project in PROJECTS), "tests/Directory.Build.props", "packaging", "docs"):
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, ignore=skip) if source.is_dir() else shutil.copy(source, target)


def put_in(seams):
    texts, stale = {}, []
    for seam in seams:
        path = COPY / "src" / seam["file"]
        text = texts.setdefault(path, path.read_text(encoding="utf-8-sig"))
        if text.count(seam["find"]) != 1:
            stale.append(f"{seam['name']}: '{seam['find']}' must occur exactly once in src/{seam['file']}")
            continue
        switch = f'global::TwoNodeHa.Seams.Seam.Is("{seam["name"]}")'
        texts[path] = text.replace(seam["find"], re.sub(r"\bOFF\b", lambda _: switch, seam["with"]))
    if stale:
        fail("\n".join(stale))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    for assembly in {seam["file"].split("/")[0] for seam in seams}:
        (COPY / "src" / assembly / "Seam.cs").write_text(SWITCH, encoding="utf-8")


def build():
    quiet = ["-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false", "-v", "q", "--nologo"]
    for project in PROJECTS:
        done = subprocess.run(["dotnet", "build", *quiet, str(COPY / "tests" / project)], capture_output=True, text=True)
        if done.returncode != 0:
            fail("\n".join(line for line in done.stdout.splitlines() if "error" in line)[:4000] or done.stderr)


def place(filters):
    """By project, the words that choose these tests (CLASS or CLASS.METHOD)."""
    chosen = {}
    for each in filters:
        name = each.split(".")[0]
        homes = [project for project in PROJECTS if any((COPY / "tests" / project).rglob(f"{name}.cs"))]
        if not homes:
            fail(f"there is no {name}.cs in {' or '.join(PROJECTS)}")
        chosen.setdefault(homes[0], []).extend(("-method", f"*.{each}*" if "." in each else f"*.{each}.*"))
    return chosen


def fails(name, filters, patience=PATIENCE):
    """The first test that fails with this lie; empty when all pass, None when none ran."""
    ran = False
    for project, words in place(filters).items():
        try:
            done = subprocess.run(
                [str(COPY / "tests" / project / "bin" / "Debug" / "net10.0" / project), *words, "-noColor", "-stopOnFail"],
                capture_output=True, text=True, env=os.environ | {"TWONODEHA_SEAM": name}, timeout=patience)
        except subprocess.TimeoutExpired:
            return f"hangs for {patience} s"
        found = re.search(r"TwoNodeHa\.\w+\.Tests\.(\S+).* \[FAIL\]", done.stdout)
        if done.returncode != 0 or found:
            return found.group(1) if found else done.stdout.strip()[-200:]
        ran |= bool(re.search(r"Total: +[1-9]", done.stdout))
    return "" if ran else None


def timed(seam):
    start = time.monotonic()
    return fails(seam["name"], seam["tests"]), time.monotonic() - start


def main():
    words = sys.argv[1:]
    seams = json.loads((pathlib.Path(__file__).parent / "seams.json").read_text(encoding="utf-8"))
    chosen = [seam for seam in seams if not words or any(word in seam["name"] for word in words)]
    began = time.monotonic()
    copy()
    put_in(seams)
    build()
    print(f"built in {time.monotonic() - began:.0f} s", flush=True)
    if (sound := fails("", sorted({test for seam in chosen for test in seam["tests"]}), SOUND)) != "":
        fail(f"without any lie: {'no test ran' if sound is None else sound}")
    survivors = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for seam, (caught, took) in zip(chosen, pool.map(timed, chosen)):
            if caught is None:
                fail(f"{seam['name']}: no test ran")
            survivors += not caught
            print(f"{'killed' if caught else 'FAILED: nothing notices'} {seam['name']:<36} {took:5.1f} s  {caught or seam['lie']}", flush=True)
    print(f"{len(chosen)} lies, {time.monotonic() - began:.0f} s")
    shutil.rmtree(COPY)
    print(f"{len(chosen) - survivors} passed, {survivors} failed, 0 skipped")
    return 1 if survivors else 0


sys.exit(main())
