#!/usr/bin/env python3
"""Measures what training costs on parts of a text, fits how that grows, and prints the tables of
src/train/SCALING.md.

    tools/scaling.py build/bytepiece TEXT [MB...] [--ranks N...]

Parts are stretches of 64 KB at equal distances in the text: 1, 4, 16, 64 MB and all of it, or as many MB as are
named. One thread, --order 6, CPU seconds: what else the machine does matters little. --ranks: also trains on all of
the text with so many ranks on this machine. Takes ten minutes of CPU per GB.
"""
import argparse
import json
import math
import os
import re
import resource
import subprocess
import tempfile

CORES, NETWORK = 32, 1.25e9  # of a node: cores that work, bytes a second (10 Gbit/s)
MIN_COUNT_PER_BYTE = 32 / 1e8  # grows with the text, so that the n-gram model does not; at least 2
SHARDS = 4
STRETCH = 1 << 16


def min_count(size):
    return str(max(2, round(MIN_COUNT_PER_BYTE * size)))


def run(program, *arguments):
    """What the command says of itself, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run([program, *arguments, "-T", "1", "-q", "--json"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**json.loads(result.stdout), "cpu": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime}


def found(result, stage):
    """The numbers in what a stage found."""
    return [int(n) for n in re.findall(r"\d+", next(s["found"] for s in result["stages"] if s["stage"] == stage))]


def write_part(text, size, path):
    whole = os.path.getsize(text)
    stretches = max(1, size // STRETCH)
    with open(text, "rb") as source, open(path, "wb") as target:
        if size >= whole:
            while block := source.read(1 << 24):
                target.write(block)
            return
        for i in range(stretches):
            source.seek(i * whole // stretches)
            stretch = source.read(STRETCH)
            target.write(stretch[stretch.find(b"\n") + 1 : stretch.rfind(b"\n") + 1] or stretch)


def memory_of_model(program, part, ngrams, size):
    """The least memory that is enough for the n-gram model, as the command says when it gets less."""
    arguments = ["count-pieces", part, "--ngrams", ngrams, "--min-count", min_count(size), "--memory", "1M", "-o", "/dev/null"]
    message = subprocess.run([program, *arguments], capture_output=True, text=True).stderr
    return (int(re.search(r"need (\d+) MB", message).group(1)) - 17) * 1e6  # besides 16 MiB for all else


def measure(program, text, size, folder):
    part = os.path.join(folder, "part")
    write_part(text, size, part)
    size = os.path.getsize(part)
    name = lambda what: os.path.join(folder, what)
    shards = [run(program, "count-ngrams", part, "--shard", f"{i}/{SHARDS}", "-o", name(f"ngrams.{i}")) for i in range(1, SHARDS + 1)]
    merge = run(program, "merge", *(s["output"] for s in shards), "-o", name("ngrams"))
    walk = run(program, "merge", name("ngrams"), "-o", name("again"))
    pieces = run(program, "count-pieces", part, "--ngrams", name("ngrams"), "--min-count", min_count(size), "-o", name("pieces"))
    finish = run(program, "finish", name("pieces"), "-o", name("model"), "--vocab-size", "32000")
    known = found(pieces, "merge n-grams")[0]
    return {
        "bytes": size,
        "ngrams": merge["entries"], "ngram_bytes": merge["bytes"] / merge["entries"],
        "pieces": pieces["entries"], "piece_bytes": pieces["bytes"] / pieces["entries"],
        "known": known, "model": memory_of_model(program, part, name("ngrams"), size) / known,
        "candidates": found(finish, "prune")[1],
        "count": (sum(s["cpu"] for s in shards) + pieces["cpu"] - walk["cpu"]) / size,
        "merge": merge["cpu"] / sum(s["entries"] for s in shards),
        "prune": finish["cpu"] / pieces["entries"],
    }


def power_law(rows, key):
    """key = a * bytes^b: b by least squares of the logarithms, a from the largest text."""
    xs = [math.log(row["bytes"]) for row in rows]
    ys = [math.log(row[key]) for row in rows]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    b = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)
    b = min(b, 1)  # nothing grows faster than the text for long
    return lambda size: math.exp(ys[-1] + b * (math.log(size) - xs[-1])), b


def human(number, unit=""):
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {prefix}{unit}"
    return f"{number:.3g} {unit}"


def duration(seconds):
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def head(*cells):
    row(*cells)
    print("| ---: " * len(cells) + "|")


class Costs:
    """What training on a text of some size costs, from what was measured last and how that grows."""

    def __init__(self, rows):
        self.last = rows[-1]
        self.ngrams, self.ngram_exponent = power_law(rows, "ngrams")
        self.pieces, self.piece_exponent = power_law(rows, "pieces")

    def counts(self, size):  # bytes of all counts of so much text
        return self.ngrams(size) * self.last["ngram_bytes"], self.pieces(size) * self.last["piece_bytes"]

    def gathered(self):  # bytes of what every rank gets whole: the frequent n-grams, the candidates
        return self.last["known"] * self.last["ngram_bytes"] + self.last["candidates"] * self.last["piece_bytes"]

    def sent(self, size, ranks):  # by all ranks together
        if ranks == 1:
            return 0
        gains = 8 * self.last["candidates"] * ranks
        return (ranks - 1) * (sum(self.counts(size / ranks)) + self.gathered()) + gains

    def counting(self, size, cores):
        return size / cores * self.last["count"]

    def merging(self, size, ranks):  # by one thread: a share is sorted out, then the range is walked, as many n-grams
        return (1 if ranks == 1 else 2) * self.ngrams(size / ranks) * self.last["merge"]

    def pruning(self, size, cores):
        return self.pieces(size) / cores * self.last["prune"]


def print_forecast(costs):
    head("text", "nodes x ranks", "time", "of it counting", "merging", "network", "counts in a node", "sent, all ranks", "per byte of text")
    for size in (1e11, 1e12, 1e13):
        for nodes in (1, 16, 256):
            for each in (1, 8):
                ranks, cores = nodes * each, nodes * CORES
                counting, merging, sent = costs.counting(size, cores), costs.merging(size, ranks), costs.sent(size, ranks)
                network = sent / nodes * (nodes - 1) / nodes / NETWORK
                time = counting + merging + network + costs.pruning(size, cores)
                row(human(size, "B"), f"{nodes} x {each}", duration(time), duration(counting), duration(merging), duration(network),
                    human(each * costs.counts(size / ranks)[0], "B"), human(sent, "B"), f"{sent / size:.2f}")


def print_ranks(program, text, numbers, costs):
    size = os.path.getsize(text)
    head("ranks", "sent, per byte of text", "as computed above", "most memory of a rank, one thread")
    for ranks in numbers:
        with tempfile.TemporaryDirectory() as folder:
            result = run("mpirun", "--oversubscribe", "--bind-to", "none", "-np", str(ranks), program, "train", "--mpi", text,
                         "--min-count", min_count(size), "--vocab-size", "32000", "-o", os.path.join(folder, "model"))
        row(str(ranks), f"{result['bytes_sent'] / size:.2f}", f"{costs.sent(size, ranks) / size:.2f}", human(max(result["peak_memory_of_ranks"]), "B"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("text")
    parser.add_argument("mb", nargs="*", type=float)
    parser.add_argument("--ranks", nargs="*", type=int, default=[])
    options = parser.parse_args()
    whole = os.path.getsize(options.text)
    sizes = [int(mb * 1e6) for mb in options.mb] or [1000000 * 4**i for i in range(4)] + [whole]
    rows = []
    head("text", "different n-grams", "bytes each", "frequent ones", "bytes each in the model", "different pieces", "bytes each", "candidates",
         "counting, CPU ns a byte", "merging, ns an n-gram", "pruning, ns a piece")
    for size in sorted(set(min(size, whole) for size in sizes)):
        with tempfile.TemporaryDirectory() as folder:
            r = measure(options.program, options.text, size, folder)
        rows.append(r)
        row(human(r["bytes"], "B"), human(r["ngrams"]), f"{r['ngram_bytes']:.1f}", human(r["known"]), f"{r['model']:.0f}", human(r["pieces"]),
            f"{r['piece_bytes']:.1f}", human(r["candidates"]), f"{1e9 * r['count']:.0f}", f"{1e9 * r['merge']:.0f}", f"{1e9 * r['prune']:.0f}")
    if len(rows) < 2:
        return
    costs = Costs(rows)
    print(f"\nDifferent n-grams grow with the text to the power of {costs.ngram_exponent:.3f}, different pieces {costs.piece_exponent:.3f}.\n")
    print_forecast(costs)
    if options.ranks:
        print()
        print_ranks(options.program, options.text, options.ranks, costs)


main()
