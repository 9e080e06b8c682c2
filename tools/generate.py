#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generates SystemVerilog packages, C++ headers and documentation tables from the data files.

  tools/generate.py                               regenerate everything that is committed
  tools/generate.py --check                       fail if a generated file differs from its source
  tools/generate.py --config F.json --out DIR     packages of a custom configuration (not committed)

One JSON file per subject lies beside its owner (rtl/*/*.json). Overlaps, over-wide fields and gaps
that are not declared are errors. The configuration file is described in docs/guide/configurations.md.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class DataError(Exception):
    pass


# Blocks whose gen/ folders have a generator of their own: tools/<block>/generate.py.
GENERATED_ELSEWHERE = ("activation",)


def fail(source, text):
    raise DataError(f"{source}: {text}")


def camel(name):
    return "".join(part.capitalize() if part.islower() or part.isupper() else part[0].upper() + part[1:]
                   for part in name.split("_"))


def snake_ok(source, name):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        fail(source, f"name '{name}' is not lower_snake_case")


def banner(mark, source):
    return (f"{mark} Generated from {source} by tools/generate.py. Do not edit; run `make generate`.\n"
            f"{mark} SPDX-License-Identifier: Apache-2.0\n")


def wrap(mark, text, width=98):
    import textwrap
    return "\n".join(textwrap.wrap(text, width, initial_indent=mark + " ", subsequent_indent=mark + " ")) + "\n"


def log2_width(value):
    return max(1, int(value).bit_length())


# ---------------------------------------------------------------------------------------- shared

def sv_constants(constants):
    out = ""
    for c in constants:
        out += wrap("  //", c["prose"])
        out += f"  localparam int unsigned {c['name']} = {c['value']};\n"
    return out


def sv_enums(enums):
    out = ""
    for e in enums:
        out += "\n" + wrap("  //", e["prose"])
        out += f"  typedef enum logic [{e['width'] - 1}:0] {{\n"
        rows = [f"    {camel(e['name'])}{v['name']} = {e['width']}'d{v['value']}" for v in e["values"]]
        out += ",\n".join(rows) + f"\n  }} {e['name']}_e;\n"
    return out


def sv_struct(name, prose, fields):
    """fields: list of (name, bits, signed, prose) from the most significant down."""
    out = "\n" + wrap("  //", prose) + "  typedef struct packed {\n"
    for fname, bits, signed, _ in fields:
        kind = "logic signed" if signed else "logic"
        rng = f" [{bits - 1}:0]" if bits > 1 else ""
        out += f"    {kind}{rng} {fname};\n"
    return out + f"  }} {name}_t;\n"


def check_enums(source, enums):
    for e in enums:
        snake_ok(source, e["name"])
        seen = {}
        for v in e["values"]:
            if v["value"] >> e["width"]:
                fail(source, f"enum {e['name']}: {v['name']} = {v['value']} does not fit {e['width']} bits")
            if v["value"] in seen:
                fail(source, f"enum {e['name']}: {v['name']} and {seen[v['value']]} have the same value")
            seen[v["value"]] = v["name"]


def cpp_type(bits, signed=False):
    for width in (8, 16, 32, 64):
        if bits <= width:
            return f"std::{'' if signed else 'u'}int{width}_t"
    raise ValueError(bits)


def cpp_constants(constants):
    return "".join(wrap("///", c["prose"]) + f"inline constexpr std::uint32_t k{c['name']} = {c['value']};\n"
                   for c in constants)


def cpp_enums(enums):
    out = ""
    for e in enums:
        out += "\n" + wrap("///", e["prose"]) + f"enum class {camel(e['name'])} : {cpp_type(e['width'])} {{\n"
        for v in e["values"]:
            out += f"  k{v['name']} = {v['value']},  ///< {v['prose']}\n"
        out += "};\n"
        out += f"[[nodiscard]] constexpr const char* to_string({camel(e['name'])} value) {{\n  switch (value) {{\n"
        for v in e["values"]:
            out += f"    case {camel(e['name'])}::k{v['name']}:\n      return \"{v['name']}\";\n"
        out += "  }\n  return \"?\";\n}\n"
    return out


def md_enums(enums):
    out = ""
    for e in enums:
        out += f"\n### {e['name']} ({e['width']} bits)\n\n{e['prose']}\n\n"
        out += "| value | name | meaning |\n| --- | --- | --- |\n"
        for v in e["values"]:
            out += f"| {v['value']} | {v['name']} | {v['prose']} |\n"
    return out


def md_constants(constants):
    if not constants:
        return ""
    out = "\n| constant | value | meaning |\n| --- | --- | --- |\n"
    for c in constants:
        out += f"| {c['name']} | {c['value']} | {c['prose']} |\n"
    return out


def cpp_file(source, includes, namespace, body):
    inc = "".join(f"#include <{i}>\n" for i in includes)
    return (banner("//", source) + "#pragma once\n\n" + inc + f"\nnamespace s4::{namespace} {{\n\n"
            + body + f"\n}}  // namespace s4::{namespace}\n")


def sv_file(source, package, prose, body):
    return banner("//", source) + "\n" + wrap("///", prose) + f"package {package};\n\n" + body + "\nendpackage\n"


# -------------------------------------------------------------------------------- configurations

def config_values(source, data, values, name):
    known = {p["name"]: p for p in data["parameters"]}
    for key in values:
        if key not in known:
            fail(source, f"configuration '{name}': unknown parameter '{key}'"
                 f" (known: {', '.join(known)})")
    for key, p in known.items():
        if key not in values:
            fail(source, f"configuration '{name}': parameter '{key}' is missing")
        if type(values[key]) is not int or values[key] not in p["legal"]:
            fail(source, f"configuration '{name}': {key} = {json.dumps(values[key])} is not legal; legal values are "
                 f"{', '.join(map(str, p['legal']))} ({p['unit']})")
    scope = dict(values)
    for rule in data["rules"]:
        if not eval(rule["expr"], {"__builtins__": {}}, scope):
            fail(source, f"configuration '{name}': broken rule: {rule['prose']} ({rule['expr']})")
    derived = {}
    for d in data["derived"]:
        derived[d["name"]] = int(eval(d["expr"], {"__builtins__": {}}, scope))
    canonical = json.dumps({"format": data["format_version"], "values": values}, sort_keys=True)
    digest = int(hashlib.sha256(canonical.encode()).hexdigest()[:16], 16)
    return derived, digest


def config_sv(source, data, name, values):
    derived, digest = config_values(source, data, values, name)
    body = f"  // Configuration: {name}\n"
    for p in data["parameters"]:
        body += wrap("  //", f"{p['prose']} [{p['unit']}]")
        body += f"  localparam int unsigned {p['name']} = {values[p['name']]};\n"
    body += "\n"
    for d in data["derived"]:
        body += wrap("  //", d["prose"]) + f"  localparam int unsigned {d['name']} = {derived[d['name']]};\n"
    body += "  // Hash of the parameters; a program carries it.\n"
    body += f"  localparam logic [63:0] ConfigHash = 64'h{digest:016x};\n"
    return sv_file(source, data["package"], data["prose"], body)


def config_json(source, data, name, values):
    derived, digest = config_values(source, data, values, name)
    return json.dumps({"name": name, "hash": f"{digest:016x}", "parameters": values, "derived": derived},
                      indent=2) + "\n"


def gen_configurations(source, data, outputs):
    names = [p["name"] for p in data["parameters"]] + [d["name"] for d in data["derived"]]
    body = wrap("///", data["prose"]) + "struct Configuration {\n  std::string name;\n"
    for p in data["parameters"]:
        body += wrap("  ///", f"{p['prose']} [{p['unit']}]") + f"  std::uint32_t {sn(p['name'])} = 0;\n"
    for d in data["derived"]:
        body += wrap("  ///", d["prose"]) + f"  std::uint32_t {sn(d['name'])} = 0;\n"
    body += "  /// Hash of the parameters; a program carries it.\n  std::uint64_t hash = 0;\n"
    body += "};\n\n/// The fields by their data-file name, for reading a configuration from JSON.\n"
    body += "struct ConfigurationField {\n  const char* name;\n  std::uint32_t Configuration::*member;\n};\n"
    body += f"inline constexpr std::array<ConfigurationField, {len(names)}> kConfigurationFields{{{{\n"
    for n in names:
        body += f"    {{\"{n}\", &Configuration::{sn(n)}}},\n"
    body += "}};\n"
    for c in data["configurations"]:
        outputs[f"rtl/config/gen/{c['name']}/config_pkg.sv"] = config_sv(source, data, c["name"], c["values"])
        outputs[f"rtl/config/gen/{c['name']}/config.json"] = config_json(source, data, c["name"], c["values"])
    outputs["sim/config/gen/configuration.hpp"] = cpp_file(source, ["array", "cstdint", "string"], "config", body)
    head = " | ".join(c["name"] for c in data["configurations"])
    md = f"# Configurations\n\n{data['prose']}\n\n| parameter | unit | legal | {head} | meaning |\n"
    md += "| --- " * (4 + len(data["configurations"])) + "|\n"
    for p in data["parameters"]:
        vals = " | ".join(str(c["values"][p["name"]]) for c in data["configurations"])
        md += f"| {p['name']} | {p['unit']} | {', '.join(map(str, p['legal']))} | {vals} | {p['prose']} |\n"
    md += f"\nDerived:\n\n| constant | {head} | meaning |\n" + "| --- " * (2 + len(data["configurations"])) + "|\n"
    sets = [config_values(source, data, c["values"], c["name"]) for c in data["configurations"]]
    for d in data["derived"]:
        vals = " | ".join(str(s[0][d["name"]]) for s in sets)
        md += f"| {d['name']} | {vals} | {d['prose']} |\n"
    md += "\nRules:\n\n" + "".join(f"- {r['prose']}: `{r['expr']}`\n" for r in data["rules"])
    outputs["docs/gen/config.md"] = "<!-- " + banner("", source).strip() + " -->\n" + md


def sn(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("ki_b", "kib")


# --------------------------------------------------------------------------------------- commands

def place(source, where, fields, total_bits):
    placed = []
    for f in fields:
        snake_ok(source, f["name"])
        lsb = f["byte"] * 8 + f.get("bit", 0)
        if lsb + f["bits"] > total_bits:
            fail(source, f"{where}.{f['name']}: bits {lsb}..{lsb + f['bits'] - 1} end beyond {total_bits}")
        placed.append((lsb, f["bits"], f))
    placed.sort(key=lambda x: x[0])
    for (l0, b0, f0), (l1, _, f1) in zip(placed, placed[1:]):
        if l0 + b0 > l1:
            fail(source, f"{where}: fields {f0['name']} and {f1['name']} overlap at bit {l1}")
    return placed


def gen_commands(source, data, outputs):
    bits = data["bytes"] * 8
    check_enums(source, data["enums"])
    opcodes = {v["name"] for e in data["enums"] if e["name"] == "opcode" for v in e["values"]}
    used = []
    for c in data["commands"]:
        for op in [c["opcode"]] + c.get("also", []):
            if op not in opcodes:
                fail(source, f"command {c['name']}: unknown opcode {op}")
            used.append(op)
    for op in opcodes:
        if used.count(op) != 1:
            fail(source, f"opcode {op} belongs to {used.count(op)} commands, must be 1")
    sv = sv_constants(data["constants"] + [{"name": "CommandBits", "value": bits, "prose": "Bits of a command."}])
    sv += sv_enums(data["enums"])
    body = cpp_constants(data["constants"]) + f"inline constexpr std::size_t kCommandBytes = {data['bytes']};\n"
    body += "using CommandBytes = std::array<std::uint8_t, kCommandBytes>;\n" + cpp_enums(data["enums"])
    body += """
/// Where a field of a command lies; for disassembly and range checks.
struct FieldInfo {
  const char* name;
  std::uint16_t lsb;
  std::uint8_t bits;
  bool is_signed;
  const char* prose;
};

/// Reads bits [lsb, lsb + bits) of a command.
[[nodiscard]] inline std::uint64_t get_bits(const CommandBytes& bytes, unsigned lsb, unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bits; ++i) {
    value |= static_cast<std::uint64_t>((bytes[(lsb + i) / 8] >> ((lsb + i) % 8)) & 1U) << i;
  }
  return value;
}

/// Writes bits [lsb, lsb + bits) of a command.
inline void set_bits(CommandBytes& bytes, unsigned lsb, unsigned bits, std::uint64_t value) {
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<std::uint8_t>(1U << ((lsb + i) % 8));
    auto& byte = bytes[(lsb + i) / 8];
    byte = static_cast<std::uint8_t>(((value >> i) & 1U) != 0 ? byte | mask : byte & ~mask);
  }
}

/// Throws std::out_of_range if a value does not fit its field.
inline void check_fits(const FieldInfo& field, std::int64_t value) {
  const std::int64_t low = field.is_signed ? -(std::int64_t{1} << (field.bits - 1)) : 0;
  const std::int64_t high =
      (std::int64_t{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  if (value < low || value > high) {
    throw std::out_of_range(std::string("command field ") + field.name + " = " +
                            std::to_string(value) + " is outside " + std::to_string(low) + " to " +
                            std::to_string(high));
  }
}

[[nodiscard]] inline std::int64_t get_field(const CommandBytes& bytes, const FieldInfo& field) {
  const std::uint64_t raw = get_bits(bytes, field.lsb, field.bits);
  if (field.is_signed && ((raw >> (field.bits - 1)) & 1U) != 0) {
    return static_cast<std::int64_t>(raw) - (std::int64_t{1} << field.bits);
  }
  return static_cast<std::int64_t>(raw);
}

inline void put_field(CommandBytes& bytes, const FieldInfo& field, std::int64_t value) {
  check_fits(field, value);
  set_bits(bytes, field.lsb, field.bits, static_cast<std::uint64_t>(value));
}
"""
    md = f"# Commands\n\n{data['prose']}\n" + md_constants(data["constants"]) + md_enums(data["enums"])
    md += "\n## Header of every command\n\n| bits | field | meaning |\n| --- | --- | --- |\n"
    for lsb, width, f in place(source, "header", data["header"], bits):
        md += f"| {lsb + width - 1}:{lsb} | {f['name']} | {f['prose']} |\n"
    for c in data["commands"]:
        placed = place(source, c["name"], data["header"] + c["fields"], bits)
        fields, reserved, top = [], 0, bits
        for lsb, width, f in reversed(placed):
            if lsb + width < top:
                fields.append((f"reserved{reserved}", top - lsb - width, False, "Zero."))
                reserved += 1
            fields.append((f["name"], width, f.get("signed", False), f["prose"]))
            top = lsb
        if top:
            fields.append((f"reserved{reserved}", top, False, "Zero."))
        sv += sv_struct(f"{c['name']}_command", c["prose"], fields)
        mask = sum(((1 << w) - 1) << l for l, w, _ in placed)
        sv += "  // Bits of the command that carry a field; all others must be zero.\n"
        sv += f"  localparam logic [{bits - 1}:0] {camel(c['name'])}CommandMask =\n    {bits}'h{mask:0{bits // 4}x};\n"
        struct = camel(c["name"]) + "Command"
        body += "\n" + wrap("///", c["prose"]) + f"struct {struct} {{\n"
        for _, width, f in placed:
            init = f"Opcode::k{c['opcode']}" if f["name"] == "opcode" else "0"
            kind = "Opcode" if f["name"] == "opcode" else cpp_type(width, f.get("signed", False))
            body += wrap("  ///", f["prose"]) + f"  {kind} {f['name']} = {init};\n"
        body += f"\n  static constexpr std::array<FieldInfo, {len(placed)}> kFields{{{{\n"
        for lsb, width, f in placed:
            body += (f"      {{\"{f['name']}\", {lsb}, {width}, {str(f.get('signed', False)).lower()},\n"
                     f"       {json.dumps(f['prose'])}}},\n")
        body += "  }};\n\n  [[nodiscard]] CommandBytes encode() const {\n    CommandBytes bytes{};\n"
        for i, (lsb, width, f) in enumerate(placed):
            body += f"    put_field(bytes, kFields[{i}], static_cast<std::int64_t>({f['name']}));\n"
        body += "    return bytes;\n  }\n\n"
        body += f"  [[nodiscard]] static {struct} decode(const CommandBytes& bytes) {{\n    {struct} c;\n"
        for i, (lsb, width, f) in enumerate(placed):
            kind = "Opcode" if f["name"] == "opcode" else cpp_type(width, f.get("signed", False))
            body += f"    c.{f['name']} = static_cast<{kind}>(get_field(bytes, kFields[{i}]));\n"
        body += "    return c;\n  }\n};\n"
        ops = ", ".join([c["opcode"]] + c.get("also", []))
        md += f"\n## {c['name']} (opcode {ops})\n\n{c['prose']}\n"
        if c["fields"]:
            md += "\n| bits | byte | field | meaning |\n| --- | --- | --- | --- |\n"
            for lsb, width, f in place(source, c["name"], c["fields"], bits):
                s = ", signed" if f.get("signed") else ""
                md += f"| {lsb + width - 1}:{lsb} | {f['byte']} | {f['name']} | {f['prose']} ({width} bits{s}) |\n"
    stem = data["package"].removesuffix("_pkg")
    block = pathlib.Path(source).parent.name
    outputs[f"rtl/{block}/gen/{data['package']}.sv"] = sv_file(source, data["package"], data["prose"], sv)
    outputs[f"sim/{block}/gen/{stem}.hpp"] = cpp_file(
        source, ["array", "cstddef", "cstdint", "stdexcept", "string"], stem, body)
    outputs[f"docs/gen/{stem}.md"] = "<!-- " + banner("", source).strip() + " -->\n" + md


# ------------------------------------------------------------------------------------ other kinds

def gen_types(source, data, outputs):
    check_enums(source, data["enums"])
    sv = sv_constants(data["constants"]) + sv_enums(data["enums"])
    body = cpp_constants(data["constants"]) + cpp_enums(data["enums"])
    md = f"# {camel(data['package'].removesuffix('_pkg'))}\n\n{data['prose']}\n" + md_constants(data["constants"])
    md += md_enums(data["enums"])
    for s in data["structs"]:
        fields = []
        for f in s["fields"]:
            snake_ok(source, f["name"])
            if f["bits"] < 1:
                fail(source, f"{s['name']}.{f['name']}: width {f['bits']}")
            fields.append((f["name"], f["bits"], f.get("signed", False), f["prose"]))
        if len({f[0] for f in fields}) != len(fields):
            fail(source, f"struct {s['name']}: a field name occurs twice")
        sv += sv_struct(s["name"], s["prose"], fields)
        total = sum(f[1] for f in fields)
        md += f"\n### {s['name']} ({total} bits, first field is the most significant)\n\n{s['prose']}\n\n"
        md += "| field | bits | meaning |\n| --- | --- | --- |\n"
        lsb = total
        for name, width, _, prose in fields:
            lsb -= width
            body += f"inline constexpr unsigned k{camel(s['name'])}{camel(name)}Lsb = {lsb};\n"
            body += f"inline constexpr unsigned k{camel(s['name'])}{camel(name)}Bits = {width};\n"
            md += f"| {name} | {width} | {prose} |\n"
    stem = data["package"].removesuffix("_pkg")
    block = pathlib.Path(source).parent.name
    outputs[f"rtl/{block}/gen/{data['package']}.sv"] = sv_file(source, data["package"], data["prose"], sv)
    outputs[f"sim/{block}/gen/{stem}.hpp"] = cpp_file(source, ["cstdint"], stem, body)
    outputs[f"docs/gen/{stem}.md"] = "<!-- " + banner("", source).strip() + " -->\n" + md


def gen_counters(source, data, outputs):
    names = [c["name"] for c in data["counters"]]
    for n in names:
        snake_ok(source, n)
    if len(set(names)) != len(names):
        fail(source, "a counter name occurs twice")
    sv = sv_constants([{"name": "NumCounters", "value": len(names), "prose": "Performance counters."}])
    sv += sv_struct("events", "Increments of the counters in one clock.",
                    [(c["name"], c["width"], False, c["prose"]) for c in reversed(data["counters"])])
    sv += "\n"
    for i, c in enumerate(data["counters"]):
        sv += f"  localparam int unsigned {camel(c['name'])}Counter = {i};\n"
    lsb = 0
    sv += "\n  // Increment of counter n, zero-extended; the only place that knows the widths.\n"
    width = max(c["width"] for c in data["counters"])
    sv += f"  localparam int unsigned IncrementWidth = {width};\n"
    total = sum(c["width"] for c in data["counters"])
    sv += f"  localparam int unsigned EventBits = {total};\n"
    sv += ("  function automatic logic [NumCounters*IncrementWidth-1:0] increments("
           f"input logic [{total - 1}:0] events);\n")
    sv += "    increments = '0;\n"
    for i, c in enumerate(data["counters"]):
        rng = f"[{lsb}]" if c["width"] == 1 else f"[{lsb + c['width'] - 1}:{lsb}]"
        sv += f"    increments[{i}*IncrementWidth+:{c['width']}] = events{rng};\n"
        lsb += c["width"]
    sv += "  endfunction\n"
    body = wrap("///", data["prose"]) + "enum class Counter : std::uint32_t {\n"
    for i, c in enumerate(data["counters"]):
        body += f"  k{camel(c['name'])} = {i},  ///< {c['prose']}\n"
    body += f"}};\ninline constexpr std::size_t kNumCounters = {len(names)};\n"
    body += f"inline constexpr std::array<const char*, kNumCounters> kCounterNames{{\n"
    body += "".join(f"    \"{n}\",\n" for n in names) + "};\n"
    md = f"# Counters\n\n{data['prose']}\n\n| n | counter | meaning |\n| --- | --- | --- |\n"
    md += "".join(f"| {i} | {c['name']} | {c['prose']} |\n" for i, c in enumerate(data["counters"]))
    block = pathlib.Path(source).parent.name
    outputs[f"rtl/{block}/gen/{data['package']}.sv"] = sv_file(source, data["package"], data["prose"], sv)
    outputs[f"sim/{block}/gen/counters.hpp"] = cpp_file(source, ["array", "cstddef", "cstdint"], "counters", body)
    outputs["docs/gen/counters.md"] = "<!-- " + banner("", source).strip() + " -->\n" + md


def gen_registers(source, data, outputs):
    limit = 1 << data["addr_width"]
    where = data.get("counters")  # a map may end without counters
    counters = json.loads((ROOT / where["source"]).read_text())["counters"] if where else []
    taken = {}
    regs = []
    for r in data["registers"]:
        for n in range(r.get("repeat", 1)):
            offset = r["offset"] + n * r.get("stride", 4)
            if offset % 4 or offset >= limit:
                fail(source, f"register {r['name']}: offset {offset} is misaligned or beyond the map")
            if offset in taken:
                fail(source, f"registers {taken[offset]} and {r['name']} share offset {offset}")
            taken[offset] = r["name"]
        used = 0
        for f in r["fields"]:
            mask = ((1 << f["bits"]) - 1) << f["lsb"]
            if f["lsb"] + f["bits"] > 32:
                fail(source, f"{r['name']}.{f['name']}: wider than the register")
            if used & mask:
                fail(source, f"{r['name']}.{f['name']}: overlaps another field")
            used |= mask
        regs.append(r)
    for i in range(2 * len(counters)):
        offset = where["offset"] + 4 * i
        if offset in taken or offset >= limit:
            fail(source, f"counter {i // 2}: offset {offset} is taken or beyond the map")
        taken[offset] = "counter"
    sv = f"  localparam int unsigned AddrWidth = {data['addr_width']};\n"
    body = ""
    if where:
        sv += f"  localparam int unsigned CounterOffset = {where['offset']};\n"
        body = f"inline constexpr std::uint32_t kCounterOffset = {where['offset']};\n"
    stem = data["package"].removesuffix("_pkg")
    title = stem.replace("_", " ").capitalize()
    md = (f"# {title}\n\n{data['prose']}\n\n| offset | register | access | reset | meaning |\n"
          "| --- | --- | --- | --- | --- |\n")
    md2 = ""
    for r in regs:
        name = camel(r["name"].lower())
        rep = r.get("repeat", 1)
        sv += "\n" + wrap("  //", r["prose"])
        sv += f"  localparam logic [AddrWidth-1:0] {name}Offset = {data['addr_width']}'d{r['offset']};\n"
        body += "\n" + wrap("///", r["prose"]) + f"inline constexpr std::uint32_t k{name}Offset = {r['offset']};\n"
        if rep > 1:
            sv += f"  localparam int unsigned {name}Stride = {r['stride']};\n"
            body += f"inline constexpr std::uint32_t k{name}Stride = {r['stride']};\n"
        if r["access"] != "ro" or r["reset"]:
            sv += f"  localparam logic [31:0] {name}Reset = 32'd{r['reset']};\n"
            body += f"inline constexpr std::uint32_t k{name}Reset = {r['reset']};\n"
        for f in r["fields"]:
            fname = name + camel(f["name"])
            sv += f"  localparam int unsigned {fname}Lsb = {f['lsb']};\n"
            sv += f"  localparam int unsigned {fname}Bits = {f['bits']};\n"
            body += f"inline constexpr unsigned k{fname}Lsb = {f['lsb']};\n"
            body += f"inline constexpr unsigned k{fname}Bits = {f['bits']};\n"
        at = f"0x{r['offset']:03x}" + (f" + 0x{r['stride']:x} n, n < {rep}" if rep > 1 else "")
        md += f"| {at} | {r['name']} | {r['access']} | {r['reset']} | {r['prose']} |\n"
        md2 += f"\n### {r['name']}\n\n{r['prose']}\n\n| bits | field | meaning |\n| --- | --- | --- |\n"
        for f in r["fields"]:
            md2 += f"| {f['lsb'] + f['bits'] - 1}:{f['lsb']} | {f['name']} | {f['prose']} |\n"
    if where:
        md += (f"| 0x{where['offset']:03x} + 8 n | counter n, low then high half | ro | 0 |"
               " see [counters](counters.md) |\n")
    block = pathlib.Path(source).parent.name
    outputs[f"rtl/{block}/gen/{data['package']}.sv"] = sv_file(source, data["package"], data["prose"], sv)
    outputs[f"sim/{block}/gen/{stem}.hpp"] = cpp_file(source, ["cstdint"], stem, body)
    outputs[f"docs/gen/{stem}.md"] = "<!-- " + banner("", source).strip() + " -->\n" + md + md2


KINDS = {"configurations": gen_configurations, "commands": gen_commands, "types": gen_types,
         "counters": gen_counters, "registers": gen_registers}


def generate(root):
    outputs = {}
    for path in sorted((root / "rtl").glob("*/*.json")):
        source = str(path.relative_to(root))
        try:
            data = json.loads(path.read_text())
        except json.JSONDecodeError as error:
            fail(source, f"not JSON: {error}")
        if data.get("kind") not in KINDS:
            fail(source, f"unknown kind '{data.get('kind')}' (known: {', '.join(KINDS)})")
        try:
            KINDS[data["kind"]](source, data, outputs)
        except KeyError as error:
            fail(source, f"missing key {error}")
    return outputs


def unique_keys(path, pairs):
    seen = {}
    for key, value in pairs:
        if key in seen:
            fail(path, f"key '{key}' occurs twice")
        seen[key] = value
    return seen


def custom_config(path, out):
    source = "rtl/config/config.json"
    data = json.loads((ROOT / source).read_text())
    try:
        custom = json.loads(pathlib.Path(path).read_text(), object_pairs_hook=lambda p: unique_keys(path, p))
    except (OSError, ValueError, RecursionError) as error:
        fail(path, f"cannot be read: {error}")
    if not isinstance(custom, dict) or not isinstance(custom.get("parameters", {}), dict):
        fail(path, "must be an object {\"name\": ..., \"base\": ..., \"parameters\": {...}}")
    for key in custom:
        if key not in ("name", "base", "parameters"):
            fail(path, f"unknown key '{key}' (known: name, base, parameters)")
    name = custom.get("name", pathlib.Path(path).stem)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        fail(path, f"name {name!r} is not lower_snake_case")
    named = {c["name"]: c["values"] for c in data["configurations"]}
    if name in named:
        fail(path, f"name '{name}' belongs to a built-in configuration")
    base = custom.get("base")
    if base is not None and (not isinstance(base, str) or base not in named):
        fail(path, f"base '{base}' is unknown (known: {', '.join(named)})")
    values = dict(named[base]) if base else {}
    values.update(custom.get("parameters", {}))
    out = pathlib.Path(out)
    texts = {"config_pkg.sv": config_sv(path, data, name, values), "config.json": config_json(path, data, name, values)}
    out.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        target = out / file
        if not target.exists() or target.read_text() != text:
            # In one step: another process may read it at this moment.
            partial = out / f".{file}.{os.getpid()}"
            partial.write_text(text)
            partial.replace(target)
    print(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--config", help="custom configuration file")
    parser.add_argument("--out", help="output directory of --config")
    parser.add_argument("--root", default=str(ROOT), help="repository root (for tests of this program)")
    args = parser.parse_args()
    try:
        if args.config:
            if not args.out:
                parser.error("--config needs --out")
            custom_config(args.config, args.out)
            return 0
        root = pathlib.Path(args.root)
        outputs = generate(root)
        stale = [p for p in outputs if not (root / p).exists() or (root / p).read_text() != outputs[p]]
        known = set(outputs)
        orphans = [str(p.relative_to(root)) for d in ("rtl/*/gen", "sim/*/gen", "docs/gen")
                   for g in root.glob(d) if g.parent.name not in GENERATED_ELSEWHERE
                   for p in g.rglob("*") if p.is_file() and str(p.relative_to(root)) not in known]
        if args.check:
            for p in stale:
                print(f"{p}: differs from its source; run `make generate`", file=sys.stderr)
            for p in orphans:
                print(f"{p}: no data file generates it", file=sys.stderr)
            return 1 if stale or orphans else 0
        for p in stale:
            (root / p).parent.mkdir(parents=True, exist_ok=True)
            (root / p).write_text(outputs[p])
            print("wrote", p)
        return 0
    except DataError as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
