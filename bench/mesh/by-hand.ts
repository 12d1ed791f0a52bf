// What one writes without a mesh: calls one after the other, as a script does, and the best that a person would write by hand: what can be asked at
// once is, and the two lists take all ids in one call. Neither shares anything with anybody. Node's own HTTP client with kept connections, which is
// faster than its fetch.
import { Agent, request } from 'node:http'
import type { ServiceName } from '@parley/demo-shop/services.ts'
import { type Ask, AUTHORIZATION, IDLE_MS, type ShopAnswer, type Urls } from './shop.ts'

interface Order {
  readonly number: string
  readonly items: readonly { readonly name: string; readonly price: string }[]
}

export function createByHand(urls: Urls): { readonly sequential: Ask; readonly atOnce: Ask } {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS })
  const headers = { authorization: AUTHORIZATION, 'accept-language': 'en' }

  /** A cast where it is called: the service's document says what it gives. Undefined where there is no such thing. */
  const get = <T>(service: ServiceName, path: string): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      const asking = request(`${urls[service]}${path}`, { agent, headers }, response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.once('end', () => {
          if (response.statusCode === 404) resolve(undefined)
          else if (response.statusCode === 200) resolve(JSON.parse(text))
          else reject(new Error(`${service} answered ${response.statusCode}`))
        })
      })
      asking.on('error', reject)
      asking.end()
    })
  const customerOf = (id: string): Promise<object | undefined> => get('crm', `/customers/${encodeURIComponent(id)}`)
  const ordersOf = async (id: string): Promise<readonly Order[]> =>
    (await get<{ readonly orders: readonly Order[] }>('orders', `/orders?customer=${encodeURIComponent(id)}&status=returning`))?.orders ??
    []
  const statusesOf = async (numbers: readonly string[]) =>
    (await get<readonly { readonly order: string; readonly status: string }[]>('warehouse', `/fulfilments?orders=${numbers.join()}`)) ?? []
  const refundsOf = async (numbers: readonly string[]) =>
    (await get<readonly { readonly order: string; readonly progress: string }[]>('crm', `/refunds?orders=${numbers.join()}`)) ?? []
  const told = (order: Order, status: string | undefined, progress: string | undefined) => ({
    items: order.items.map(({ name, price }) => ({ name, price })),
    warehouseStatus: enumName(status),
    refundProgress: enumName(progress),
  })

  return {
    async sequential(id): Promise<ShopAnswer> {
      if (!(await customerOf(id))) return { customer: null }
      const orders = []
      for (const order of await ordersOf(id)) {
        const [fulfilment] = await statusesOf([order.number])
        const [refund] = await refundsOf([order.number])
        orders.push(told(order, fulfilment?.status, refund?.progress))
      }
      return { customer: { orders } }
    },
    async atOnce(id): Promise<ShopAnswer> {
      // The orders need nothing of the customer but the id that is there already.
      const [customer, orders] = await Promise.all([customerOf(id), ordersOf(id)])
      if (!customer) return { customer: null }
      const numbers = orders.map(({ number }) => number)
      if (numbers.length === 0) return { customer: { orders: [] } }
      const [statuses, refunds] = await Promise.all([statusesOf(numbers), refundsOf(numbers)])
      const statusOf = new Map(statuses.map(({ order, status }) => [order, status]))
      const progressOf = new Map(refunds.map(({ order, progress }) => [order, progress]))
      return { customer: { orders: orders.map(order => told(order, statusOf.get(order.number), progressOf.get(order.number))) } }
    },
  }
}

const enumName = (value: string | undefined): string | null => value?.toUpperCase().replaceAll('-', '_') ?? null
