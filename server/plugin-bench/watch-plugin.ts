// The plugin as it lies on the disk, always in a sandbox: whenever a file of it is saved, it is loaded anew. Where that fails the version
// before goes on, and what is asked meanwhile waits for the new one.
import { type FSWatcher, globSync, watch } from 'node:fs'
import { join } from 'node:path'
import { type Fault, isFault } from '@parley/core/faults.ts'
import type { PluginSettings } from '../plugin-host/load-plugin.ts'
import { type Bench, openBench } from './bench.ts'

/** An editor writes a file in a few steps; they are one change. */
const SETTLED_MS = 40
const SOURCE = /\.(ts|json|py|yaml)$/

export interface WatchedPlugin {
  /** The plugin as it was last loaded; undefined while it has never been. Waits for a load that is under way. */
  current(): Promise<Bench | undefined>
  close(): Promise<void>
}

export interface PluginWatcher {
  loaded(bench: Bench, ms: number, isFirst: boolean): void
  refused(fault: Fault, isFirst: boolean): void
}

export function watchPlugin(folder: string, settings: PluginSettings[string], watcher: PluginWatcher, mesh?: string): WatchedPlugin {
  let loading: Promise<Bench | undefined> = load(undefined, performance.now())
  let timer: NodeJS.Timeout | undefined
  let changedAt = 0
  let isClosed = false

  async function load(before: Bench | undefined, since: number): Promise<Bench | undefined> {
    try {
      const bench = await openBench(folder, settings, mesh)
      await before?.close()
      watcher.loaded(bench, performance.now() - since, before === undefined)
      return bench
    } catch (fault) {
      if (!isFault(fault)) throw fault
      watcher.refused(fault, before === undefined)
      return before
    }
  }

  const changed = (file: string | null): void => {
    if (isClosed) return
    watchFolders()
    if (file !== null && !SOURCE.test(file)) return
    changedAt ||= performance.now()
    clearTimeout(timer)
    timer = setTimeout(() => {
      const since = changedAt
      changedAt = 0
      loading = loading.then(before => load(before, since))
    }, SETTLED_MS)
  }

  // Folder by folder, since Node's recursive watch loses a file on Linux once an editor has put another in its place.
  const watched = new Map<string, FSWatcher>()
  const watchFolders = (): void => {
    for (const each of ['.', ...foldersIn(folder)]) {
      if (watched.has(each)) continue
      const watcher = watch(join(folder, each), (_, file) => changed(file))
      watcher.on('error', () => watched.delete(each)) // the folder is gone
      watched.set(each, watcher)
    }
  }
  watchFolders()
  return {
    current: () => loading,
    async close() {
      isClosed = true
      clearTimeout(timer)
      for (const files of watched.values()) files.close()
      await (await loading)?.close()
    },
  }
}

const foldersIn = (folder: string): readonly string[] =>
  globSync('**/', { cwd: folder, exclude: name => name === 'node_modules' || name.startsWith('.') }).filter(name => name !== '.')
