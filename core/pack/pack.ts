// A pack is a shop's starting data: catalogue, templates, phrases, examples. This is the schema of its files; server/pack-folder.ts reads them.
import { z } from 'zod'
import type { RiskList } from './risks.ts'
import { TemplateName } from './template-name.ts'

export const LOCALES = ['zh-CN', 'en'] as const

const ActionName = z.string().regex(/^[A-Z][A-Z0-9_]{1,40}$/, 'an action is named in upper case, such as TRACK_ORDER')
const InEveryLocale = z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) })

const SlotName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'a slot is named in lower case, such as order')
const EffectName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'an effect is named in lower case, such as open-compensation')

const SlotEntry = z.strictObject({
  /** How a value is found in the customer's words (core/dialogue/find-slot.ts): an order's number, a count, or any words. */
  kind: z.enum(['order', 'count', 'text']),
  /** The template of the question. */
  ask: TemplateName,
})

const EffectEntry = z.strictObject({
  /** What a provider (core/ports/effects.ts) does, and what takes it back. */
  do: EffectName,
  undo: EffectName,
  /** Asks whether to go on; the customer's yes is what runs it. */
  confirm: TemplateName,
  /** Tells the outcome: done, refused for good, or promised where it takes longer than the reply can wait. */
  done: TemplateName,
  refused: TemplateName,
  promised: TemplateName,
  /** Tells that it was taken back. */
  undone: TemplateName,
})

const ActionEntry = z.strictObject({
  /** What `clarify` calls it when it asks back. */
  label: InEveryLocale,
  /** The template where no vote names another. */
  template: TemplateName,
  /** Facts from the mesh that its templates use. */
  facts: z.array(z.string()).default([]),
  /** What it asks the customer for, in this order. Defined under `slots`. */
  slots: z.array(SlotName).default([]),
  effect: EffectEntry.optional(),
  /** Which of two requests in one message goes first: 0 (whenever) to 1 (now). */
  urgency: z.number().min(0).max(1).default(0.5),
  /** True when a person must always take it. */
  alwaysPerson: z.boolean().default(false),
  /** How much worse than usual it is to miss it. */
  severity: z.number().gt(0).max(100).default(1),
})

/** `catalogue.yaml` */
export const Catalogue = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.int().min(1),
  actions: z.record(ActionName, ActionEntry),
  /** What actions can ask for, by name. */
  slots: z.record(SlotName, SlotEntry).default({}),
  /** Other names of templates, as plugins and people call them. */
  aliases: z.record(z.string().min(1).max(80), TemplateName).default({}),
})
export type Catalogue = z.infer<typeof Catalogue>
export type SlotEntry = z.infer<typeof SlotEntry>
export type EffectEntry = z.infer<typeof EffectEntry>

const Phrase = z.strictObject({
  phrase: z.string().min(1).max(80),
  /** How surely the phrase alone means the action, 0 to 1. */
  weight: z.number().gt(0).lte(1),
  template: TemplateName.optional(),
})

/** `phrases/<locale>.yaml` */
export const Phrases = z.record(ActionName, z.array(Phrase))
export type Phrases = z.infer<typeof Phrases>

export type PackLocale = (typeof LOCALES)[number]

export interface Pack extends Catalogue {
  /** `retail@1-3f2a9c01b2d4`: name, version and the start of a SHA-256 over all that the pipeline uses. */
  readonly id: string
  /** Liquid source by template and locale. Every template is there in every locale. */
  readonly templates: Readonly<Record<string, Readonly<Record<PackLocale, string>>>>
  readonly phrases: Readonly<Record<PackLocale, Phrases>>
  /** By the name of the risk; empty in a pack without `risks.yaml`. */
  readonly risks: RiskList
}
