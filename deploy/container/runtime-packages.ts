// What the server needs at run time, read off package-lock.json: the packages and workspaces that can be reached from the server and the plugins.
// The lock's own `dev` marks would keep what only the pages or the training import.
import { z } from 'zod'
import type { Target } from './target.ts'

const Names = z.record(z.string(), z.string()).default({})
const Entry = z.object({
  version: z.string().optional(),
  /** A workspace's link: its folder. */
  resolved: z.string().optional(),
  link: z.boolean().default(false),
  os: z.array(z.string()).optional(),
  cpu: z.array(z.string()).optional(),
  libc: z.array(z.string()).optional(),
  dependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
})
export const Lock = z.object({ packages: z.record(z.string(), Entry) })
export type Lock = z.infer<typeof Lock>
type Entry = z.infer<typeof Entry>

export interface RuntimePackages {
  /** Folders of the project: `server`, `core`, … */
  readonly workspaces: readonly string[]
  /** Links under node_modules to the folder that they lead to. */
  readonly links: ReadonlyMap<string, string>
  /** Installed packages by their place, `node_modules/a/node_modules/b`. */
  readonly packages: readonly string[]
}

/** `roots` are workspaces. Throws an Error where the lock does not hold what it names. */
export function runtimePackages({ packages }: Lock, roots: readonly string[], target: Target): RuntimePackages {
  const links = new Map<string, string>()
  const reached = new Set<string>()
  const visit = (place: string): void => {
    const entry = packages[place]
    if (!entry) throw new Error(`package-lock.json has no ${place}`)
    if (entry.link) {
      links.set(place, entry.resolved!) // a link leads somewhere
      return visit(entry.resolved!)
    }
    if (reached.has(place) || !isFor(entry, target)) return
    reached.add(place)
    const needed = { ...entry.dependencies, ...entry.optionalDependencies, ...requiredPeers(entry) }
    for (const name of Object.keys(needed)) {
      const found = resolve(packages, place, name)
      if (found !== undefined) visit(found)
      else if (entry.dependencies[name] !== undefined && entry.optionalDependencies[name] === undefined)
        throw new Error(`package-lock.json has no ${name}, which ${place} needs`)
    }
  }
  roots.forEach(visit)
  const all = [...reached].sort()
  const isPackage = (place: string): boolean => place.includes('node_modules/')
  return { workspaces: all.filter(place => !isPackage(place)), links, packages: all.filter(isPackage) }
}

/** As Node looks a package up: beside the one that asks, then outwards. */
function resolve(packages: Lock['packages'], from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = `${folder}${folder && '/'}node_modules/${name}`
    if (packages[place]) return place
    if (folder === '') return undefined
  }
}

const requiredPeers = (entry: Entry): Record<string, string> =>
  Object.fromEntries(Object.entries(entry.peerDependencies).filter(([name]) => !entry.peerDependenciesMeta[name]?.optional))

const isFor = ({ os, cpu, libc }: Entry, target: Target): boolean =>
  (!os || os.includes(target.os)) && (!cpu || cpu.includes(target.cpu)) && (!libc || libc.includes('glibc'))
