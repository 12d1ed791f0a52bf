import { isFault } from '@parley/core/faults.ts'

/** The code of the fault that a promise rejects with; `none` when it resolves. Anything but a fault is thrown on. */
export async function faultCodeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    if (isFault(error)) return error.code
    throw error
  }
}
