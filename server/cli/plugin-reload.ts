// `parley plugin reload`: has the running server read parley.yaml's plugins and their settings again, and says what is in force then.
import type { PluginsView } from '../http/operator-plugins.ts'
import { askOperator } from './operator-request.ts'

/** Faults: SERVER_UNREACHABLE, and of a change that cannot be made CONFIG_INVALID, PLUGIN_INVALID or PLUGIN_OFF: nothing has changed then. */
export async function reloadPlugins({ url, json }: { readonly url: string; readonly json?: true }): Promise<void> {
  const view = (await askOperator(url, '/plugins/reload', {})) as PluginsView // our own server's answer
  if (json) return console.log(JSON.stringify(view, null, 2))
  for (const [shop, plugins] of Object.entries(view)) {
    if (plugins.length === 0) console.log(`${shop}: no plugins`)
    for (const { plugin, version, off } of plugins) console.log(`${shop}: ${plugin} ${version}${off === undefined ? '' : ` (off: ${off})`}`)
  }
}
