// What the shop sets of its costs: what may come of a turn, and what an agent's time costs by hour and queue length (ensembles/SPEC.md, Decision).
import { z } from 'zod'

const More = z.number().min(0).max(1e6)
/** What an agent's time costs, by hour and queue length. */
const AgentCosts = z.strictObject({
  minutes: z.number().gt(0).max(1_440).describe('Minutes of an agent that a handover takes.'),
  minute: z.number().gt(0).max(1e6).default(1).describe("What an agent's minute costs."),
  hours: z
    .array(z.strictObject({ from: z.int().min(0).max(23), to: z.int().min(0).max(24), more: More }))
    .max(24)
    .default([])
    .describe("What a minute costs more at hours of the shop's day: {from: 22, to: 8, more: 0.5}."),
  waiting: z
    .array(z.strictObject({ from: z.int().min(1).max(1e6), more: More }))
    .max(24)
    .default([])
    .describe('What a minute costs more while so many wait: {from: 10, more: 1}.'),
})

export const CostSettings = z
  .strictObject({
    wrongAnswer: z.number().gt(0).default(10).describe('Cost of a wrong answer; only ratios matter.'),
    clarify: z.number().gt(0).default(3.5).describe('Cost of asking back.'),
    handoff: z
      .union([z.number().gt(0), AgentCosts])
      .default(7)
      .describe(
        "Cost of an agent's time for one conversation; or by minutes, hours and queue: {minutes: 7, minute: 1, …} (docs/ensembles.md).",
      ),
  })
  .prefault({})
