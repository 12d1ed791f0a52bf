// A plugin's golden transcript, `golden.txt` in its folder: what customers write, and what the plugin must vote.
//
//   # a comment
//   settings { confidence: 0.6 }          the turns below have these settings of the shop; `settings {}` goes back to the defaults
//   at 2026-02-16T23:30:00Z               the turns below are asked at this time, which a plugin with the grant `clock` sees
//   conversation                          the turns below are another one's: of those above nothing is remembered
//   as demo-kim                           the turns below are this customer's of the demo shop; demo-lin's otherwise
//   customer 螃蟹死了怎么赔
//   ----
//   COMPENSATE 0.9 compensate.fresh «螃蟹, 死»     a vote: action, confidence, template, evidence, `asks` and a slot; or `abstain`
//   remembers {"asked":1}                  what the plugin keeps of the conversation: the turns below have it
//   action open-compensation { order: 2024-881, count: 3 }      what it has done when the customer has said yes, with these slots
//   ----
//   mutate open {"order":"2024-881","count":3}                   or `refuse` and a reason
//   undo open-compensation { case: CP-1007 }                     takes back the action above, which gave this
//
// What stands there is what was voted, letter for letter, so that every change of a vote is seen as a line of a diff.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { type Answer, BENCH_MOMENT } from './bench.ts'
import { BENCH_CUSTOMER } from './bench-shop.ts'
import { EFFECT_FORM, type GoldenEffect, readEffectLine } from './golden-effect.ts'
import { readSettings, SETTINGS_FORM } from './read-settings.ts'

export const GOLDEN_FILE = 'golden.txt'

export interface GoldenTurn {
  /** As it stands there: `customer hello`. */
  readonly asked: string
  readonly settings: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970. */
  readonly at: number
  /** Turns with the same number are one conversation's. */
  readonly conversation: number
  /** Whose facts it looks up. */
  readonly customer: string
  /** What the customer writes, or what the plugin is to do. */
  readonly what: { readonly text: string } | GoldenEffect
  /** Empty when nothing was written yet. */
  readonly expected: readonly string[]
  /** From 1. The votes begin two lines below. */
  readonly line: number
}

export interface Golden {
  readonly lines: readonly string[]
  readonly turns: readonly GoldenTurn[]
}

/** Faults: TURNS_INVALID, naming file, line and what was looked for. */
export function readGolden(folder: string): Golden {
  const file = join(folder, GOLDEN_FILE)
  const broken = (line: number, reason: string): Fault => new Fault('TURNS_INVALID', { file, line, reason })
  if (!existsSync(file))
    throw broken(
      0,
      'the file is not there; write "customer " and a message, "----" below it, and let `parley plugin test --update` add the votes',
    )
  const lines = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/)
  const turns: GoldenTurn[] = []
  let settings: GoldenTurn['settings'] = {}
  let { at: time } = BENCH_MOMENT
  let conversation = 1
  let customer = BENCH_CUSTOMER
  let at = 0
  while (at < lines.length) {
    const line = lines[at]!
    if (line.trim() === '' || line.startsWith('#')) at++
    else if (line.startsWith('settings ')) {
      const read = readSettings(line.slice('settings '.length))
      if (!read) throw broken(at + 1, SETTINGS_FORM)
      settings = read
      at++
    } else if (line === 'conversation') {
      conversation++
      at++
    } else if (line.startsWith('at ')) {
      time = Date.parse(line.slice('at '.length))
      if (!/Z$/.test(line) || Number.isNaN(time)) throw broken(at + 1, 'a time is written in UTC: at 2026-02-16T23:30:00Z')
      at++
    } else if (line.startsWith('as ')) {
      customer = line.slice('as '.length).trim()
      at++
    } else if (/^(customer|action|undo) /.test(line)) {
      const what = line.startsWith('customer ') ? { text: line.slice('customer '.length) } : readEffectLine(line, effectsOf(turns))
      if (!what) throw broken(at + 1, EFFECT_FORM)
      if (lines[at + 1] !== '----') throw broken(at + 2, 'below what is asked there must be a line "----"')
      const expected = lines.slice(at + 2, endOf(lines, at + 2))
      turns.push({ asked: line, what, settings, at: time, conversation, customer, expected, line: at + 1 })
      at += 2 + expected.length
    } else throw broken(at + 1, 'a line here begins with "customer ", "action ", "undo ", "settings ", "at ", "as ", "conversation" or "#"')
  }
  if (turns.length === 0) throw broken(1, 'there is no turn in it')
  return { lines, turns }
}

const effectsOf = (turns: readonly GoldenTurn[]): readonly GoldenEffect[] => turns.flatMap(({ what }) => ('effect' in what ? [what] : []))

const endOf = (lines: readonly string[], from: number): number => {
  const end = lines.findIndex(
    (line, at) => at >= from && (line.trim() === '' || /^(#|(customer|action|undo|settings|at|as) |conversation$)/.test(line)),
  )
  return end < 0 ? lines.length : end
}

/** What a plugin said, as golden lines. Whatever begins with `!` is a failure, and is never written into the file. */
export function linesOf({ ballot, fault, dropped }: Answer): readonly string[] {
  if (fault) return [`! ${fault.message}`]
  if (dropped.length > 0)
    return dropped.map(action => `! a vote for ${action}, which manifest.actions does not list, was dropped; list it or do not vote for it`)
  return votesOf(ballot)
}

/** Votes and what is remembered, as golden lines. */
export function votesOf({ votes, memory }: Pick<Ballot, 'votes' | 'memory'>): readonly string[] {
  const kept = memory === undefined ? [] : [`remembers ${memory}`]
  if (votes.length === 0) return ['abstain', ...kept]
  const voted = votes.map(({ action, confidence, template, evidence, ask }) =>
    [action, confidence, template, evidence && `«${evidence.replace(/\s+/g, ' ')}»`, ask && `asks ${ask}`]
      .filter(part => part !== undefined)
      .join(' '),
  )
  return [...voted, ...kept]
}

export const isFailure = (lines: readonly string[]): boolean => lines.some(line => line.startsWith('!'))

export const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n')
