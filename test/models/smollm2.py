#!/usr/bin/env python3
"""Checks SmolLM2-135M-Instruct (real weights, Q4_1) against what transformers computed in float32.

Each check is one ctest test; `compile` goes first and leaves three artifacts in the work folder: the default one
(16-bit activations, keys and values in f16), the exact one (float32), and one with 16-bit activations alone. Expected values: test/goldens/smollm2-135m.
"""
import argparse
import json
import os
import subprocess
import sys

TEXT = "/usr/share/common-licenses/GPL-3"


class Model:
    def __init__(self, arguments):
        self.tombolo = arguments.tombolo
        self.work = arguments.work
        self.fetch = arguments.fetch
        self.goldens = arguments.goldens
        self.default = os.path.join(self.work, "smollm2-135m.tbo")
        self.exact = os.path.join(self.work, "smollm2-135m-f32.tbo")
        self.integers = os.path.join(self.work, "smollm2-135m-i16.tbo")
        with open(os.path.join(self.goldens, "expected.json"), encoding="utf-8") as file:
            self.expected = json.load(file)

    def run(self, *command, text=None):
        """The JSON object that `tombolo COMMAND --json` prints."""
        result = subprocess.run([self.tombolo, *command, "--json"], input=text, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, encoding="utf-8", check=False)
        if result.returncode not in (0, 1) or not result.stdout:
            fail(f"'tombolo {' '.join(command)}' ended with {result.returncode}: {result.stderr}")
        return json.loads(result.stdout)

    def generate(self, artifact, prompt, *options, tokens=None):
        raw = ["--raw"] if prompt["kind"] == "raw" else []
        return self.run("run", artifact, "-p", prompt["prompt"], *raw, "--temperature", "0", "-n",
                        str(tokens or len(prompt["generated_ids"])), *options)


def fail(message):
    sys.exit(f"smollm2: {message}")


def expect(condition, message):
    if not condition:
        fail(message)


