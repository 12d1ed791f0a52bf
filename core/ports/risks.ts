// What a message says that no action covers and no vote may outvote: a threat to go to the press, a wish to die. Driver: server/drivers/risks.phrases.ts.
import type { Language, Signals } from '@parley/plugin-sdk/vocabulary.ts'

export interface Risk {
  /** As the pack's risk list names it: `lawyer`, `self-harm`. */
  readonly id: string
  /**
   * `handoff`: a person takes the turn whatever the votes say; `warn`: the reply is followed by the template's words; `signal`: nothing but
   * the signals.
   */
  readonly rule: 'handoff' | 'warn' | 'signal'
  /** What the customer is told: with `handoff` the reply, with `warn` what follows it. */
  readonly template?: string
  /** Joined with the voters' signals. */
  readonly signals: Signals
}

export interface Risks {
  /** Gravest first (handoff before warn before signal, then by urgency); each risk at most once. `text` is normalised. */
  find(text: string, language: Language): readonly Risk[]
}
