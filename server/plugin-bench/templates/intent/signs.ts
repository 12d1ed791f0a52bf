// The signs of each intent, by language. Text comes normalised: simplified characters, lower case.
import type { Language } from '@parley/plugin-sdk'

export interface Intent {
  readonly action: 'INVOICE_REQUEST' | 'COMPLAINT'
  /** Each counts once. */
  readonly signs: Readonly<Record<Language, readonly RegExp[]>>
  /** One of these, and it is not this intent. */
  readonly against: Readonly<Record<Language, RegExp>>
}

const INVOICE = { zh: /发票|抬头|税号/, en: /\b(invoice|vat receipt|tax number)\b/ }
const WRONG = { zh: /开错|写错|不对|错了/, en: /\b(wrong|mistake|incorrect|not mine)\b/ }

export const INTENTS: readonly Intent[] = [
  {
    action: 'INVOICE_REQUEST',
    signs: {
      zh: [INVOICE.zh, /开|要|补|寄/, /公司|单位|报销/],
      en: [INVOICE.en, /\b(need|want|send|get|email)\b/, /\b(company|business|expenses)\b/],
    },
    against: WRONG,
  },
  {
    action: 'COMPLAINT',
    signs: { zh: [INVOICE.zh, WRONG.zh, /又|还是|第.次/], en: [INVOICE.en, WRONG.en, /\b(again|still|second time)\b/] },
    against: { zh: /没错|对吗/, en: /\bnothing wrong\b/ },
  },
]
