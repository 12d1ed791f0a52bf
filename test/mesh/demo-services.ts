// The three services of the demo shop in a folder of their own, on a day of its own.
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type DemoServices, type ServiceName, startDemoServices } from '@parley/demo-shop/services.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { TODAY } from './questions.ts'

export const TOKENS = { orders: 'token-of-orders', crm: 'token-of-crm', warehouse: 'token-of-warehouse' } as const

export interface TestServices extends DemoServices {
  readonly folder: string
  /** Resolves with status and body. `key` makes it a POST. */
  ask(
    service: ServiceName,
    path: string,
    more?: { readonly token?: string; readonly locale?: string; readonly key?: string; readonly body?: object },
  ): Promise<{ readonly status: number; readonly body: unknown }>
  knob(service: ServiceName, setting: object): Promise<void>
}

/** Closed and removed after the test; `used` is a folder that another process has used. */
export async function startTestServices(t: Pick<TestContext, 'after'>, used?: string): Promise<TestServices> {
  const temporary = temporaryFolder()
  const folder = used ?? join(temporary.path, 'services')
  const started = await startDemoServices({ folder, tokens: TOKENS, today: () => TODAY })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await started.close()
    isClosed = true
  }
  t.after(async () => {
    await close()
    temporary.remove()
  })
  const ask: TestServices['ask'] = async (service, path, { token = TOKENS[service], locale = 'en', key, body } = {}) => {
    const response = await fetch(`${started.services[service].url}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        'accept-language': locale,
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...((key !== undefined || body) && { method: 'POST', body: JSON.stringify(body ?? {}) }),
    })
    return { status: response.status, body: await response.json() }
  }
  return {
    ...started,
    close,
    folder,
    ask,
    async knob(service, setting) {
      await ask(service, '/knob', { body: setting })
    },
  }
}
