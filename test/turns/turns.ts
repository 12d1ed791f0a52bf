// The set of turns in which words, mood and intent pull different ways (README.md), as the evaluation reads it.
import { fileURLToPath } from 'node:url'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { type DialogueToJudge, readTurnFile } from '@parley/server/evaluation/read-turns.ts'

/** Both languages; a conversation is the one of a pair of turns that say the same in two languages, or a dialogue. `actions`: those of the shop. */
export function conflictingTurns(actions: ReadonlySet<ActionId>): readonly DialogueToJudge[] {
  return ['en', 'zh-CN'].flatMap(locale => {
    const { dialogues, problems } = readTurnFile(fileOf(locale), actions)
    if (problems.length > 0) throw new Error(`retail.${locale}.jsonl:${problems[0]!.line}: ${problems[0]!.reason}`) // there is one
    return dialogues
  })
}

const fileOf = (locale: string): string => fileURLToPath(new URL(`retail.${locale}.jsonl`, import.meta.url))
