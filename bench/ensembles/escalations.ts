// Real escalations: turns of JD.com's chats that customers were dissatisfied with, and turns of Taobao's chats that were handed over to a person.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MOODS as TURNS } from '@parley/core/dialogue/frame.ts'
import { trendOf } from '@parley/core/dialogue/patience.ts'
import { z } from 'zod'
import { feelOf } from '../feel.ts'
import { DATA_FOLDER } from '../models/data-sets.ts'
import type { SignalledTurn, SignalledTurns } from './fuse-signals.ts'
import { likeness, ngramsOf } from './texts.ts'

/** Undefined where the set is not here. */
function linesOf(...path: readonly string[]): readonly unknown[] | undefined {
  try {
    return readFileSync(join(DATA_FOLDER, ...path), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as unknown)
  } catch {
    return undefined
  }
}

const JddcLine = z.object({
  text: z.string(),
  label: z.string(),
  dialogue: z.string(),
  history: z.array(z.object({ role: z.string(), text: z.string() })),
})

/** Whether the customer was dissatisfied: characters, our shipped moods, and how the dialogue has gone. Nothing of ours was trained on it. */
export async function dissatisfaction(): Promise<SignalledTurns | undefined> {
  const lines = linesOf('jddc_satisfaction_zh', 'uniform.jsonl')?.map(line => JddcLine.parse(line))
  if (!lines) return undefined
  const rows = lines.filter(({ text }) => text !== 'OVERALL')
  const windows = rows.map(({ history, text }) => {
    const said = history.filter(({ role }) => role === 'user').map(turn => turn.text)
    return said.at(-1) === text ? said : [...said, text]
  })
  const texts = [...new Set(windows.flat())]
  const felt = await feelOf('zh')(texts)
  const feelings = new Map(texts.map((text, i) => [text, felt[i]!])) // one each
  const ngrams = ngramsOf(
    texts.map(text => [...text]),
    3,
  )
  const characters = (text: string) => ngrams.rowOf([...text])
  const signalled = rows.map(({ label, dialogue, text }, i) => {
    const window = windows[i]! // one a row
    const earlier = window.slice(0, -1)
    const moods = window.map(said => feelings.get(said)?.mood ?? 0).slice(-TURNS)
    return {
      dialogue,
      isSo: label === 'dissatisfied',
      words: characters(text),
      before: earlier.map(characters),
      signals: {
        mood: moods.at(-1) ?? 0,
        trend: trendOf(moods) ?? 0,
        'mood of the last turns': moods.reduce((sum, mood) => sum + mood, 0) / moods.length,
        urgency: feelings.get(text)?.urgency ?? 0,
        'turns so far': earlier.length,
        repeats: Math.max(0, ...earlier.map(said => likeness([...text], [...said]))),
        length: Math.log(1 + text.length),
      },
    }
  })
  return { width: ngrams.width, turns: signalled }
}

const MhchLine = z.object({
  split: z.string(),
  turns: z.array(
    z.object({
      role: z.union([z.string(), z.number()]),
      ids: z.string(),
      senti_score: z.number().optional(),
      senti: z.number().optional(),
      handoff: z.number(),
    }),
  ),
})

/** By set: whether an utterance was handed over. Words are numbers there, so that none of our voters can read them. */
export const handoffs = (): Readonly<Record<string, SignalledTurns>> | undefined => {
  const sets = [
    [
      'clothing',
      linesOf('mhch_handoff_ids_zh', 'uniform.jsonl')
        ?.map(line => MhchLine.parse(line))
        .filter(({ split }) => split.startsWith('clothing')),
    ],
    [
      'make-up',
      linesOf('mhch_handoff_ids_zh', 'uniform.jsonl')
        ?.map(line => MhchLine.parse(line))
        .filter(({ split }) => split.startsWith('makeup')),
    ],
    ['make-up, with moods', linesOf('mhch_handoff_ids_zh', 'uniform_rssn_makeup.jsonl')?.map(line => MhchLine.parse(line))],
  ] as const
  const here = sets.flatMap(([name, lines]) => (lines ? [[name, turnsOf(lines)] as const] : []))
  return here.length > 0 ? Object.fromEntries(here) : undefined
}

function turnsOf(lines: readonly z.infer<typeof MhchLine>[]): SignalledTurns {
  const ngrams = ngramsOf(
    lines.flatMap(({ turns }) => turns.map(({ ids }) => ids.split(' '))),
    2,
  )
  const signalled = lines.flatMap(({ turns }, line) => {
    const words = turns.map(({ ids }) => ids.split(' '))
    const rows = words.map(ngrams.rowOf)
    const moods = turns.map(({ senti_score, senti }) => senti_score ?? (senti ?? 1) - 1)
    return turns.map(({ role, handoff }, i): SignalledTurn => {
      const own = [...turns.keys()].slice(0, i).filter(j => turns[j]!.role === role) // of the turns
      const before = moods.slice(0, i)
      return {
        dialogue: `dialogue ${line}`,
        isSo: handoff === 1,
        words: rows[i]!, // one a turn, here and below
        before: rows.slice(0, i),
        signals: {
          mood: moods[i]!,
          'mood before, mean': before.length === 0 ? 0 : before.reduce((sum, mood) => sum + mood, 0) / before.length,
          'turns so far': i,
          repeats: Math.max(0, ...own.map(j => likeness(words[i]!, words[j]!))),
          length: Math.log(1 + words[i]!.length),
          'who speaks': role === 1 || role === 'customer' ? 1 : 0,
        },
      }
    })
  })
  return { width: ngrams.width, turns: signalled }
}
