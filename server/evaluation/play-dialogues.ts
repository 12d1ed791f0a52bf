// Dialogues played through the pipeline of the server's, turn after turn: once with the real voters, whose votes are kept, and then with those votes as often
// as there are ensembles to judge.

import { joined } from '@parley/core/conversation/dialogue.ts'
import { emptyFrame, type Frame } from '@parley/core/dialogue/frame.ts'
import { asCustomerId, type ShopId } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { conclude, type Stages, workOut } from '@parley/core/pipeline/pipeline.ts'
import { pricedAt } from '@parley/core/pipeline/price-handover.ts'
import { heardAgain, type RecordedVotes, replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation, type Polled, type Received } from '@parley/core/pipeline/turn.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { DialogueToJudge } from './read-turns.ts'
import type { VoteCache } from './vote-cache.ts'

/** Dialogues under way at once: enough to keep the model threads busy, few enough that no voter comes late for waiting in line. */
const AT_ONCE = 16

export interface Collected {
  /** By dialogue and turn. */
  readonly votes: readonly (readonly RecordedVotes[])[]
  /** Turns of which a voter failed or was late: they are not kept. */
  readonly incomplete: number
}

/** Asks the shop's voters about every turn whose votes are not kept. `signal` breaks it off; what was asked by then is kept. */
export async function collectVotes(
  dialogues: readonly DialogueToJudge[],
  shop: Shop,
  stages: Stages,
  cache: VoteCache,
  signal: AbortSignal,
  onProgress: (turns: number) => void,
): Promise<Collected> {
  const votes: (readonly RecordedVotes[])[] = []
  let [done, incomplete] = [0, 0]
  const ofDialogue = async (dialogue: DialogueToJudge): Promise<readonly RecordedVotes[]> => {
    const said = dialogue.turns.map((_, i) => saidBy(dialogue, i))
    const kept = said.map(cache.find)
    if (kept.every(found => found !== undefined)) {
      done += kept.length
      onProgress(done)
      return kept
    }
    // What voters remember of a conversation is not kept: one whose votes are not all there is played from its beginning.
    const decisions = await play(
      dialogue,
      shop.id,
      received => workOut(received, pricedAt(shop, dialogue.moment), stages, signal),
      () => onProgress(++done),
    )
    signal.throwIfAborted()
    for (const [i, decision] of decisions.entries()) {
      if (isComplete(decision))
        cache.keep(said[i]!, decision) // one a turn
      else incomplete++
    }
    return decisions
  }
  try {
    for (let from = 0; from < dialogues.length; from += AT_ONCE) {
      signal.throwIfAborted()
      votes.push(...(await Promise.all(dialogues.slice(from, from + AT_ONCE).map(ofDialogue))))
    }
  } finally {
    cache.flush()
  }
  return { votes, incomplete }
}

/** What the shop decides on the dialogue's turns with these votes, fused by `ensemble`. */
export function playWith(
  dialogue: DialogueToJudge,
  votes: readonly RecordedVotes[],
  ensemble: Ensemble,
  shop: Shop,
  stages: Stages,
): Promise<readonly RecordedDecision[]> {
  const judged = { ...pricedAt(shop, dialogue.moment), ensemble: () => ensemble }
  return play(dialogue, shop.id, (received, i) => replay(votes[i]!, received, judged, stages)) // votes of each turn
}

/** A dialogue with its votes, ready to be played again and again. */
export interface Prepared {
  readonly dialogue: DialogueToJudge
  readonly votes: readonly RecordedVotes[]
  /** Its first turn as it is heard, whatever decides. */
  readonly first: Polled
}

export async function prepare(dialogue: DialogueToJudge, votes: readonly RecordedVotes[], shop: Shop, stages: Stages): Promise<Prepared> {
  const received = receivedIn(dialogue, 0, shop.id, { frame: emptyFrame, memory: {}, locale: dialogue.locale })
  return { dialogue, votes, first: await heardAgain(votes[0]!, received, shop, stages) } // a dialogue has a turn
}

/** As `playWith`, in less time, and without the words of replies: what comes before fusing is done. `shop` is the one that it was prepared with, at whatever costs. */
export function playPrepared(
  { dialogue, votes, first }: Prepared,
  ensemble: Ensemble,
  shop: Shop,
  stages: Stages,
): Promise<readonly RecordedDecision[]> {
  // What is said has no part in what is decided next.
  const templates = { resolve: (name: string) => shop.templates.resolve(name), render: () => '' }
  const judged = { ...pricedAt(shop, dialogue.moment), ensemble: () => ensemble, templates }
  const asked = { ...stages, mesh: { facts: async () => votes[0]!.facts } } // as when they were given
  return play(dialogue, shop.id, (received, i) =>
    i === 0 ? conclude(first, judged, ensemble, asked, NEVER, stages.clock.monotonic()) : replay(votes[i]!, received, judged, stages),
  )
}

const NEVER = new AbortController().signal

async function play(
  dialogue: DialogueToJudge,
  shop: ShopId,
  decide: (received: Received, turn: number) => Promise<RecordedDecision>,
  onTurn: () => void = () => {},
): Promise<readonly RecordedDecision[]> {
  const decisions: RecordedDecision[] = []
  let frame: Frame = emptyFrame
  let memory: Received['memory'] = {}
  let locale = dialogue.locale
  for (const i of dialogue.turns.keys()) {
    const decision = await decide(receivedIn(dialogue, i, shop, { frame, memory, locale }), i)
    decisions.push(decision)
    frame = decision.frame
    memory = joined(memory, decision.remembered ?? {})
    locale = decision.locale
    onTurn()
  }
  return decisions
}

const receivedIn = (
  { line, turns }: DialogueToJudge,
  i: number,
  shop: ShopId,
  before: Pick<Received, 'frame' | 'memory' | 'locale'>,
): Received => ({
  ...outsideConversation,
  conversation: `line-${line}`,
  at: Date.now(),
  shop,
  customer: asCustomerId('evaluate'),
  turn: i + 1,
  upTo: i + 1,
  texts: [messageText(turns[i]!.text)], // a turn of the dialogue
  ...before,
})

const saidBy = ({ locale, turns }: DialogueToJudge, turn: number): readonly string[] => [
  locale ?? '',
  ...turns.slice(0, turn + 1).map(({ text }) => text),
]

const isComplete = ({ votes, clauseVotes = [] }: RecordedDecision): boolean =>
  [votes, ...clauseVotes].flat().every(({ reason }) => reason !== 'late' && reason !== 'failed')
