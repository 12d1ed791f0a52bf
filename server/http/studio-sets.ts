// Sets of turns to judge by: uploaded, looked at, removed.
import { SET_CHARACTERS, SetUpload } from '@parley/core/protocol/studio.ts'
import type { FastifyInstance } from 'fastify'
import { checked } from './operator-gate.ts'
import type { AskingOf } from './studio-routes.ts'

/** Of UTF-8, three a character, and what JSON adds to quotes and ends of lines. */
const BODY_BYTES = 4 * SET_CHARACTERS

interface Route {
  Params: { set: string }
}

export function registerStudioSets(http: FastifyInstance, askingOf: AskingOf): void {
  http.get('/v1/studio/sets', async request => ({ sets: askingOf(request).shop.sets.list() }))
  http.post('/v1/studio/sets', { bodyLimit: BODY_BYTES }, async request => {
    const { who, shop } = askingOf(request)
    return shop.sets.add(checked(SetUpload, request.body), who.name)
  })
  http.get<Route>('/v1/studio/sets/:set', async request => askingOf(request).shop.sets.look(request.params.set))
  http.get<Route>('/v1/studio/sets/:set/text', async (request, reply) => {
    const text = await askingOf(request).shop.sets.text(request.params.set)
    return reply.type('application/x-ndjson; charset=utf-8').header('content-disposition', 'attachment; filename="turns.jsonl"').send(text)
  })
  http.delete<Route>('/v1/studio/sets/:set', async (request, reply) => {
    await askingOf(request).shop.sets.remove(request.params.set)
    return reply.code(204).send()
  })
}
