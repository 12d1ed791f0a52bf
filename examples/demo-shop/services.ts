// The three services of the demo shop, started together. Each has its own file, port and token; one that is closed or faulty leaves the others alone.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openCrm } from './crm-service.ts'
import { openOrders } from './orders-service.ts'
import { type Service, startService } from './service.ts'
import { type ShopData, shopData } from './shop-data.ts'
import { openWarehouse } from './warehouse-service.ts'

export const SERVICES = ['orders', 'crm', 'warehouse'] as const
export type ServiceName = (typeof SERVICES)[number]

export interface DemoServicesOptions {
  /** `data/demo-shop/services`; each service's file is made and filled there when its first request comes, and kept as it is afterwards. */
  readonly folder: string
  readonly tokens: Readonly<Record<ServiceName, string>>
  /** The date in the shop, `YYYY-MM-DD`. */
  readonly today: () => string
  /** Free ports where none are given. */
  readonly ports?: Partial<Record<ServiceName, number>>
}

export interface DemoServices {
  readonly services: Readonly<Record<ServiceName, Service>>
  /** Makes and fills their files now, where they are not there. One that cannot be is tried again, and told of, when it is asked. */
  fill(): void
  close(): Promise<void>
}

const OPEN = { orders: openOrders, crm: openCrm, warehouse: openWarehouse }

export async function startDemoServices({ folder, tokens, today, ports = {} }: DemoServicesOptions): Promise<DemoServices> {
  mkdirSync(folder, { recursive: true })
  let drawn: ShopData | undefined
  const data = (): ShopData => (drawn ??= shopData(today()))
  const start = (name: ServiceName): Promise<Service> =>
    startService({ open: () => OPEN[name](join(folder, `${name}.db`), data), token: tokens[name], today, port: ports[name] ?? 0 })
  const [orders, crm, warehouse] = await Promise.all([start('orders'), start('crm'), start('warehouse')])
  return {
    services: { orders, crm, warehouse },
    fill() {
      for (const service of [orders, crm, warehouse]) service.fill()
    },
    async close() {
      await Promise.all([orders.close(), crm.close(), warehouse.close()])
    },
  }
}
