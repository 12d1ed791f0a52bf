// The servers that a cluster stands on, for tests and benches: those on PATH where they are new enough, or Debian's, unpacked into the project's cache.
// Nothing is installed, and the machine's own apt is left as it is: its lists, sources and caches are not touched.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly command: string
  readonly version: string
  /** What it is linked with and the machine may not have; empty where it has. */
  readonly libraries: string
}
export interface Missing {
  readonly skipped: string
}
export const isMissing = (found: Program | Missing): found is Missing => 'skipped' in found

const CACHE = fileURLToPath(new URL('../.cache/programs', import.meta.url))

/** Older servers take two appends that expect the same end, or flush too late: docs/decisions/0044-log-on-jetstream.md. */
const LEAST_NATS = [2, 12]
/** Of Debian's sid, the one suite that has a new enough one. The package needs nothing but libc6. */
const NATS = {
  version: '2.15.1-1',
  sha256: {
    x64: '31ef4ceaa84e8248d449e508472e3770c17c3695cb5cb0ee96e03912724ea884',
    arm64: '68923b614b6b5594bbd63ffdce7258c2155ec448fb4cb7efd099bf9273eca128',
  } as Readonly<Record<string, string>>,
}
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What is there already. */
export function findNats(): Program | Missing {
  for (const command of ['nats-server', join(CACHE, 'nats/usr/sbin/nats-server')]) {
    const version = versionOf(command, /v(\d[\d.]*)/)
    if (version && isAtLeast(version, LEAST_NATS)) return { command, version, libraries: '' }
  }
  return { skipped: 'there is no nats-server 2.12 or later' }
}

/** What is there, or what could be brought; else the reason, with what to install. */
export function bringNats(): Program | Missing {
  const found = findNats()
  if (!isMissing(found)) return found
  const reason = unpackNats()
  const brought = findNats()
  return isMissing(brought) ? { skipped: `${brought.skipped} (put one on PATH; it could not be brought from Debian: ${reason})` } : brought
}

/** Gives why it could not, where it could not. */
function unpackNats(): string | undefined {
  const sha256 = NATS.sha256[process.arch]
  if (!sha256) return `none is known for ${process.arch}`
  if (!existsSync(KEYRING)) return `${KEYRING} is not there`
  const folder = join(CACHE, 'nats')
  const apt = join(CACHE, 'apt')
  for (const made of ['lists/partial', 'archives/partial']) mkdirSync(join(apt, made), { recursive: true })
  writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] http://deb.debian.org/debian sid main\n`)
  writeFileSync(join(apt, 'status'), '')
  const options = {
    'Dir::Etc::SourceList': join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': join(apt, 'none'),
    'Dir::State': apt,
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': apt,
    'Acquire::Languages': 'none',
    ...(process.getuid?.() === 0 && { 'APT::Sandbox::User': 'root' }), // the one that apt becomes may not write here
  }
  const run = (...args: string[]) => {
    const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    return spawnSync('apt-get', [...flags, '-qq', ...args], { cwd: apt, encoding: 'utf8' })
  }
  try {
    for (const args of [['update'], ['download', `nats-server=${NATS.version}`]]) {
      const done = run(...args)
      if (done.status !== 0) return `apt-get ${args.join(' ')}: ${lastLine(done.stderr) || done.error?.message}`
    }
    const file = globSync(join(apt, 'nats-server_*.deb'))[0]
    if (!file || createHash('sha256').update(readFileSync(file)).digest('hex') !== sha256) return 'the package is not the one that is known'
    mkdirSync(folder, { recursive: true })
    const unpacked = spawnSync('dpkg-deb', ['-x', file, folder], { encoding: 'utf8' })
    return unpacked.status === 0 ? undefined : lastLine(unpacked.stderr)
  } finally {
    rmSync(apt, { recursive: true, force: true })
  }
}

/** In Debian the program lies in redis-tools, under the name of one of its tools; the other two are what it is linked with. */
const REDIS_PACKAGES = ['redis-tools', 'libjemalloc2', 'liblzf1']

/** The machine's own Redis, or that of its own suite of Debian. */
export function bringRedis(): Program | Missing {
  const found = findRedis()
  if (!isMissing(found)) return found
  const folder = join(CACHE, 'redis')
  mkdirSync(folder, { recursive: true })
  const script = `apt-get download -qq ${REDIS_PACKAGES.join(' ')} && for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done`
  const done = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
  const brought = findRedis()
  return isMissing(brought) ? { skipped: `${brought.skipped} (put one on PATH; apt-get brought none: ${lastLine(done.stderr)})` } : brought
}

export function findRedis(): Program | Missing {
  const own = versionOf('redis-server', /v=([\d.]+)/)
  if (own) return { command: 'redis-server', version: own, libraries: '' }
  const tool = join(CACHE, 'redis/usr/bin/redis-check-rdb')
  const command = join(CACHE, 'redis/redis-server')
  const libraries = globSync(join(CACHE, 'redis/usr/lib/*-linux-gnu*'))[0] ?? ''
  // Run under the name redis-server it is the server, whatever its file is called.
  if (existsSync(tool) && !existsSync(command)) symlinkSync(tool, command)
  const version = versionOf(command, /v=([\d.]+)/, libraries)
  return version ? { command, version, libraries } : { skipped: 'there is no redis-server' }
}

/** The server; its other programs lie beside it. What is installed, newest first, or what was brought. */
export function findPostgres(): Program | Missing {
  const own = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const libraries = globSync(join(CACHE, 'postgres/usr/lib/*-linux-gnu*'))[0] ?? ''
  for (const bin of [...own, ...globSync(join(CACHE, 'postgres/usr/lib/postgresql/*/bin'))]) {
    const command = join(bin, 'postgres')
    const version = versionOf(command, /(\d+(?:\.\d+)*)/, libraries)
    if (version) return { command, version, libraries: bin.startsWith(CACHE) ? libraries : '' }
  }
  return { skipped: 'there is no PostgreSQL' }
}

/** The machine's own, or that of its own suite of Debian, unpacked: Debian starts a server where one is installed. */
export function bringPostgres(): Program | Missing {
  const found = findPostgres()
  if (!isMissing(found)) return found
  const folder = join(CACHE, 'postgres')
  mkdirSync(folder, { recursive: true })
  const script = `server=$(apt-cache depends postgresql | sed -n 's/.*Depends: \\(postgresql-[0-9]*\\)$/\\1/p' | head -1)
    needs=$(apt-cache depends "$server" libpq5 | sed -n 's/.*Depends: \\(lib[a-z0-9.+-]*\\)$/\\1/p' | grep -Ev '^lib(c6|llvm|gcc|stdc)' | sort -u)
    apt-get download -qq "$server" libpq5 $needs && for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done`
  const done = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
  const brought = findPostgres()
  return isMissing(brought)
    ? { skipped: `${brought.skipped} (install postgresql, or let apt-get bring it: ${lastLine(done.stderr)})` }
    : brought
}

function versionOf(command: string, pattern: RegExp, libraries = ''): string | undefined {
  if (command.includes('/') && !existsSync(command)) return undefined
  const { status, stdout } = spawnSync(command, ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, ...(libraries && { LD_LIBRARY_PATH: libraries }) },
  })
  return status === 0 ? pattern.exec(stdout)?.[1] : undefined
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const differs = least.findIndex((part, i) => part !== parts[i])
  return differs < 0 || (parts[differs] ?? 0) > least[differs]!
}

const lastLine = (text: string | null | undefined): string => text?.trim().split('\n').at(-1) ?? ''
