// Keeps something of one conversation for another, in Python: cases of the kind in python.ts.
import { finds, type HostileCase } from '../hostile-case.ts'

/** The evidence is what it finds before it keeps what it was asked. */
const keeps = (id: string, tries: string, found: string, keep: string, outside = ''): HostileCase => ({
  ...finds('')(
    id,
    tries,
    `global kept\ntext = "kept"\ntry:\n    found = ${found}\nexcept (AttributeError, NameError, KeyError, IndexError, ValueError):\n    found = ""\n${keep}\nreturn {"action": "COMPENSATE", "confidence": 0.5, "evidence": str(found or "")}`,
  ),
  isAskedAgain: true,
  outside,
})

export const PYTHON_STATE: readonly HostileCase[] = [
  keeps('keeps-in-a-global', 'keeps what it was asked in a global', 'kept', 'kept = text'),
  keeps('keeps-in-a-changed-global', 'keeps it in a global that was there', 'there', 'globals()["there"] = text', 'there = ""'),
  keeps('keeps-in-a-list', 'keeps it in a list of the module', 'listed[0]', 'listed.append(text)', 'listed = []'),
  keeps('keeps-deep', 'keeps it deep in what the module holds', 'deep["a"][0][1]', 'deep["a"][0].append(text)', 'deep = {"a": ([1],)}'),
  keeps('keeps-in-a-set', 'keeps it in a set', '"".join(noted)', 'noted.add(text)', 'noted = set()'),
  keeps('keeps-in-bytes', 'keeps it in bytes', 'raw[0]', 'raw[0] = 1', 'raw = bytearray(8)'),
  keeps(
    'keeps-in-a-deque',
    'keeps it in a deque',
    'last[-1]',
    'last.append(text)',
    'import collections\nlast = collections.deque(maxlen=2)',
  ),
  keeps(
    'keeps-in-order',
    'keeps it in the order of a dict',
    'list(ordered)[0] != "a" or ""',
    'ordered.move_to_end("a")',
    'ordered = collections.OrderedDict(a=1)\nordered[""] = 2',
  ),
  keeps('keeps-in-a-counter', 'counts it', 'sum(counted.values())', 'counted.update([text])', 'counted = collections.Counter()'),
  keeps('keeps-in-itself', 'keeps it in the plugin', 'self.kept', 'self.kept = text'),
  keeps('keeps-in-its-class', 'keeps it in the class of the plugin', 'type(self).kept', 'type(self).kept = text'),
  keeps('keeps-in-a-class', 'keeps it in an attribute of a class', 'Keep.there', 'Keep.there = text', 'class Keep:\n    there = ""'),
  keeps(
    'keeps-in-an-instance',
    'keeps it in another object',
    'instance.kept',
    'instance.kept = text',
    'class Instance:\n    pass\ninstance = Instance()',
  ),
  keeps(
    'keeps-in-a-slot',
    'keeps it in a slot',
    'slotted.at',
    'slotted.at = text',
    'class Slotted:\n    __slots__ = ("at",)\nslotted = Slotted()',
  ),
  keeps(
    'keeps-in-a-default',
    'keeps it in a default argument',
    'default()[0]',
    'default().append(text)',
    'def default(held=[]):\n    return held',
  ),
  keeps(
    'keeps-in-defaults',
    'gives a function other default arguments',
    'defaulted()',
    'defaulted.__defaults__ = (text,)',
    'def defaulted(held=""):\n    return held',
  ),
  keeps(
    'keeps-in-code',
    'gives a function other code',
    'coded()',
    'coded.__code__ = (lambda: "kept").__code__',
    'def coded():\n    return ""',
  ),
  keeps('keeps-on-a-function', 'keeps it in an attribute of a function', 'free.kept', 'free.kept = text', 'def free():\n    pass'),
  keeps(
    'keeps-in-a-closure',
    'keeps it in a closure',
    'look()',
    'keep(text)',
    'def closed():\n    held = ""\n    def look():\n        return held\n    def keep(now):\n        nonlocal held\n        held = now\n    return look, keep\nlook, keep = closed()',
  ),
  keeps(
    'keeps-in-a-cache',
    'keeps it in a cache of results',
    'cached().get("at")',
    'cached()["at"] = text',
    'import functools\n@functools.cache\ndef cached():\n    return {}',
  ),
  keeps('keeps-in-a-method', 'keeps it behind a method of a list', 'append.__self__[0]', 'append(text)', 'append = [].append'),
  keeps(
    'keeps-in-a-partial',
    'keeps it in the arguments of a partial function',
    'partial.args[0][0]',
    'partial.args[0].append(text)',
    'partial = functools.partial(print, [])',
  ),
  keeps(
    'keeps-in-a-row',
    'draws from a row of its own',
    'drawn.random() != second or ""',
    'pass',
    'import random\ndrawn = random.Random(5)\nsecond = random.Random(5).random()',
  ),
  keeps('keeps-in-builtins', 'adds it to the built-ins', 'builtins.kept', 'builtins.kept = text', 'import builtins'),
  keeps('keeps-in-sys', 'adds it to sys', 'sys.kept', 'sys.kept = text', 'import sys'),
  keeps('keeps-in-a-library', 'adds it to a module of the library', 'json.kept', 'json.kept = text', 'import json'),
  keeps('keeps-in-the-sdk', 'adds it to the SDK', 'parley_sdk.kept', 'parley_sdk.kept = text', 'import parley_sdk'),
]
