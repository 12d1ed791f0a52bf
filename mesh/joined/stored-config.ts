// What a mesh's file says of the bot: the facts that it knows of a customer, the effects that its actions have, and how the slots of the dialogue are
// read as customers write them.
import { z } from 'zod'

const InLocales = z.strictObject({ 'zh-CN': z.string(), en: z.string() })

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

/** A part of a fact, or of an effect's result. */
const Part = z.union([
  z.string().describe('A path in the answer, with dots between: parcel.carrier.'),
  z
    .strictObject({ from: z.string(), values: z.record(z.string(), z.union([z.string(), InLocales])) })
    .describe('What the codes at a path are called: by locale, where customers read them.'),
  z.strictObject({ money: z.string(), currency: z.string() }).describe('A decimal number, and the ISO 4217 code of its currency: ¥324.00.'),
])
export type PartConfig = z.infer<typeof Part>

const Parts = z.record(z.string(), Part)

const Slot = z.strictObject({
  read: z
    .string()
    .refine(isPattern, 'it is no regular expression')
    .optional()
    .describe(
      'Finds the value in what the customer wrote (full-width letters and digits are plain ones by then). Any text, where there is none.',
    ),
  as: z.string().default('$0').describe('What is asked for: $0 is all that was found, $1 its first group.'),
  refused: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a reason is 1 to 40 of a-z 0-9 -')
    .default('unknown')
    .describe('Why an effect is refused that lacks it, or whose value is none.'),
})
export type SlotConfig = z.infer<typeof Slot>

const Fact = z.strictObject({
  query: z.string().describe("A query, asked in the customer's name, or the file that has it. Its variables are slots."),
  at: z.string().describe('What of the answer it is: order, refunds.0.'),
  parts: Parts.optional().describe('What it is made of; of a list, each entry. Unless set it is as the answer has it.'),
})
export type FactConfig = z.infer<typeof Fact>

const Effect = z.strictObject({
  mutation: z.string().describe('One field of Mutation, or the file that has it. Its variables are slots.'),
  result: Parts.describe('What of the answer the customer is told, and the undo is given.'),
  undo: z.string().describe("The catalogue's name of what takes it back, which is done as `undo` of the field says."),
})
export type EffectConfig = z.infer<typeof Effect>

/** Settings of a mesh that are about the bot. */
export const STORED_SETTINGS = {
  slots: z.record(z.string(), Slot).default({}).describe('How slots of the dialogue are read: variables of facts and effects.'),
  facts: z.record(z.string(), Fact).default({}).describe('What the bot knows of a customer, by name: orders, order, refund, cases.'),
  effects: z.record(z.string(), Effect).default({}).describe("What the catalogue's actions do, by name: open-compensation."),
}
