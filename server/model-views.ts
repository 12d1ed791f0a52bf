// Which models vote in each shop, for the operator.
import type { Brain } from './brain.ts'
import type { ModelsView } from './http/operator-models.ts'

export const modelsViewOf = ({ shops, models }: Brain): ModelsView =>
  Object.fromEntries(
    [...shops.keys()].map(shop => [shop, Object.fromEntries(models.of(shop).voters.map(each => [each.voter, each.version]))]),
  )
