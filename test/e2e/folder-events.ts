// Waits for what another process does in a folder, without taking the processor from it.
import { watch } from 'node:fs'

/** Resolves when `isThere`; looks whenever something changes in the folder, which must be there. */
export async function untilIn(folder: string, isThere: () => boolean): Promise<void> {
  const watcher = watch(folder)
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (isThere()) resolve()
      }
      watcher.on('change', look).on('error', reject)
      look()
    })
  } finally {
    watcher.close()
  }
}
