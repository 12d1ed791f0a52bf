// Which models vote in each shop and how its remote voters stand, for the operator.
import type { Brain } from './brain.ts'
import type { ModelsView, RemoteVotersView } from './http/operator-models.ts'

export const modelsViewOf = ({ shops, models }: Brain): ModelsView =>
  Object.fromEntries(
    [...shops.keys()].map(shop => [shop, Object.fromEntries(models.of(shop).voters.map(each => [each.voter, each.version]))]),
  )

export const remoteVotersViewOf = ({ remoteVoters }: Brain): RemoteVotersView =>
  Object.fromEntries([...remoteVoters].map(([shop, voters]) => [shop, voters.map(voter => voter.standing())]))
