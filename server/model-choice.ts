// Which model's files each shop votes with: those that its records name, or those that were shipped.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Kind } from '@parley/models/train/data-file.ts'
import { checkModel, type ModelStore } from './model-store/model-store.ts'
import type { ModelChoice, ModelChoices } from './models-in-force.ts'
import { PROJECT } from './project.ts'

/** Looks at every byte, without holding the thread up. `broken` hears of a model in force that cannot be used; the shipped one is chosen then. */
export async function modelChoices(
  shops: readonly { readonly id: string }[],
  store: Pick<ModelStore, 'folderOf'> | undefined,
  broken: (fault: Fault) => void,
): Promise<ModelChoices> {
  const folderOf = async (shop: string, kind: Kind): Promise<string> => {
    const folder = store?.folderOf(shop, kind)
    if (folder === undefined) return PROJECT.models
    try {
      await checkModel(folder, kind)
      return folder
    } catch (cause) {
      if (!isFault(cause, 'MODEL_INVALID') && !isFault(cause, 'ENCODER_INVALID')) throw cause
      const reason = `the ${kind} model in force in shop ${shop} cannot be used: ${cause.message}`
      broken(new Fault('MODEL_INVALID', { file: folder, reason }, { cause }))
      return PROJECT.models
    }
  }
  const choices = new Map<string, ModelChoice>()
  for (const { id } of shops)
    choices.set(id, { intent: await folderOf(id, 'intent'), sentiment: await folderOf(id, 'sentiment') } satisfies Record<Kind, string>)
  return choices
}
