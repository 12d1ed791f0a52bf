// Which model's files each shop votes with: those that its records name, or those that were shipped.
import { Fault } from '@parley/core/faults.ts'
import { KINDS, type Kind } from '@parley/models/train/data-file.ts'
import { isUsable, type ModelStore } from './model-store/model-store.ts'
import type { ModelChoice, ModelChoices } from './models-in-force.ts'
import { PROJECT } from './project.ts'

/** `broken` hears of a model in force that cannot be used; the shipped one is chosen then. */
export function modelChoices(
  shops: readonly { readonly id: string }[],
  store: Pick<ModelStore, 'folderOf'> | undefined,
  broken: (fault: Fault) => void,
): ModelChoices {
  const folderOf = (shop: string, kind: Kind): string => {
    const folder = store?.folderOf(shop, kind)
    if (folder === undefined) return PROJECT.models
    if (isUsable(folder, kind)) return folder
    broken(new Fault('MODEL_INVALID', { file: folder, reason: `the ${kind} model in force in shop ${shop} cannot be used` }))
    return PROJECT.models
  }
  return new Map(
    shops.map(({ id }) => [id, Object.fromEntries(KINDS.map(kind => [kind, folderOf(id, kind)])) as unknown as ModelChoice] as const), // KINDS are its fields
  )
}
