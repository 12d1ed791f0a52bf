// What the command line asks of the running server, over the operator's API. The key comes from the data folder.
import { FAULTS, Fault, type FaultCode } from '@parley/core/faults.ts'
import { readConfig } from '../config.ts'
import { loadSecret } from '../secret.ts'

/** Of a shop, at a server. */
export interface OperatorOptions {
  readonly url: string
  readonly shop: string
}

/** GET, or with a body POST. Faults: as `answerOf`. */
export const askOperator = async (url: string, path: string, body?: object): Promise<unknown> =>
  (await answerOf(url, path, body ? 'POST' : 'GET', body)).json()

/** The answer as it comes in. Faults: SERVER_UNREACHABLE, CONFIG_INVALID, and what the server answers with. */
export async function answerOf(url: string, path: string, method: 'GET' | 'POST' | 'DELETE', body?: object): Promise<Response> {
  const key = loadSecret(readConfig(process.env).data).keyFor('operator').toString('hex')
  let response: Response
  try {
    response = await fetch(`${url}/v1/operator${path}`, {
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    throw new Fault('SERVER_UNREACHABLE', { url, reason: 'is it running? start it with: npm start' }, { cause })
  }
  if (response.ok) return response
  if (response.status === 401)
    throw new Fault('SERVER_UNREACHABLE', { url, reason: 'the data folder here is not that of the server: set PARLEY_DATA' })
  const answer: unknown = await response.json().catch(() => null)
  if (isFaultAnswer(answer)) throw new Fault(answer.code, answer as never) // the server has put the details of this code beside it
  throw new Fault('SERVER_UNREACHABLE', { url, reason: `it answers ${response.status}` })
}

const isFaultAnswer = (answer: unknown): answer is { readonly code: FaultCode } =>
  typeof answer === 'object' && answer !== null && 'code' in answer && typeof answer.code === 'string' && Object.hasOwn(FAULTS, answer.code)
