// Remote voters' troubles, told to the log and the metrics. No line has an address, a key, or a word of a customer or of the service.
import type { Logger } from 'pino'
import type { RemoteVoterObserver } from './drivers/voters.remote.ts'
import type { Metrics } from './metrics.ts'

export function watchRemoteVoter(shop: string, voter: string, logger: Logger, metrics?: Metrics): RemoteVoterObserver {
  const name = { shop, voter }
  /** A fault is told once until something else happens: a service that is down would fill the log. */
  let told: string | undefined
  return {
    onRequest(outcome) {
      metrics?.remoteRequests.inc({ ...name, outcome })
      if (outcome === 'answered') told = undefined
    },
    onTokens: tokens => metrics?.remoteTokens.inc(name, tokens),
    onFault(fault) {
      metrics?.fault(fault.code)
      const what = fault.code === 'REMOTE_VOTER_OFF' ? fault.code : fault.message // its message counts seconds
      if (told !== what) logger.warn({ ...name, code: fault.code }, fault.message)
      told = what
    },
    onDropped(count) {
      metrics?.remoteDropped.inc(name, count)
      logger.warn({ ...name, count }, 'votes for actions that the shop does not have were dropped')
    },
    onOff(forMs) {
      metrics?.remoteOff.set(name, 1)
      logger.warn({ ...name, forMs }, 'a remote voter is left alone for a while')
    },
    onBack() {
      metrics?.remoteOff.set(name, 0)
      logger.info(name, 'a remote voter is back')
    },
  }
}
