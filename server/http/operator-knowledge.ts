// Articles, for the operator of this machine: what a shop answers from, what it finds for a question, and every change of it.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { KnowledgeDesk } from '../knowledge-desk.ts'
import { checked, operatorGate } from './operator-gate.ts'

export interface KnowledgeRouteParts {
  readonly knowledge: KnowledgeDesk
  readonly operatorKey: string
}

const OfShop = z.object({ shop: z.string() })
const Files = z.strictObject({
  /** `name` is the place in a folder, and ends in .md or .csv. */
  files: z.array(z.strictObject({ name: z.string().min(1).max(300), text: z.string() })).min(1),
  /** They are the whole of what the shop answers from. */
  all: z.boolean().default(false),
  skipBad: z.boolean().default(false),
})
const Removal = z.strictObject({ ids: z.array(z.string()).min(1), forGood: z.boolean().default(false) })
const Search = z.object({ q: z.string().min(1).max(4_000), most: z.coerce.number().int().min(1).max(50).default(5) })
const ById = z.object({ id: z.string() })

export function registerKnowledgeRoutes(http: FastifyInstance, { knowledge, operatorKey }: KnowledgeRouteParts): void {
  const admit = operatorGate(operatorKey)
  const place = '/v1/operator/shops/:shop/knowledge'

  http.get('/v1/operator/knowledge', async request => {
    admit(request)
    return knowledge.view()
  })
  http.post('/v1/operator/knowledge/reload', async request => {
    admit(request)
    await knowledge.reload()
    return knowledge.view()
  })
  http.get(place, async request => {
    admit(request)
    return { articles: knowledge.list(checked(OfShop, request.params).shop) }
  })
  http.get(`${place}/article`, async request => {
    admit(request)
    return knowledge.find(checked(OfShop, request.params).shop, checked(ById, request.query).id)
  })
  http.get(`${place}/search`, async request => {
    admit(request)
    const { q, most } = checked(Search, request.query)
    return { found: (await knowledge.search(checked(OfShop, request.params).shop, q, most)).map(foundRow) }
  })
  http.post(place, async request => {
    admit(request)
    const { files, all, skipBad } = checked(Files, request.body)
    const sources = files.map(({ name, text }) => ({ file: name, place: name, bytes: Buffer.from(text) }))
    return knowledge.add(checked(OfShop, request.params).shop, sources, { isAll: all, skipBad })
  })
  http.post(`${place}/remove`, async request => {
    admit(request)
    const { ids, forGood } = checked(Removal, request.body)
    await knowledge.remove(checked(OfShop, request.params).shop, ids, forGood)
    return knowledge.view()
  })
  http.post(`${place}/rollback`, async request => {
    admit(request)
    await knowledge.rollback(checked(OfShop, request.params).shop)
    return knowledge.view()
  })
}

const foundRow = ({ article, version, passage, score, confidence }: Awaited<ReturnType<KnowledgeDesk['search']>>[number]) => ({
  article: article.id,
  version: version.slice(0, 12),
  title: article.title,
  action: article.action,
  ...passage,
  score,
  confidence,
})
