#!/usr/bin/env python3
"""Judges files of LPDDR4 commands by the tables of docs/blocks/memory_judges.md.

    check_commands.py [--set tFAW=100] FILE...

One line per file: how many commands, or the broken rule with both commands and their lines. Exit
code 0: all files are legal; 1: a rule is broken; 2: a file cannot be read.
"""
import argparse
import sys

LENGTH = {"ACT": 4, "RD": 4, "RDA": 4, "WR": 4, "WRA": 4, "MWR": 4, "MRW": 4, "MRR": 4, "PREPB": 2,
          "PREAB": 2, "REFPB": 2, "REFAB": 2, "SRE": 2, "SRX": 2, "ZQ": 2, "PDE": 1, "PDX": 1}
COLUMN = ("RD", "RDA", "WR", "WRA", "MWR")
READS, WRITES = ("RD", "RDA", "MRR"), ("WR", "WRA", "MWR")
PRECHARGES, OPENINGS = ("PREPB", "PREAB"), ("ACT", "REFPB", "REFAB", "SRE")
SETUP = ("MRW", "MRR", "ZQ", "PDE", "PDX")
ONE_BANK = ("ACT", "PREPB", "REFPB") + COLUMN

NUMBERS = {  # CK
    "RL": 32, "WL": 16, "tDQSCK": 7, "tDQSS": 1, "preamble": 2, "burst": 8, "nWR": 34, "tWRdata": 33,
    "tWTRdata": 18, "gap": 6, "tREFI": 7027, "postponed": 8,
    "tXP": 14, "tXSR": 518, "tZQLAT": 54, "tMRW": 18, "tMRD": 26, "tSR": 27, "tRFCab": 504, "tZQCAL": 1800,
    "tPPD": 4, "tRRD": 18, "tFAW": 72, "tpbR2pbR": 162, "tRCD": 33, "tRFCpb": 252, "tRAS": 76, "tRTP": 14,
    "tRPpb": 33, "tRPab": 38, "tRCpb": 108, "tRCab": 114, "tCCD": 8, "tCCDMW": 32, "tCKE": 14, "tCMDCKE": 4}
ORDER = ("tXP tXSR tZQLAT tMRW tMRD tSR tRFCab tZQCAL tPPD tRRD tFAW tpbR2pbR tRCD tRFCpb tRAS tRTP tWR tRPpb "
         "tRPab tRCpb tRCab tCCD tRTW tWTR tCCDMW rank_switch tCKE tCMDCKE tRDPDE tWRPDE").split()


class Broken(Exception):
    """A rule, the earlier command (or None) and what is wrong."""

    def __init__(self, rule, earlier, why):
        super().__init__(rule)
        self.rule, self.earlier, self.why = rule, earlier, why


class Command:
    """One line of a file."""

    def __init__(self, number, text):
        words = text.split()
        if len(words) != 6 or words[1] not in LENGTH:
            raise ValueError(f"line {number}: not a command: {text.strip()!r}")
        self.line, self.text, self.kind = number, text.strip(), words[1]
        wanted = [True, self.kind in ONE_BANK, self.kind == "ACT", self.kind in COLUMN]
        values = []
        for word, want, limit in zip(words[2:], wanted, (2, 8, 65536, 1024)):
            if (word == "-") == want or (want and not (word.isdecimal() and int(word) < limit)):
                raise ValueError(f"line {number}: {word!r} does not belong there: {self.text!r}")
            values.append(int(word) if want else None)
        if not words[0].isdecimal():
            raise ValueError(f"line {number}: {words[0]!r} is no clock")
        self.first = int(words[0])
        self.last = self.first + LENGTH[self.kind] - 1
        self.rank, self.bank, self.row, self.column = values
        if self.column is not None and self.column % 16:
            raise ValueError(f"line {number}: column {self.column} does not begin a burst")
        self.latch = False  # of ZQ


class Rank:
    """History of a rank: for every kind the last command; for every bank the same."""

    def __init__(self):
        self.latest = {}
        self.banks = [{} for _ in range(8)]
        self.open = [None] * 8        # the ACT
        self.closed = [{} for _ in range(8)]  # "pb", "ab": (clock, command) of closing alone, with all
        self.alone = [True] * 8       # how the last row was closed
        self.activations = []
        self.down = self.asleep = self.last = None
        self.calibrations = 0
        self.round = set()
        self.start = None
        self.count = [0] * 8
        self.refreshed = [(0, None)] * 8  # (clock, command)


