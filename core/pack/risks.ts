// `risks.yaml`: what a message can say that no action covers and no vote may outvote. The schema; server/pack-folder.ts reads the file and
// server/drivers/risks.phrases.ts finds the phrases.
import { z } from 'zod'
import { TemplateName } from './template-name.ts'

/**
 * Words as customers write them. ` … ` stands for any words between, within one clause: `report … to trading standards`.
 */
const RiskPhrase = z.string().min(2).max(80).refine(hasNoEmptyPart, 'a part beside … is blank')

const RiskPhrases = z.strictObject({ 'zh-CN': z.array(RiskPhrase).default([]), en: z.array(RiskPhrase).default([]) })

const RiskSignals = z.strictObject({
  mood: z.number().min(-1).max(1).optional(),
  urgency: z.number().min(0).max(1).optional(),
  handoff: z.number().min(0).max(1).optional(),
})

const RiskEntry = z
  .strictObject({
    /** `handoff`: a person takes the turn; `warn`: the reply is followed by the template's words; `signal`: nothing but the signals. */
    rule: z.enum(['handoff', 'warn', 'signal']),
    template: TemplateName.optional(),
    signals: RiskSignals.default({}),
    phrases: RiskPhrases,
    /** Harmless words: a phrase that one of these touches says nothing. `笑死` beside `死`. */
    unless: RiskPhrases.prefault({}),
  })
  .refine(({ rule, template }) => (rule === 'signal') === (template === undefined), {
    path: ['template'],
    message: 'handoff and warn say something and need a template; signal says nothing and has none',
  })

/** By the name of the risk: `lawyer`, `self-harm`. */
export const Risks = z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a risk is named in lower case, such as self-harm'), RiskEntry)
export type RiskList = z.infer<typeof Risks>

/** The parts of a phrase, one or more. */
export const partsOf = (phrase: string): readonly string[] => phrase.split('…').map(part => part.trim())

function hasNoEmptyPart(phrase: string): boolean {
  return partsOf(phrase).every(part => part !== '')
}
