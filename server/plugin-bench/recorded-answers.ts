// What a plugin's queries were answered when its golden transcript was written: `golden.answers.json` beside it. A test asks no system, so that it
// says the same everywhere; what is new is recorded from the demo shop, and what a person has changed (an order that is late, a source that is
// silent) stays as they wrote it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { GraphAnswer } from '@parley/core/ports/graph.ts'
import type { Moment } from '@parley/core/ports/voters.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { createBenchShop } from './bench-shop.ts'

const ANSWERS_FILE = 'golden.answers.json'

const Entry = z.strictObject({
  /** The customer, as in the transcript. */
  as: z.string(),
  locale: z.enum(['zh-CN', 'en']),
  /** The text of the query: changed, it has no answer yet. */
  document: z.string(),
  variables: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.unknown()),
  missing: z.array(z.string()),
  silent: z.array(z.string()).optional(),
  stale: z.array(z.strictObject({ path: z.string(), source: z.string(), ageMs: z.number() })).optional(),
})
type Entry = z.infer<typeof Entry>
const Entries = z.array(Entry)

export interface RecordedAnswers {
  lookUp(customer: string, locale: Locale): NonNullable<Moment['lookUp']>
  /** Writes what was asked, where it is not what stands there; gives how many answers are new. */
  save(): number
  close(): Promise<void>
}

const nameOf = ({ as, locale, document, variables }: Pick<Entry, 'as' | 'locale' | 'document' | 'variables'>): string =>
  JSON.stringify([as, locale, document, variables])

/** `isRecording`: what has no answer is asked of the systems, and otherwise refused. Faults: TURNS_INVALID, where the file cannot be read. */
export function openRecordedAnswers(folder: string, isRecording: boolean, mesh?: string): RecordedAnswers {
  const file = join(folder, ANSWERS_FILE)
  const before = new Map(readEntries(file).map(entry => [nameOf(entry), entry]))
  const asked = new Map<string, Entry>()
  const shop = createBenchShop(mesh)
  return {
    lookUp: (as, locale) => async (_voter, request) => {
      const wanted = { as, locale, document: request.document, variables: { ...request.variables } }
      const name = nameOf(wanted)
      const known = asked.get(name) ?? before.get(name)
      if (!known && !isRecording)
        throw new Fault('QUERY_REFUSED', {
          reason: `${ANSWERS_FILE} has no answer to it for ${as}; \`parley plugin test --update\` records it from the demo shop`,
        })
      // As JSON has it: what is not there is not written down.
      const entry = known ?? Entry.parse(JSON.parse(JSON.stringify({ ...wanted, ...(await shop.query(request, as, locale)) })))
      asked.set(name, entry)
      return answerOf(entry)
    },
    save() {
      const entries = [...asked.values()]
      const text = `${JSON.stringify(entries, null, 2)}\n`
      if (entries.length > 0 && (!existsSync(file) || readFileSync(file, 'utf8') !== text)) writeFileSync(file, text)
      return entries.filter(entry => !before.has(nameOf(entry))).length
    },
    close: () => shop.close(),
  }
}

const answerOf = ({ data, missing, silent, stale }: Entry): GraphAnswer => ({
  data,
  missing,
  ...(silent && { silent }),
  ...(stale && { stale }),
})

function readEntries(file: string): readonly Entry[] {
  if (!existsSync(file)) return []
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Fault('TURNS_INVALID', { file, line: 0, reason: 'it is not JSON' }, { cause })
  }
  const entries = Entries.safeParse(read)
  if (entries.success) return entries.data
  const [issue] = entries.error.issues
  throw new Fault('TURNS_INVALID', { file, line: 0, reason: `${issue?.path.join('.')}: ${issue?.message}` })
}
