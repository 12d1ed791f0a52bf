// Holds a plugin against its last published version: what is taken from the shops that have it must be said by the version's number.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { breaksOf, isMajorStep } from '../plugin-store/api-breaks.ts'
import { BUNDLE_ENDING, readBundle, type SignedBundle } from '../plugin-store/bundle-file.ts'
import type { PluginStore } from '../plugin-store/plugin-store.ts'
import type { Finding } from './check-plugin.ts'

/** Where published versions are looked for: a bundle that is named, else the plugin's folder and what is installed. */
export interface Published {
  readonly against?: string | undefined
  readonly store?: Pick<PluginStore, 'list' | 'bundleOf'> | undefined
}

/** Faults: BUNDLE_INVALID. */
export function checkApi(folder: string, manifest: Manifest, { against, store }: Published): Finding {
  const last = against === undefined ? lastOf([...packedIn(folder, manifest), ...installedOf(manifest, store)]) : readBundle(against)
  if (!last) return { what: 'api', verdict: 'skipped', figure: 'no earlier version', advice: 'pack one, or name one with --against' }
  const { id, version } = last.manifest
  const figure = `against ${version}`
  if (id !== manifest.id) return { what: 'api', verdict: 'error', figure: `against ${id} ${version}`, advice: 'that is another plugin' }
  const breaks = breaksOf(last.manifest, manifest)
  if (breaks.length === 0) return { what: 'api', verdict: 'ok', figure: `${figure}: nothing is taken from it` }
  const said = `${figure}: ${breaks.length} ${breaks.length === 1 ? 'break' : 'breaks'}`
  if (isMajorStep(version, manifest.version))
    return { what: 'api', verdict: 'ok', figure: `${said}, which ${manifest.version} says: ${breaks.join('; ')}` }
  return { what: 'api', verdict: 'error', figure: said, advice: `${breaks.join('; ')}: call it ${nextMajor(version)}, or keep them` }
}

/** Those that cannot be read are none of ours. */
function packedIn(folder: string, { id }: Manifest): readonly SignedBundle[] {
  return readdirSync(folder)
    .filter(name => name.startsWith(`${id}-`) && name.endsWith(BUNDLE_ENDING))
    .flatMap(name => {
      try {
        return readBundle(join(folder, name))
      } catch {
        return []
      }
    })
}

const installedOf = ({ id }: Manifest, store: Published['store']): readonly SignedBundle[] =>
  (store?.list() ?? []).filter(installed => installed.id === id).map(({ inForce }) => store!.bundleOf(inForce)) // the list is of the store

const lastOf = (bundles: readonly SignedBundle[]): SignedBundle | undefined =>
  bundles.toSorted((a, b) => compareVersions(a.manifest.version, b.manifest.version)).at(-1)

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('-', 1)[0]!.split('.').map(Number)) as [number[], number[]] // two versions
  const at = left.findIndex((part, index) => part !== right[index])
  return at < 0 ? 0 : left[at]! - right[at]! // three numbers each
}

function nextMajor(version: string): string {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number)
  return major === 0 ? `0.${minor + 1}.0` : `${major + 1}.0.0`
}
