// Which passwords are taken. Length is what counts; beyond it only those are refused that are tried first.
import { Fault } from '@parley/core/faults.ts'
import { foldName } from './agent-name.ts'

const SHORTEST = 10
const LONGEST = 200

/** The commonest of ten characters and more; shorter ones are refused anyway. */
const COMMONEST = new Set(
  `0123456789 01234567890 0987654321 1029384756 1122334455 12345678910 123456789a 123456789q 1234567890 12345678900 1234567891 123456789123
  1234qwerasdf 1357924680 147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 3.1415926535 31415926535 5201314520 9876543210 a123456789 a1234567890
  aa123456789 abc123456789 abc1234567 abcd123456 abcd1234567 abcdefghij administrator asdfghjkl123 asdfghjkl; changeme123 changemenow football123
  iloveyou123 letmein123 motdepasse p@ssw0rd123 p@ssword123 parleyparley pass123456 passw0rd123 password01 password10 password11 password12
  password123 password1234 password12345 passwordpassword princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qq123456789 qwe123456789 qwer123456
  qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 sunshine123 superman123 welcome123 welcome1234 woaini1314 woaini1314520
  woaini520520 zxcvbnm123 zxcvbnm,./`.split(/\s+/),
)

/** The password as it is hashed. However it was typed, composed or full-width, it is the same one. */
export const normalisePassword = (raw: string): string => raw.normalize('NFKC')

/** Faults: AGENT_INVALID, which says why. */
export function checkPassword(raw: string, name: string): void {
  const refuse = (reason: string): never => {
    throw new Fault('AGENT_INVALID', { path: 'password', reason })
  }
  const password = normalisePassword(raw)
  const characters = [...password]
  if (characters.length < SHORTEST || characters.length > LONGEST) refuse(`it has ${SHORTEST} to ${LONGEST} characters`)
  if (!password.isWellFormed()) refuse('it is no text')
  const folded = foldName(password)
  if (folded === foldName(name)) refuse("it is the agent's name")
  if (COMMONEST.has(folded) || new Set(characters).size === 1) refuse('it is among the first that anybody would try')
}
