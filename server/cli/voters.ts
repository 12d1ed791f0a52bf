// `parley voters …`: how the remote voters of the running server stand, and one asked by hand.
import { join } from 'node:path'
import type { Fault } from '@parley/core/faults.ts'
import { questionOf } from '@parley/core/pipeline/normalise-turn.ts'
import { type Ballot, LATE } from '@parley/core/ports/voters.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { readConfig } from '../config.ts'
import { createRemoteVoter, type RemoteVoterStanding } from '../drivers/voters.remote.ts'
import type { RemoteVotersView } from '../http/operator-models.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { remoteVotersOf } from '../remote-voters/remote-voter.ts'
import { votesSchema } from '../remote-voters/votes-service.ts'
import type { WrongUse } from './agent.ts'
import { askOperator } from './operator-request.ts'
import { knownShop, say, sayTable } from './plugin-store.ts'

export const printSchema = (): void => say(JSON.stringify(votesSchema(), null, 2))

/** Faults: SERVER_UNREACHABLE. */
export async function listVoters({ url, json }: { readonly url: string; readonly json?: true }): Promise<void> {
  const view = (await askOperator(url, '/remote-voters')) as RemoteVotersView // our own server's answer
  if (json) return say(JSON.stringify(view))
  const rows = Object.entries(view).flatMap(([shop, voters]) => voters.map(voter => cellsOf(shop, voter)))
  if (rows.length === 0) return say('No shop has a remote voter: docs/remote-voters.md')
  sayTable([['shop', 'voter', 'kind', 'version', 'state', 'asked', 'answered', 'tokens today', 'last fault'], ...rows])
}

const cellsOf = (shop: string, standing: RemoteVoterStanding): readonly string[] => {
  const { voter, kind, version, offForMs, asked, answered, tokensToday, lastFault } = standing
  const state = offForMs === undefined ? 'asked' : `off, tried in ${Math.ceil(offForMs / 1_000)} s`
  return [shop, voter, kind, version, state, String(asked), String(answered), String(tokensToday), lastFault ?? '-']
}

/** Faults: CONFIG_INVALID, UNKNOWN_SHOP, REMOTE_VOTER_FAILED, REMOTE_VOTER_TIMEOUT. */
export async function tryVoter(
  id: string,
  text: string,
  options: { readonly shop?: string; readonly json?: true },
  wrongUse: WrongUse,
): Promise<void> {
  const config = readConfig(process.env)
  const shopId = knownShop(options, config, wrongUse)
  const shop = config.shops.find(each => each.id === shopId)! // it is one of them
  const settings = remoteVotersOf(shop, config).find(each => each.id === id.replace(/^remote:/, ''))
  if (!settings) return wrongUse(`shop ${shopId} has no remote voter ${id}`)
  let fault: Fault | undefined
  const pool = createRemoteVoter(settings, {
    pack: readPack(join(PROJECT.packs, shop.pack)),
    observer: {
      onFault: each => {
        fault = each
      },
    },
  })
  const over = new AbortController()
  const cancel = setTimeout(() => over.abort(LATE), settings.deadlineMs)
  let ballot: Ballot | undefined
  await pool.ask(questionOf(messageText(text), shop.locale), each => (ballot = each), over.signal)
  clearTimeout(cancel)
  await pool.close()
  if (fault) throw fault
  if (!ballot) throw new Error(`${settings.voter} has cast no ballot and given no reason`)
  if (options.json) return say(JSON.stringify(ballot))
  say(`${ballot.voter} ${ballot.version}, ${Math.round(ballot.ms)} ms`)
  for (const { action, confidence, evidence } of ballot.votes)
    say(`  ${action} ${confidence.toFixed(2)}${evidence ? ` «${evidence}»` : ''}`)
  if (ballot.votes.length === 0) say('  It has nothing to say.')
}