def compile_model(model):
    source = subprocess.run([model.fetch], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout.strip()
    os.makedirs(model.work, exist_ok=True)
    subprocess.run([model.tombolo, "compile", source, "-o", model.default], check=True)
    subprocess.run([model.tombolo, "compile", source, "-o", model.exact, "--activations", "f32"], check=True)
    subprocess.run([model.tombolo, "compile", source, "-o", model.integers, "--kv", "f32"], check=True)


def check_tokens(model):
    """The six prompts, raw and through the chat template, become the same ids."""
    for number, prompt in enumerate(model.expected["prompts"]):
        got = model.generate(model.exact, prompt, tokens=1)
        expect(got["input_ids"] == prompt["input_ids"],
               f"prompt {number}: ids {got['input_ids']}, expected {prompt['input_ids']}")


def check_generated(model):
    """Greedy continuations with float32 activations: every id and the text."""
    for number, prompt in enumerate(model.expected["prompts"]):
        got = model.generate(model.exact, prompt)
        expect(got["generated_ids"] == prompt["generated_ids"],
               f"prompt {number}: generated {got['generated_ids']}, expected {prompt['generated_ids']}")
        ended = prompt["generated_ids"][-1] == 2
        expect(got["finish_reason"] == ("stop" if ended else "length"),
               f"prompt {number}: finish reason {got['finish_reason']}")


def check_logits(model):
    """Logits behind the last prompt token, exact and with 16-bit activations.

    Keys and values in f16 add up to 1e-3 by themselves behind the shortest prompt, whose first token has very large
    ones (in bf16, with 8 times fewer numbers, 8e-3): what they cost is judged by the divergence.
    """
    for artifact, tolerance in ((model.exact, 1e-4), (model.integers, 1e-3)):
        for number in range(len(model.expected["prompts"])):
            reference = os.path.join(model.goldens, f"prompt-{number}.safetensors")
            got = model.run("verify", artifact, "--reference", reference, "--tolerance", str(tolerance))
            expect(got["logits_error"] <= tolerance,
                   f"prompt {number}: logits differ by {got['logits_error']}, tolerance {tolerance}")
            print(f"prompt {number}, tolerance {tolerance}: {got['logits_error']:.2e}, "
                  f"{got['generated_matched']}/{got['generated_total']} tokens")


def check_perplexity(model):
    """Twelve windows of 512 tokens of GPL-3, all positions and second halves, within 0.1%."""
    stored = model.expected["perplexity"]
    for score, want in (("all", stored), ("second-half", stored["second_half"])):
        got = model.run("eval", model.default, "--text", TEXT, "--context", str(stored["context"]), "--windows",
                        str(stored["windows"]), "--score", score)
        expect(got["tokens"] == stored["tokens"], f"{got['tokens']} tokens, expected {stored['tokens']}")
        expect(got["scored_tokens"] == want["scored_tokens"],
               f"{got['scored_tokens']} positions scored, expected {want['scored_tokens']}")
        error = abs(got["perplexity"] / want["perplexity"] - 1)
        print(f"{score}: perplexity {got['perplexity']:.4f}, expected {want['perplexity']:.4f}")
        expect(error <= 1e-3, f"perplexity {got['perplexity']}, expected {want['perplexity']} within 0.1%")


def check_divergence(model):
    """The default artifact's distributions against the exact one's."""
    got = model.run("eval", model.default, "--text", TEXT, "--context", "512", "--windows", "3", "--against",
                    model.exact)
    mean = got["kl_divergence"]["mean"]
    print(f"KL divergence: mean {mean:.2e}, max {got['kl_divergence']['max']:.2e}")
    expect(mean < 2e-5, f"mean KL divergence {mean}, expected less than 2e-5")


def check_threads(model):
    """Results do not depend on the number of threads."""
    prompt = model.expected["prompts"][2]
    results = [model.generate(model.default, prompt, "--threads", str(threads))["generated_ids"]
               for threads in (1, 2, 3, 5)]
    expect(all(ids == results[0] for ids in results), f"generated ids by threads: {results}")
    reference = os.path.join(model.goldens, "prompt-2.safetensors")
    errors = [model.run("verify", model.default, "--reference", reference, "--threads", str(threads))["logits_error"]
              for threads in (1, 2, 3)]
    expect(all(error == errors[0] for error in errors), f"logits errors by threads: {errors}")


def check_conversation(model):
    """A turn feeds the tokens behind the common prefix only."""
    got = model.run("run", model.default, "--conversation", "-n", "16", "--temperature", "0",
                    text="What is gravity?\nAnd what is light?\n")
    first, second = got["turns"]
    expect(first["prefilled_tokens"] == len(first["input_ids"]),
           f"first turn: {first['prefilled_tokens']} of {len(first['input_ids'])} tokens fed")
    # The answer's tokens are in the states; what is fed is at most what stands behind them, and their last one.
    behind = len(second["input_ids"]) - len(first["input_ids"]) - len(first["generated_ids"])
    expect(0 < second["prefilled_tokens"] <= behind + 2,
           f"second turn: {second['prefilled_tokens']} of {len(second['input_ids'])} tokens fed, {behind} are new")


def check_memory(model):
    """What a run takes at its peak, beside what `inspect` says: within 10%."""
    context = 2048
    predicted = model.run("inspect", model.default, "--context", str(context))["targets"][0]["memory_bytes"]
    ids = (model.expected["prompts"][2]["input_ids"] * context)[:context - 8]
    command = [os.path.join(os.path.dirname(model.tombolo), "tombolo-run"), model.default, "--ids",
               ",".join(map(str, ids)), "-n", "8", "--ignore-eos", "--context", str(context)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    expect(process.returncode == 0, f"tombolo-run ended with {process.returncode}")
    peak = usage.ru_maxrss * 1024
    print(f"peak {peak / 1e6:.1f} MB, predicted {predicted / 1e6:.1f} MB")
    expect(abs(peak / predicted - 1) <= 0.1, f"a run took {peak} bytes, but inspect said {predicted}")


CHECKS = {
    "compile": compile_model,
    "tokens": check_tokens,
    "generated": check_generated,
    "logits": check_logits,
    "perplexity": check_perplexity,
    "divergence": check_divergence,
    "threads": check_threads,
    "conversation": check_conversation,
    "memory": check_memory,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tombolo", required=True)
    parser.add_argument("--goldens", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--fetch")
    parser.add_argument("check", choices=CHECKS)
    arguments = parser.parse_args()
    CHECKS[arguments.check](Model(arguments))


if __name__ == "__main__":
    main()
