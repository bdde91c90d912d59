#!/usr/bin/env python3
"""Lies of adapters: each is put into a copy of the daemon's sources, and its unit tests have to notice.

    tests/seams/run.py [NAME...]      all of seams.json, or those whose name contains one of the words

All lies are built at once, each behind a switch that the environment turns on (TWONODEHA_SEAM), so that one build serves for all.
Exit code 1: a lie that no test notices, or tests that fail without any.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "artifacts" / "seams"
TESTS = COPY / "tests" / "TwoNodeHa.Daemon.Tests"
SWITCH = """namespace TwoNodeHa.Agent;

/// <summary>The lie that this process tells.</summary>
public static class Seam
{
    private static readonly string? s_active = System.Environment.GetEnvironmentVariable("TWONODEHA_SEAM");

    /// <summary>It is this one.</summary>
    public static bool Is(string name) => s_active == name;
}
"""


def copy():
    if COPY.exists():
        shutil.rmtree(COPY)
    COPY.mkdir(parents=True)
    for name in ("Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "TwoNodeHa.sln", "ha.conf.example"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, COPY / name)
    skip = shutil.ignore_patterns("bin", "obj")
    for name in ("src", "tests/TwoNodeHa.Daemon.Tests", "tests/TwoNodeHa.XenApi.Tests", "tests/Directory.Build.props", "packaging", "docs"):
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, ignore=skip) if source.is_dir() else shutil.copy(source, target)


def put_in(seams):
    texts = {}
    for seam in seams:
        path = COPY / "src" / seam["file"]
        text = texts.setdefault(path, path.read_text(encoding="utf-8-sig"))
        if text.count(seam["find"]) != 1:
            sys.exit(f"{seam['name']}: '{seam['find']}' must occur exactly once in src/{seam['file']}")
        switch = f'global::TwoNodeHa.Agent.Seam.Is("{seam["name"]}")'
        texts[path] = text.replace(seam["find"], re.sub(r"\bOFF\b", lambda _: switch, seam["with"]))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    (COPY / "src" / "TwoNodeHa.Agent" / "Seam.cs").write_text(SWITCH, encoding="utf-8")


def build():
    quiet = ["-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false", "-v", "q", "--nologo"]
    done = subprocess.run(["dotnet", "build", *quiet, str(TESTS)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("\n".join(line for line in done.stdout.splitlines() if "error" in line)[:4000] or done.stderr)


def fails(name, filters):
    """The first test that fails with this lie; empty when all pass, None when none ran."""
    chosen = [word for each in filters for word in (("-method", f"*{each}*") if "." in each else ("-class", f"*.{each}"))]
    done = subprocess.run(
        [str(TESTS / "bin" / "Debug" / "net10.0" / "TwoNodeHa.Daemon.Tests"), *chosen, "-noColor"], capture_output=True, text=True,
        env=os.environ | {"TWONODEHA_SEAM": name})
    if done.returncode == 0:
        return "" if re.search(r"Total: +[1-9]", done.stdout) else None
    found = re.search(r"TwoNodeHa\.Daemon\.Tests\.(\S+).* \[FAIL\]", done.stdout)
    return found.group(1) if found else done.stdout.strip()[-200:]


def main():
    words = sys.argv[1:]
    seams = json.loads((pathlib.Path(__file__).parent / "seams.json").read_text(encoding="utf-8"))
    chosen = [seam for seam in seams if not words or any(word in seam["name"] for word in words)]
    copy()
    put_in(seams)
    build()
    for filters in {tuple(seam["tests"]) for seam in chosen}:
        if (sound := fails("", filters)) != "":
            sys.exit(f"without any lie, {' '.join(filters)}: {'no test ran' if sound is None else sound}")
    survivors = 0
    for seam in chosen:
        began = time.monotonic()
        caught = fails(seam["name"], seam["tests"])
        survivors += not caught
        print(f"{'killed  ' if caught else 'SURVIVES'} {seam['name']:<36} {time.monotonic() - began:5.1f} s  {caught or seam['lie']}", flush=True)
    print(f"{len(chosen)} lies, {len(chosen) - survivors} noticed, {survivors} not")
    shutil.rmtree(COPY)
    return 1 if survivors else 0


sys.exit(main())
