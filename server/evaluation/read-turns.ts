// Reads DATA.jsonl, a turn or a whole dialogue a line, each turn with the action that it is about:
//   {"text": …, "action": …, "lang"?, "source"?, "conversation"?, "hour"?, "waiting"?, "pinned"?}
//   {"turns": [{"text": …, "action"?}, …], "lang"?, "source"?, "hour"?, "waiting"?, "pinned"?}
// Whatever is wrong is told with its line, all of it at once; the rows are those of the lines with which nothing is wrong.
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Moment } from '@parley/core/handoff/handover-cost.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { ActionId, Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'

export interface TurnToJudge {
  /** As the customer wrote it. */
  readonly text: string
  /** What it is about; undefined: it is played and not judged. */
  readonly right: ActionId | undefined
}

/** A dialogue, or a turn that stands by itself. */
export interface DialogueToJudge {
  /** From 1. */
  readonly line: number
  /** What is one conversation is drawn together: lines that name the same, or the line itself. */
  readonly conversation: string
  readonly source: string
  readonly locale: Locale | null
  /** When it was said: what a handover cost then. */
  readonly moment: Moment
  /** What must never break from one ensemble to the next. */
  readonly isPinned: boolean
  readonly turns: readonly TurnToJudge[]
}

export interface TurnProblem {
  /** From 1. */
  readonly line: number
  /** The line of an error gives no dialogue; that of a warning does. */
  readonly severity: 'error' | 'warning'
  readonly reason: string
}

export interface TurnFile {
  readonly dialogues: readonly DialogueToJudge[]
  readonly problems: readonly TurnProblem[]
}

const About = z.object({
  lang: z.enum(['zh', 'en']).optional(),
  source: z.string().max(100).default(''),
  conversation: z.string().min(1).max(200).optional(),
  hour: z.int().min(0).max(23).nullable().default(null),
  waiting: z.int().min(0).max(1e6).default(0),
  pinned: z.boolean().default(false),
})
const Dialogue = About.extend({ turns: z.array(z.object({ text: z.string(), action: z.string().optional() })).min(1) })
const Turn = About.extend({ text: z.string(), action: z.string() }).transform(({ text, action, ...about }) => ({
  ...about,
  turns: [{ text, action }],
}))

const AT_ONCE_MS = 5

/** `actions`: those of the shop. Faults: TURNS_INVALID where the file cannot be read. */
export function readTurnFile(file: string, actions: ReadonlySet<ActionId>): TurnFile {
  try {
    return parseTurns(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)), actions)
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : 'the file cannot be read'
    throw new Fault('TURNS_INVALID', { file, line: 0, reason }, { cause })
  }
}

export function parseTurns(text: string, actions: ReadonlySet<ActionId>): TurnFile {
  const { take, found } = readingTurns(actions)
  for (const [i, row] of text.split('\n').entries()) take(row, i + 1)
  return found
}

/** The same, beside others that have to go on: it holds the thread for some milliseconds at most. */
export async function parseTurnsBeside(text: string, actions: ReadonlySet<ActionId>): Promise<TurnFile> {
  const { take, found } = readingTurns(actions)
  let begun = performance.now()
  for (const [i, row] of text.split('\n').entries()) {
    take(row, i + 1)
    if (performance.now() - begun < AT_ONCE_MS) continue
    await setImmediate()
    begun = performance.now()
  }
  return found
}

function readingTurns(actions: ReadonlySet<ActionId>): { take(row: string, line: number): void; readonly found: TurnFile } {
  const dialogues: DialogueToJudge[] = []
  const problems: TurnProblem[] = []
  /** Turns that stand by themselves, by what they say. */
  const seen = new Map<string, { readonly line: number; readonly right: ActionId | undefined }>()
  return {
    found: { dialogues, problems },
    take(row, line) {
      if (row.trim() === '') return
      const dialogue = dialogueIn(row, line, actions)
      if (typeof dialogue === 'string') return void problems.push({ line, severity: 'error', reason: dialogue })
      dialogues.push(dialogue)
      const [first, ...more] = dialogue.turns
      if (!first || more.length > 0) return
      const key = normaliseText(first.text)
      const twin = seen.get(key)
      if (!twin) return void seen.set(key, { line, right: first.right })
      problems.push({
        line,
        severity: 'warning',
        reason:
          twin.right === first.right
            ? `the same text stands in line ${twin.line} already: it counts twice`
            : `the same text stands in line ${twin.line} as ${twin.right}: one of the two is wrong whatever is said`,
      })
    },
  }
}

/** What is wrong where it is no dialogue. */
function dialogueIn(row: string, line: number, actions: ReadonlySet<ActionId>): DialogueToJudge | string {
  let value: unknown
  try {
    value = JSON.parse(row)
  } catch {
    return 'it is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'it is no object: {"text": …, "action": …} or {"turns": [{"text": …, "action": …}]}'
  const isDialogue = 'turns' in value
  const parsed = isDialogue ? Dialogue.safeParse(value) : Turn.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return `${issue?.path.join('.') || '(the whole)'}: ${issue?.message ?? 'not a turn'}`
  }
  const { turns, lang, source, conversation, hour, waiting, pinned } = parsed.data
  if (turns.every(({ action }) => action === undefined)) return 'none of its turns has an action to be judged by'
  for (const [at, { text, action }] of turns.entries()) {
    const wrong = problemOf(text, action, actions)
    if (wrong !== undefined) return isDialogue ? `turns.${at}: ${wrong}` : wrong
  }
  return {
    line,
    conversation: conversation ?? `line ${line}`,
    source,
    locale: lang === undefined ? null : lang === 'zh' ? 'zh-CN' : 'en',
    moment: { hour, waiting },
    isPinned: pinned,
    turns: turns.map(({ text, action }) => ({ text, right: action })),
  }
}

function problemOf(text: string, action: ActionId | undefined, actions: ReadonlySet<ActionId>): string | undefined {
  if (action !== undefined && !actions.has(action)) return `the shop has no action ${JSON.stringify(action).slice(0, 60)}`
  try {
    messageText(text)
    return undefined
  } catch (fault) {
    if (isFault(fault)) return `"text" is none that a customer can send: ${fault.message}`
    throw fault
  }
}
