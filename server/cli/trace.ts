// A decision for a person to read in a terminal: what was decided, and who said so.
import type { Decision, RecordedDecision } from '@parley/core/pipeline/decision.ts'

export function traceOf(decision: Omit<Decision, 'reply'> & Partial<Pick<RecordedDecision, 'situation'>>): string {
  const percent = (p: number): string => `${Math.round(p * 100)}%`
  const head = `${decision.action} · ${decision.disposition} · ${decision.template} · ${percent(decision.confidence)} · ${decision.ms.toFixed(1)} ms`
  const shares = new Map(decision.breakdown.filter(s => s.action === decision.action).map(s => [s.voter, s.share]))
  const votes = decision.votes.map(ballot => {
    const share = shares.get(ballot.voter)
    const said = ballot.abstained
      ? `abstains (${ballot.reason ?? 'silent'})`
      : ballot.votes.map(v => `${v.action} ${percent(v.confidence)}${v.evidence ? ` «${v.evidence}»` : ''}`).join(', ')
    return `  ${ballot.voter.padEnd(28)} ${share === undefined ? '      ' : share.toFixed(2).padStart(6)}  ${said}`
  })
  const rows = ['prior', ...[...shares.keys()].filter(name => name.startsWith('signal:'))]
  const signals = Object.entries(decision.signals).map(([name, value]) => `${name} ${value.toFixed(2)}`)
  return [
    head,
    ...votes,
    ...rows.map(name => `  ${name.padEnd(28)} ${(shares.get(name) ?? 0).toFixed(2).padStart(6)}`),
    ...(signals.length > 0 ? [`  ${signals.join(' · ')}`] : []),
    ...handoverIn(decision.situation),
  ].join('\n')
}

/** What a person's time cost when it was weighed, where that is not always the same. */
function handoverIn(situation: RecordedDecision['situation'] | undefined): readonly string[] {
  if (!situation?.handover) return []
  const { hour, waiting } = situation.handover
  return [`  a handover cost ${situation.costs.handoff.toFixed(2)}${hour === null ? '' : ` at ${hour} o'clock`} with ${waiting} waiting`]
}
