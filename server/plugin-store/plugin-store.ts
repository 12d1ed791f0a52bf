// The plugins that are installed: bundles by the hash of their content, which never change, and for each shop which of them is in force. A change is one
// commit of the records; a bundle is on the disk, whole, before a record names it. So whenever the process is killed, what was in force is in force,
// or what was to be.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { placeFile } from '../drivers/place-file.ts'
import { BUNDLE_ENDING, readBundle, type SignedBundle } from './bundle-file.ts'
import { type Comparison, type Comparisons, keepComparisons, readComparison, shadowIn, sweepComparisons } from './comparison.ts'
import { examineBundle } from './examine-bundle.ts'
import { Installed, type InstalledChoice, type Release, Shadow, type ShadowChoice } from './installed.ts'
import { createPluginLog, type LogEntry, type PluginLog, readPluginLog } from './plugin-log.ts'
import type { PluginRecords, Records, RecordsToChange } from './plugin-records.ts'

const EARLIER_KEPT = 20
const CHANGES_KEPT = 100

export interface InstalledPlugin extends Installed {
  readonly shop: string
  readonly id: string
  /** Whether the publisher of the version in force is. */
  readonly isTrusted: boolean
}

export interface ShadowPlugin extends Shadow {
  readonly shop: string
  readonly id: string
  readonly isTrusted: boolean
}

/** What the records have of a plugin in a shop, for `putBack`. */
export interface Kept {
  readonly installed: unknown
  readonly shadow: unknown
}

/** A bundle that was looked at and may be installed. */
export interface Proposal extends SignedBundle {
  readonly file: string
}

export interface PluginStore {
  /** False where it was trusted already. */
  trust(publisher: string): Promise<boolean>
  /** What it has published is off from now on. Faults: UNKNOWN_PUBLISHER. */
  distrust(publisher: string): Promise<void>
  publishers(): readonly { readonly publisher: string; readonly since: number }[]
  /** Looks at a bundle without installing it. Faults: BUNDLE_INVALID, BUNDLE_UNTRUSTED, VERSION_PUBLISHED. */
  examine(file: string): Promise<Proposal>
  /** Puts it in force; false where it was. Faults: BUNDLE_INVALID where the file is another by now, BUNDLE_UNTRUSTED, VERSION_PUBLISHED, PLUGIN_PINNED. */
  install(shop: string, proposal: Proposal): Promise<boolean>
  /**
   * Has it vote beside the version in force, in place of another shadow; false where it does so already, or is in force. Faults: as `install`, but for
   * the pin, which is about what is in force.
   */
  installShadow(shop: string, proposal: Proposal): Promise<boolean>
  /** Puts the shadow in force, and gives it. Faults: NO_SHADOW, BUNDLE_UNTRUSTED, PLUGIN_PINNED. */
  promote(shop: string, id: string): Promise<Release>
  /** Faults: NO_SHADOW. */
  endShadow(shop: string, id: string): Promise<Release>
  /** Puts the version before in force, and gives it. Faults: UNKNOWN_PLUGIN, NO_EARLIER_VERSION. */
  rollback(shop: string, id: string): Promise<Release>
  /** Faults: UNKNOWN_PLUGIN. */
  set(shop: string, id: string, state: { readonly isPinned: boolean } | { readonly isDisabled: boolean }): Promise<Release>
  /** Its shadow goes with it. Faults: UNKNOWN_PLUGIN, where there is neither. */
  remove(shop: string, id: string): Promise<void>
  kept(shop: string, id: string): Kept
  /** Puts the records back as they were before a change that could not be made in the running server. */
  putBack(shop: string, id: string, before: Kept): Promise<void>
  /** Takes away what no record names: bundles, and comparisons of shadows that have ended. */
  sweep(): Promise<void>
  find(shop: string, id: string): InstalledPlugin | undefined
  /** By shop and id. */
  list(): readonly InstalledPlugin[]
  /** By shop and id. */
  shadows(): readonly ShadowPlugin[]
  comparison(shadow: ShadowPlugin): Comparison
  /** The bundle of a release. Faults: BUNDLE_INVALID where it is damaged or lost. */
  bundleOf(release: Release): SignedBundle
  /** What a server loads for a shop, by id. */
  choices(shop: string): readonly InstalledChoice[]
  shadowChoices(shop: string): readonly ShadowChoice[]
  /** What is to be heard of plugins, for `log`. */
  keepLog(broke: (error: unknown) => void): PluginLog
  /** What comes of shadows' votes, for `comparison`. */
  keepComparisons(broke: (error: unknown) => void): Comparisons
  /** What has become of a plugin's calls, or of every plugin's, oldest first. */
  log(plugin?: string): readonly LogEntry[]
  close(): Promise<void>
}

const isWhole = (file: string, hash: string): boolean => {
  try {
    return readBundle(file).hash === hash
  } catch (error) {
    if (isFault(error, 'BUNDLE_INVALID')) return false
    throw error
  }
}