class Judge:
    """Takes commands in order; raises Broken."""

    def __init__(self, numbers):
        self.n = numbers
        self.ranks = [Rank(), Rank()]
        self.bus = None

    def overdue(self, clock):
        most = (self.n["postponed"] + 1) * self.n["tREFI"]
        for index, rank in enumerate(self.ranks):
            if rank.start is None or rank.asleep:
                continue
            for bank in range(8):
                last, command = rank.refreshed[bank]
                if clock > rank.start + rank.count[bank] * self.n["tREFI"] + most:
                    raise Broken("refresh_debt", command, f"rank {index} bank {bank} is owed too many refreshes")
                if clock > last + most:
                    raise Broken("refresh_interval", command, f"rank {index} bank {bank} waited too long")

    def state(self, c, rank):
        """Rules of state."""
        if LENGTH[c.kind] > 1 and self.bus and c.first <= self.bus.last:
            raise Broken("ca_bus", self.bus, "the CA bus is taken")
        if rank.start is None and c.kind not in SETUP:
            self.begin(rank, c.last)
        self.overdue(c.last)
        if (rank.down is not None) != (c.kind == "PDX"):
            raise Broken("power_down", rank.down, "CKE is " + ("low" if rank.down else "high"))
        if c.kind not in ("PDE", "PDX") and (rank.asleep is not None) != (c.kind == "SRX"):
            raise Broken("self_refresh", rank.asleep, "in self refresh" if rank.asleep else "not in self refresh")
        if c.kind in COLUMN and not rank.open[c.bank]:
            last = max(rank.closed[c.bank].values(), key=lambda point: point[0], default=(0, None))
            raise Broken("bank_state", last[1], "the bank is closed")
        if c.kind in OPENINGS:
            for bank in [c.bank] if c.kind in ONE_BANK else range(8):
                if rank.open[bank]:
                    raise Broken("bank_state", rank.open[bank], f"bank {bank} is open")
        if c.kind == "REFPB" and c.bank in rank.round:
            raise Broken("refresh_order", rank.refreshed[c.bank][1], "not all banks had theirs since")

    @staticmethod
    def begin(rank, clock):
        rank.start = clock
        rank.count = [0] * 8
        rank.refreshed = [(clock, command) for _, command in rank.refreshed]

    def intervals(self, c, rank):
        """Yields (rule, clock from which it counts, earlier command, CK)."""
        n, kind = self.n, c.kind

        def after(rule, history, kinds, length):
            for k in kinds:
                if k in history:
                    yield rule, history[k].last, history[k], length

        write_end, read_end = n["WL"] + n["tDQSS"] + n["burst"], n["RL"] + n["tDQSCK"] + n["burst"]
        latest = rank.latest
        if kind == "PDX":
            yield from after("tCKE", latest, ["PDE"], n["tCKE"])
            return
        if kind == "PDE":
            yield from after("tCKE", latest, ["PDX"], n["tCKE"])
            if rank.last:
                yield "tCMDCKE", rank.last.last, rank.last, n["tCMDCKE"]
            yield from after("tMRD", latest, ["MRW"], n["tMRD"])
            yield from after("tRDPDE", latest, READS, read_end)
            last_write = max((latest[k] for k in WRITES if k in latest), key=lambda w: w.last, default=None)
            if last_write:
                recovery = n["nWR"] if last_write.kind == "WRA" else n["tWRdata"]
                yield "tWRPDE", last_write.last, last_write, write_end + recovery
            return
        yield from after("tXP", latest, ["PDX"], n["tXP"] + LENGTH[kind] - 1)
        yield from after("tXSR", latest, ["SRX"], n["tXSR"])
        yield from after("tZQLAT", latest, ["latch"], n["tZQLAT"])
        rule = "tMRW" if kind == "MRW" else "tMRD"
        yield from after(rule, latest, ["MRW"], n[rule])
        if kind == "SRX":
            yield from after("tSR", latest, ["SRE"], n["tSR"])
            return
        yield from after("tRFCab", latest, ["REFAB"], n["tRFCab"])
        if kind == "ZQ" and c.latch:
            yield from after("tZQCAL", latest, ["start"], n["tZQCAL"])
        if kind in PRECHARGES:
            yield from after("tPPD", latest, PRECHARGES, n["tPPD"])
        if kind in ("ACT", "REFPB"):
            yield from after("tRRD", latest, ["ACT", "REFPB"], n["tRRD"])
            if len(rank.activations) >= 4:
                yield "tFAW", rank.activations[-4].last, rank.activations[-4], n["tFAW"]
        if kind == "REFPB":
            yield from after("tpbR2pbR", latest, ["REFPB"], n["tpbR2pbR"])
        if kind in READS + WRITES:
            same, other = (WRITES, READS) if kind in WRITES else (READS, WRITES)
            yield from after("tCCD", latest, same, n["tCCD"])
            if kind in WRITES:
                yield from after("tRTW", latest, other, read_end - n["WL"] + n["preamble"])
            else:
                yield from after("tWTR", latest, other, write_end + n["tWTRdata"])
            begins = n["WL"] + n["tDQSS"] if kind in WRITES else n["RL"] + n["tDQSCK"]
            neighbour = self.ranks[1 - c.rank].latest
            yield from after("rank_switch", neighbour, READS, read_end + n["gap"] - begins)
            yield from after("rank_switch", neighbour, WRITES, write_end + n["gap"] - begins)
        for bank in range(8) if kind in ("PREAB", "REFAB", "SRE") else [c.bank] if c.bank is not None else []:
            history = rank.banks[bank]
            if kind in COLUMN:
                yield from after("tRCD", history, ["ACT"], n["tRCD"])
            else:
                yield from after("tRFCpb", history, ["REFPB"], n["tRFCpb"])
            if kind == "MWR":
                yield from after("tCCDMW", history, WRITES, n["tCCDMW"])
            if kind in PRECHARGES:
                yield from after("tRAS", history, ["ACT"], n["tRAS"])
                yield from after("tRTP", history, ["RD", "RDA"], n["tRTP"])
                yield from after("tWR", history, WRITES, write_end + n["tWRdata"])
            if kind in OPENINGS:
                for suffix, (clock, command) in rank.closed[bank].items():
                    yield "tRP" + suffix, clock, command, n["tRP" + suffix]
                rule = "tRCpb" if rank.alone[bank] else "tRCab"
                yield from after(rule, history, ["ACT"], n[rule])

    def judge(self, c):
        rank = self.ranks[c.rank]
        if c.kind == "ZQ":
            c.latch = rank.calibrations % 2 == 1
        self.state(c, rank)
        broken = [(clock + length, -ORDER.index(rule), rule, earlier, c.last - clock, length)
                  for rule, clock, earlier, length in self.intervals(c, rank) if c.last < clock + length]
        if broken:
            _, _, rule, earlier, got, length = max(broken, key=lambda b: b[:2])
            raise Broken(rule, earlier, f"{got} CK, at least {length}")
        self.take(c, rank)

    @staticmethod
    def close(rank, bank, how, clock, command):
        if rank.open[bank]:
            rank.alone[bank] = how == "pb"
        rank.open[bank] = None
        if clock >= rank.closed[bank].get(how, (0, None))[0]:
            rank.closed[bank][how] = (clock, command)

    def take(self, c, rank):
        n, kind = self.n, c.kind
        rank.latest[kind] = c
        if c.bank is not None:
            rank.banks[c.bank][kind] = c
        if LENGTH[kind] > 1:
            self.bus = rank.last = c
        if kind == "ACT":
            rank.open[c.bank] = c
        if kind in ("ACT", "REFPB"):
            rank.activations = rank.activations[-3:] + [c]
        if kind in ("PREPB", "RDA", "WRA"):
            later = {"PREPB": 0, "RDA": n["tRTP"], "WRA": n["WL"] + n["tDQSS"] + n["burst"] + n["nWR"]}[kind]
            self.close(rank, c.bank, "pb", c.last + later, c)
        for bank in range(8) if kind == "PREAB" else []:
            self.close(rank, bank, "ab", c.last, c)
        if kind == "PDE":
            rank.down = c
        if kind == "PDX":
            rank.down = None
        if kind == "ZQ":
            rank.latest["latch" if c.latch else "start"] = c
            rank.calibrations += 1
            if rank.calibrations == 2 and rank.start is None:
                self.begin(rank, c.last)
        if kind in ("REFPB", "REFAB"):
            ahead = (c.last - rank.start) // n["tREFI"] + n["postponed"]
            for bank in [c.bank] if kind == "REFPB" else range(8):
                rank.count[bank] = min(rank.count[bank] + 1, ahead)
                rank.refreshed[bank] = (c.last, c)
            rank.round = set() if kind == "REFAB" or len(rank.round) == 7 else rank.round | {c.bank}
        if kind == "SRE":
            rank.asleep, rank.round = c, set()
        if kind == "SRX":
            rank.start += c.last - rank.asleep.last
            rank.refreshed = [(c.last, command) for _, command in rank.refreshed]
            rank.asleep = None


