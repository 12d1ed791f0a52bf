// [PLG11] what a plugin's variables hold does not outlive a turn, and that hinders no honest module: the hostile ones are in test/hostile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { pythonPlugin, startTrial, typescriptPlugin } from './harness.ts'

/** Something of all that modules are made of; each turn must find it as it was when it was loaded. */
const MODULE = `
import abc, collections, contextlib, datetime, decimal, enum, functools, json, logging, operator, re, threading, types, typing
from dataclasses import dataclass, field
from parley_sdk import evidence, vote

log = logging.getLogger(__name__)
logging.basicConfig()
lock = threading.Lock()
PATTERN = re.compile("crab|fish")
WORDS = ("crab", "fish")
TABLE = types.MappingProxyType({word: len(word) for word in WORDS})
SUMS = collections.defaultdict(list)
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
T = typing.TypeVar("T")

class Kind(enum.Enum):
    CRAB = "crab"
    FISH = "fish"

class Flag(enum.Flag):
    A = enum.auto()
    B = enum.auto()

class Pair(typing.NamedTuple):
    left: str
    right: int = 0

class Shape(typing.TypedDict, total=False):
    word: str

@dataclass(frozen=True, slots=True)
class Found:
    word: str
    at: int
    parts: list[str] = field(default_factory=list)

@dataclass
class Tally(typing.Generic[T]):
    words: list[T] = field(default_factory=list)

class Base(abc.ABC):
    @abc.abstractmethod
    def find(self, text): ...

class Finder(Base):
    @functools.cached_property
    def words(self):
        return list(WORDS)
    @property
    def first(self):
        return self.words[0]
    @staticmethod
    def plain(text):
        return text.lower()
    @classmethod
    def made(cls):
        return cls()
    @functools.singledispatchmethod
    def find(self, text):
        return [Found(match.group(), match.start()) for match in PATTERN.finditer(self.plain(text))]

@contextlib.contextmanager
def counted(tally):
    with lock:
        yield tally

@functools.lru_cache(maxsize=4)
def size(word):
    return TABLE[word]

finder, tally, by_word = Finder.made(), Tally(), operator.attrgetter("word")

class Plugin:
    def on_start(self, settings):
        self.seen, self.unit = [], decimal.Decimal("1.5")

    def on_turn(self, turn, settings):
        log.warning("no word of a customer goes here")
        found = finder.find(turn.text)
        with counted(tally) as held:
            held.words.extend(map(by_word, found))
        for word in held.words:
            SUMS[word].append(size(word))
        self.seen.append(turn.text)
        told = [Kind(found[0].word).name, Flag.A | Flag.B, Pair("x"), Shape(word="y"), finder.first, dict(SUMS), self.seen, self.unit, SHANGHAI]
        return vote("COMPENSATE", 0.5, evidence=evidence(str(told)))
`

test('[PLG11] a Python module of many parts is loaded, and each turn finds it as it began', async () => {
  const trial = await startTrial(
    { many: pythonPlugin('many', MODULE, 'grants: [clock]\nlimits: { timeoutMs: 1000 }') },
    {},
    [],
    systemClock,
    1,
  )
  try {
    await trial.ready
    assert.deepEqual(trial.invalid, [])
    const told = `['CRAB', <Flag.A|B: 3>, Pair(left='x', right=0), {'word': 'y'}, 'crab', {'crab': [4]}, ['one crab'], Decimal('1.5'), datetime.timezone(datetime.timedelta(seconds=28800))]`
    for (const _ of [1, 2, 3]) assert.equal((await trial.ask('one crab'))[0]?.votes[0]?.evidence, told, String(trial.faults.at(-1)))
  } finally {
    await trial.end()
  }
})

test('[PLG11] a TypeScript module runs anew for each turn; what onStart prepared stays', async () => {
  const plugin = typescriptPlugin(
    'counts',
    "count++; return vote('COMPENSATE', 0.5, { evidence: [count, (arguments[1] as any).prepared.starts].join() })",
    { outside: 'let count = 0; const starts = () => ++count', manifest: 'limits: { timeoutMs: 1000 }' },
  )
  const files = { 'plugin.ts': plugin['plugin.ts']!.replace('onTurn(', 'onStart: () => ({ starts: starts() }),\n  onTurn(') }
  const trial = await startTrial({ counts: files }, {}, [], systemClock, 1)
  try {
    await trial.ready
    for (const _ of [1, 2, 3]) assert.equal((await trial.ask('x'))[0]?.votes[0]?.evidence, '1,1', String(trial.faults.at(-1)))
  } finally {
    await trial.end()
  }
})
