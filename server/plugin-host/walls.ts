// The walls of the operating system around a plugin host: behind them there is no network, no file but what the host runs, no way to another
// process, and nothing that plugins are not for. Node can ask the kernel for none of that, so a small Perl program does, which then becomes the
// host (walls.pl). None is a reason not to start: `parley doctor` says which are missing.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type From, foundBefore, keepFound } from '../found-before.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const PERL = ['/usr/bin/perl', '/usr/local/bin/perl'].find(file => existsSync(file))
const PROGRAM = here('walls.pl')
/** Outermost first, as they are put up. */
export const WALLS = {
  descriptors: 'no descriptor of the server is inherited',
  priority: 'a priority below that of the server',
  dumps: 'no core is dumped, and no byte written to a file',
  network: 'an empty network namespace',
  files: 'nothing to be read but the program and its libraries',
  user: 'the user nobody',
  privileges: 'no privilege can be gained',
  calls: 'no system call for sockets, other processes, mounts or tracing',
} as const
export type WallName = keyof typeof WALLS

export interface Wall {
  readonly name: WallName
  /** Undefined when it stands. */
  readonly missing: string | undefined
}

/** Shared libraries, and this project without its data. Links among them stay links. */
const VISIBLE = [
  ...['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', process.execPath],
  ...['..', '../../core', '../../plugin-sdk', '../../node_modules', '../../package.json', '../../.cache/python', '../../.cache/host'].map(
    here,
  ),
].map(path => path.replace(/(?<=.)\/$/, ''))

/** What a host needs beyond Node before its first plugin. */
const NEEDED = import.meta.resolve('isolated-vm')
const NODE_FLAGS = ['--no-node-snapshot', '--disable-warning=ExperimentalWarning']
const PROBE_MS = 10_000
/** At 19 hosts starve on a busy machine: replacements come too late for PLG5, and honest calls run into the watchdog. */
const NICENESS = 10

interface Survey {
  readonly walls: readonly Wall[]
  /** What stands before Node on the command line, but for the descriptors; undefined where there are no walls. */
  readonly visible: readonly string[] | undefined
}

let survey: Survey | undefined
/** That they can be put up is remembered for as long as the machine runs and this process may what the one before it might. */
function surveyed(): Survey {
  if (survey) return survey
  const ground = groundOf()
  const before = ground && foundBefore(ground)
  survey = before === undefined ? probe() : (JSON.parse(before) as Survey) // as it was kept two lines below
  if (ground && before === undefined && survey.visible) keepFound(ground, JSON.stringify(survey))
  return survey
}

/** What walls stand on: the kernel since its start, what it allows this process, and what is put up. Undefined where that cannot be told. */
function groundOf(): From | undefined {
  try {
    const rights = readFileSync('/proc/self/status', 'utf8').match(/^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp\w*):.*$/gm) ?? []
    const spaces = ['user', 'mnt', 'net', 'pid'].map(name => readlinkSync(`/proc/self/ns/${name}`))
    const kernel = ['boot_id', '../osrelease'].map(name => readFileSync(`/proc/sys/kernel/random/${name}`, 'utf8'))
    const there = VISIBLE.filter(path => existsSync(path))
    return [...kernel, ...rights, ...spaces, process.version, process.execPath, NEEDED, PERL ?? '', ...there, readFileSync(PROGRAM)]
  } catch {
    return undefined // no such /proc
  }
}

/** Puts them up around a Node that loads what a host loads, and tells which stand. Blocks for some 100 ms. */
export const surveyWalls = (): readonly Wall[] => {
  survey = probe()
  return survey.walls
}

/** What to spawn for a Node with `args` behind the walls, with the descriptors 0 to `descriptors - 1`. Its environment is the caller's to empty. */
export function behindWalls(args: readonly string[], descriptors: number): { readonly file: string; readonly args: readonly string[] } {
  const { visible } = surveyed()
  const node = [process.execPath, ...NODE_FLAGS, ...args]
  if (PERL === undefined || visible === undefined) return { file: process.execPath, args: node.slice(1) }
  return { file: PERL, args: wallArguments({ descriptors, report: -1, niceness: NICENESS, visible, node }) }
}

/** When memory runs short on the machine, this process goes and not the engine. */
export function goesFirst(pid: number | undefined): void {
  if (process.platform !== 'linux' || pid === undefined) return
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // it has ended already, or a container forbids it
  }
}

const wallArguments = (to: {
  readonly descriptors: number
  readonly report: number
  readonly niceness: number
  readonly visible: readonly string[]
  readonly node: readonly string[]
}): readonly string[] => [
  PROGRAM,
  process.arch,
  String(to.descriptors),
  String(to.report),
  String(to.niceness),
  ...to.visible,
  '--',
  ...to.node,
]

function probe(): Survey {
  if (process.platform !== 'linux') return noneOf('they are of Linux')
  if (PERL === undefined) return noneOf('there is no perl on this machine (Debian: perl-base)')
  let said = ''
  for (const visible of [VISIBLE, []]) {
    const node = [process.execPath, ...NODE_FLAGS, '--input-type=module', '--eval', `await import(${JSON.stringify(NEEDED)})`]
    const { status, stdout, stderr, error } = spawnSync(PERL, wallArguments({ descriptors: 3, report: 1, niceness: 0, visible, node }), {
      env: {},
      encoding: 'utf8',
      timeout: PROBE_MS,
    })
    if (status === 0) return { walls: readReport(stdout), visible }
    said = error?.message ?? stderr.trim().split('\n').at(-1) ?? ''
  }
  return noneOf(`a host does not start behind them: ${said}`)
}

const noneOf = (missing: string): Survey => ({
  walls: (Object.keys(WALLS) as WallName[]).map(name => ({ name, missing })), // the table's own keys
  visible: undefined,
})

function readReport(report: string): readonly Wall[] {
  const lines = new Map(report.split('\n').map(line => [line.split(' ', 1)[0], line] as const))
  return (Object.keys(WALLS) as WallName[]).map(name => {
    const [, missing = 'not told'] = lines.get(name)?.split(' missing: ') ?? []
    return { name, missing: lines.get(name) === `${name} up` ? undefined : missing }
  })
}
