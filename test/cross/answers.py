#!/usr/bin/env python3
"""Answers of compiled goldens on another architecture, in an emulator.

Compiles a golden for several levels into one artifact and runs each with the
runtime of that architecture; the ids must be those of transformers, whatever
the number of threads.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys


def integers(path, name):
    """An I64 or I32 tensor of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    entry = json.loads(data[8 : 8 + size])[name]
    begin, end = entry["data_offsets"]
    letter = {"I64": "q", "I32": "i"}[entry["dtype"]]
    count = (end - begin) // struct.calcsize("<" + letter)
    return list(struct.unpack_from(f"<{count}{letter}", data, 8 + size + begin))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tombolo", required=True)
    parser.add_argument("--levels", required=True, help="cpu:A,cpu:B,...")
    parser.add_argument("--options", default="", help="compile options")
    parser.add_argument("--artifact", required=True)
    parser.add_argument("source")
    parser.add_argument("expected")
    parser.add_argument("runner", nargs=argparse.REMAINDER,
                        help="emulator and tombolo-run")
    arguments = parser.parse_args()
    subprocess.run([arguments.tombolo, "compile", arguments.source, "-o",
                    arguments.artifact, "--target", arguments.levels,
                    *arguments.options.split()], check=True)
    prompt = integers(arguments.expected, "input_ids")
    expected = integers(arguments.expected, "generated_ids")
    failed = False
    for level in ["auto", *arguments.levels.split(",")]:
        for threads in (1, 2):
            answer = subprocess.run(
                [*arguments.runner, arguments.artifact, "--target", level,
                 "--threads", str(threads), "--ids",
                 ",".join(map(str, prompt)), "-n", str(len(expected)),
                 "--temperature", "0", "--ignore-eos", "--json"],
                stdout=subprocess.PIPE, check=True)
            ids = json.loads(answer.stdout)["generated_ids"]
            good = ids == expected
            failed |= not good
            print(f"{level}, {threads} threads:",
                  f"{len(ids)} ids are right" if good
                  else f"expects {expected}, but got {ids}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