/** `folder` is for the bundles; it is made when there is one. */
export function createPluginStore(records: PluginRecords, folder: string, clock: Clock): PluginStore {
  const fileOf = ({ hash }: Pick<Release, 'hash'>): string => join(folder, `${hash}${BUNDLE_ENDING}`)
  const isTrusted = (publisher: string, from: Records = records): boolean => from.get(['publisher', publisher]) !== undefined
  const admit = (file: string) => (publisher: string) => {
    if (!isTrusted(publisher)) throw new Fault('BUNDLE_UNTRUSTED', { file, publisher })
  }
  const read = (from: Records, shop: string, id: string): Installed | undefined => {
    const value = from.get(['plugin', shop, id])
    return value === undefined ? undefined : Installed.parse(value)
  }
  const known = (from: Records, shop: string, id: string): Installed => {
    const found = read(from, shop, id)
    if (!found) throw new Fault('UNKNOWN_PLUGIN', { shop, plugin: id })
    return found
  }
  const refuseOther = (from: Records, { manifest: { id, version }, hash }: SignedBundle): void => {
    const published = from.get(['version', id, version]) as { readonly hash: string } | undefined // as install puts it
    if (published && published.hash !== hash)
      throw new Fault('VERSION_PUBLISHED', { plugin: id, version, where: `content ${published.hash.slice(0, 12)} was installed` })
  }
  const view = (shop: string, id: string, value: unknown): InstalledPlugin => {
    const installed = Installed.parse(value)
    return { ...installed, shop, id, isTrusted: isTrusted(installed.inForce.publisher) }
  }
  const noted = (installed: Installed, what: Installed['changes'][number]['what']): Installed => ({
    ...installed,
    changes: [...installed.changes, { at: clock.now(), what, version: installed.inForce.version }].slice(-CHANGES_KEPT),
  })
  const shadows = (): readonly ShadowPlugin[] =>
    records.list(['shadow']).map(([[shop, id], value]) => {
      const shadow = Shadow.parse(value)
      return { ...shadow, shop: shop!, id: id!, isTrusted: isTrusted(shadow.release.publisher) } // a shadow's key
    })
  const knownShadow = (from: Records, shop: string, id: string): Shadow => {
    const found = shadowIn(from, shop, id)
    if (!found) throw new Fault('NO_SHADOW', { shop, plugin: id })
    return found
  }
  const list = (): readonly InstalledPlugin[] => records.list(['plugin']).map(([[shop, id], value]) => view(shop!, id!, value)) // a plugin's key

  /** Within a change, so that nobody takes it away before it is named. */
  const place = (file: string, hash: string): void => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const placed = fileOf({ hash })
    if (isWhole(placed, hash)) return
    rmSync(placed, { force: true })
    placeFile(placed, readFileSync(file))
    if (isWhole(placed, hash)) return
    rmSync(placed)
    throw new Fault('BUNDLE_INVALID', { file, reason: 'it was changed while it was installed' })
  }

  /** A change of its own, in which nobody installs: what no record names goes. */
  const sweep = (): Promise<void> =>
    records.change(within => {
      const named = new Set(
        within.list(['plugin']).flatMap(([, value]) => {
          const { inForce, earlier } = Installed.parse(value)
          return [inForce, ...earlier].map(({ hash }) => `${hash}${BUNDLE_ENDING}`)
        }),
      )
      for (const [, value] of within.list(['shadow'])) named.add(`${Shadow.parse(value).release.hash}${BUNDLE_ENDING}`)
      sweepComparisons(within)
      for (const name of existsSync(folder) ? readdirSync(folder) : []) if (!named.has(name)) rmSync(join(folder, name))
    })

  /** False where it is so. A shadow with this content has nothing to be compared with any more. Faults: PLUGIN_PINNED. */
  const putInForce = (within: RecordsToChange, shop: string, id: string, release: Release, what: 'install' | 'promote'): boolean => {
    const before = read(within, shop, id)
    if (before?.inForce.hash === release.hash) return false
    if (before?.isPinned) throw new Fault('PLUGIN_PINNED', { plugin: id, version: before.inForce.version })
    const installed: Installed = {
      inForce: release,
      earlier: before ? [...before.earlier, before.inForce].slice(-EARLIER_KEPT) : [],
      isPinned: false,
      isDisabled: before?.isDisabled ?? false,
      changes: before?.changes ?? [],
    }
    within.put(['plugin', shop, id], noted(installed, what))
    if (shadowIn(within, shop, id)?.release.hash === release.hash) within.remove(['shadow', shop, id])
    return true
  }
  const refuse = (within: Records, proposal: Proposal): void => {
    const { file, publisher } = proposal
    if (!isTrusted(publisher, within)) throw new Fault('BUNDLE_UNTRUSTED', { file, publisher })
    refuseOther(within, proposal)
  }
  const publish = (within: RecordsToChange, { file, manifest: { id, version }, hash }: Proposal): void => {
    place(file, hash)
    within.put(['version', id, version], { hash })
  }
  const releaseOf = ({ manifest: { version }, hash, publisher }: Proposal): Release => ({ version, hash, publisher })

  const change = <T>(shop: string, id: string, next: (before: Installed, within: RecordsToChange) => readonly [Installed, T]): Promise<T> =>
    records.change(within => {
      const [after, result] = next(known(within, shop, id), within)
      within.put(['plugin', shop, id], after)
      return result
    })

  return {
    trust: publisher =>
      records.change(within => {
        if (isTrusted(publisher, within)) return false
        within.put(['publisher', publisher], { since: clock.now() })
        return true
      }),
    distrust: publisher =>
      records.change(within => {
        if (!isTrusted(publisher, within)) throw new Fault('UNKNOWN_PUBLISHER', { publisher })
        within.remove(['publisher', publisher])
      }),
    publishers: () =>
      records.list(['publisher']).map(([[publisher], value]) => ({ publisher: publisher!, ...(value as { readonly since: number }) })), // as trust puts it
    async examine(file) {
      const bundle = await examineBundle(file, admit(file))
      refuseOther(records, bundle)
      return { ...bundle, file }
    },
    install: (shop, proposal) =>
      records.change(within => {
        refuse(within, proposal)
        if (!putInForce(within, shop, proposal.manifest.id, releaseOf(proposal), 'install')) return false
        publish(within, proposal)
        return true
      }),
    installShadow: (shop, proposal) =>
      records.change(within => {
        const { manifest, hash } = proposal
        refuse(within, proposal)
        if ([read(within, shop, manifest.id)?.inForce.hash, shadowIn(within, shop, manifest.id)?.release.hash].includes(hash)) return false
        publish(within, proposal)
        const shadow: Shadow = { release: releaseOf(proposal), since: clock.now() }
        within.put(['shadow', shop, manifest.id], shadow)
        return true
      }),
    promote: (shop, id) =>
      records.change(within => {
        const { release } = knownShadow(within, shop, id)
        const { version, publisher } = release
        if (!isTrusted(publisher, within)) throw new Fault('BUNDLE_UNTRUSTED', { file: `${id} ${version}`, publisher })
        putInForce(within, shop, id, release, 'promote')
        within.remove(['shadow', shop, id])
        return release
      }),
    endShadow: (shop, id) =>
      records.change(within => {
        const { release } = knownShadow(within, shop, id)
        within.remove(['shadow', shop, id])
        return release
      }),
    rollback: (shop, id) =>
      change(shop, id, before => {
        const inForce = before.earlier.at(-1)
        if (!inForce) throw new Fault('NO_EARLIER_VERSION', { plugin: id, version: before.inForce.version })
        return [noted({ ...before, inForce, earlier: before.earlier.slice(0, -1) }, 'rollback'), inForce]
      }),
    set: (shop, id, state) =>
      change(shop, id, before => {
        const what = 'isPinned' in state ? (state.isPinned ? 'pin' : 'unpin') : state.isDisabled ? 'disable' : 'enable'
        return [noted({ ...before, ...state }, what), before.inForce]
      }),
    remove: (shop, id) =>
      records.change(within => {
        if (!shadowIn(within, shop, id)) known(within, shop, id)
        within.remove(['plugin', shop, id])
        within.remove(['shadow', shop, id])
      }),
    kept: (shop, id) => ({ installed: records.get(['plugin', shop, id]), shadow: records.get(['shadow', shop, id]) }),
    putBack: (shop, id, before) =>
      records.change(within => {
        for (const [kind, value] of [
          ['plugin', before.installed],
          ['shadow', before.shadow],
        ] as const)
          if (value === undefined) within.remove([kind, shop, id])
          else within.put([kind, shop, id], value as object) // as it was read
      }),
    sweep,
    find(shop, id) {
      const value = records.get(['plugin', shop, id])
      return value === undefined ? undefined : view(shop, id, value)
    },
    list,
    shadows,
    comparison: ({ shop, id, since }) => readComparison(records, { shop, plugin: id, since }),
    bundleOf(release) {
      const bundle = readBundle(fileOf(release))
      if (bundle.hash !== release.hash) throw new Fault('BUNDLE_INVALID', { file: fileOf(release), reason: 'it is another one' })
      return bundle
    },
    choices: shop =>
      list()
        .filter(each => each.shop === shop)
        .map(({ id, inForce, isDisabled, isTrusted: mayRun }) => ({
          id,
          hash: inForce.hash,
          ...(!isDisabled && mayRun && { file: fileOf(inForce) }),
        })),
    shadowChoices: shop =>
      shadows()
        .filter(each => each.shop === shop)
        .map(({ id, since, release, isTrusted: mayRun }) => ({ id, since, hash: release.hash, ...(mayRun && { file: fileOf(release) }) })),
    keepComparisons: broke => keepComparisons(records, clock, broke),
    keepLog: broke => createPluginLog(records, clock, broke),
    log: plugin => readPluginLog(records, plugin),
    close: () => records.close(),
  }
}