def judge_file(path, numbers):
    """The line about a file, and the exit code."""
    judge, count, previous = Judge(numbers), 0, None
    try:
        with open(path, encoding="ascii") as lines:
            for number, text in enumerate(lines, 1):
                command = Command(number, text)
                if previous and command.first < previous.first:
                    raise ValueError(f"line {number}: clock {command.first} after {previous.first}")
                try:
                    judge.judge(command)
                except Broken as broken:
                    before = f" after line {broken.earlier.line} '{broken.earlier.text}'" if broken.earlier else ""
                    return f"{path}: {broken.rule} broken by line {number} '{command.text}'{before}: {broken.why}", 1
                count, previous = count + 1, command
    except (OSError, ValueError) as error:
        return f"{path}: {error}", 2
    return f"{path}: {count} commands, legal", 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=CK", help="another number in the table")
    args = parser.parse_args()
    numbers = dict(NUMBERS)
    for setting in args.set:
        name, _, value = setting.partition("=")
        if name not in numbers or not value.isdecimal():
            parser.error(f"--set {setting}: not one of " + " ".join(NUMBERS))
        numbers[name] = int(value)
    worst = 0
    for path in args.files:
        line, code = judge_file(path, numbers)
        print(line, file=sys.stderr if code == 2 else sys.stdout)
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
