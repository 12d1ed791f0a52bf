// `parley doctor`: says whether every conversation is as it was written, and which walls stand around plugins. Exit status 1 when a conversation
// is not.
import { resolve } from 'node:path'
import { readConfig } from '../config.ts'
import { surveyWalls, WALLS, type Wall } from '../plugin-host/walls.ts'
import { lookOver } from '../upkeep/doctor.ts'
import type { Findings } from '../upkeep/examine.ts'
import { progressBar } from './progress-bar.ts'

/** `folder`: a backup, or another data folder than the configuration names. Faults: CONFIG_INVALID, STORE_DAMAGED. */
export async function doctor(folder: string | undefined, options: { readonly json?: true }): Promise<void> {
  const data = folder === undefined ? readConfig(process.env).data : resolve(folder)
  const bar = progressBar('Checking')
  const findings = await lookOver(data, { progress: bar.show }).finally(bar.end)
  const walls = folder === undefined ? surveyWalls() : undefined // a folder elsewhere is no matter of this machine
  const report = walls ? `${reportOf(findings)}\n${reportOfWalls(walls)}` : reportOf(findings)
  process.stdout.write(options.json ? `${JSON.stringify({ data, ...findings, walls })}\n` : `${report}\n`)
  if (!isSound(findings)) process.exitCode = 1
}

export const isSound = ({ damaged, lost }: Findings): boolean => damaged.length === 0 && lost === null

export function reportOf({ conversations, events, erased, sealsOpened, damaged, lost }: Findings): string {
  const lines = damaged.map(({ shop, conversation, seq, reason }) => `damaged  ${shop}/${conversation}  seq ${seq}: ${reason}`)
  if (erased > 0) lines.push(`Of ${erased} the key is destroyed: they were erased. Their chains are whole, and nobody can read them.`)
  if (!sealsOpened)
    lines.push('A server is running here: the chains were followed, the seals not opened. Stop it, or check a backup, for both.')
  if (lost !== null) lines.push(`The store has a hole (${lost}): conversations whose end was lost with it are not counted here.`)
  const what = `${conversations} ${conversations === 1 ? 'conversation' : 'conversations'}`
  return [
    ...lines,
    damaged.length === 0
      ? `${what} with ${events} events: all is as it was written.`
      : `${damaged.length} of ${what} ${damaged.length === 1 ? 'is' : 'are'} damaged; the rest, with ${events} events, is as it was written.`,
  ].join('\n')
}

export function reportOfWalls(walls: readonly Wall[]): string {
  const missing = walls.filter(wall => wall.missing !== undefined)
  const count = missing.length === 0 ? 'all stand' : `${missing.length} of ${walls.length} missing`
  return [
    `Walls around plugin hosts: ${count}.`,
    ...walls.map(
      ({ name, missing: reason }) => `  ${reason === undefined ? 'up     ' : 'missing'}  ${name.padEnd(11)}  ${reason ?? WALLS[name]}`,
    ),
  ].join('\n')
}
