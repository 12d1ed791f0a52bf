// The demo shop's mesh over its three services, with a test between the mesh and what it asks them.
import { dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { createJoinedMesh, type JoinedMesh } from '@parley/mesh/joined/joined-mesh.ts'
import { readMeshConfig } from '@parley/mesh/joined/read-mesh.ts'
import { openSource } from '@parley/mesh/source/kinds.ts'
import { type TestServices, TOKENS } from './demo-services.ts'
import { DEMO_MESH, GUARDED, openJoinedShop } from './joined-shop.ts'

export interface Call {
  readonly source: string
  readonly operation: string
  readonly args: Readonly<Record<string, unknown>>
}

/** Gives what the source answers, or something in its place; `ask` asks it, with other arguments where there are any. */
export type Between = (call: Call, ask: (args?: Call['args']) => Promise<unknown>) => Promise<unknown>

export async function openWatchedMesh(
  t: Pick<TestContext, 'after'>,
  between: Between,
): Promise<{ readonly mesh: JoinedMesh; readonly services: TestServices; readonly bugs: readonly unknown[] }> {
  const { services } = await openJoinedShop(t)
  const bugs: unknown[] = []
  const mesh = createJoinedMesh({
    config: readMeshConfig(join(services.folder, 'mesh.yaml')),
    onBug: error => bugs.push(error),
    sourceOf(name, settings) {
      const { url } = services.services[name as 'crm'] // the file names these three
      const means = { ...GUARDED, environment: {}, besides: (file: string) => resolve(dirname(DEMO_MESH), file) }
      const opened = openSource(name, settings, { ...means, instead: { url, token: TOKENS[name as 'crm'] } })
      t.after(() => opened.close())
      return {
        ...opened,
        call: (operation, asking, signal) =>
          between({ source: name, operation, args: asking.args }, args =>
            opened.call(operation, args ? { ...asking, args } : asking, signal),
          ),
      }
    },
  })
  return { mesh, services, bugs }
}
