// Forges votes.
import { fails, type HostileCase, type Kind } from '../hostile-case.ts'

const refused = fails(/./)
const counts = (id: string, tries: string, body: string, outcome: HostileCase['outcome']): HostileCase => ({ id, tries, body, outcome })

export const VOTES: Kind = {
  title: 'forged votes',
  rule: '[PLG4] the worst of a plugin is an abstention',
  runtime: 'typescript',
  timeoutMs: 1_000,
  cases: [
    refused('not-a-number', 'is sure by NaN', 'return vote("COMPENSATE", NaN)'),
    refused('infinitely-sure', 'is infinitely sure', 'return vote("COMPENSATE", Infinity)'),
    refused('huge', 'is sure by 1e308', 'return vote("COMPENSATE", 1e308)'),
    refused('too-sure', 'is sure by 7', 'return vote("COMPENSATE", 7)'),
    refused('a-little-too-sure', 'is sure by a little more than 1', 'return vote("COMPENSATE", 1 + 1e-6)'),
    refused('negative', 'is sure by less than nothing, against another', 'return [vote("COMPENSATE", -0.5), vote("PRODUCT_INFO", 1)]'),
    refused('sure-in-words', 'is sure by a text', 'return { action: "COMPENSATE", confidence: "1" }'),
    refused('two-certainties', 'is sure of two things', 'return [vote("COMPENSATE", 0.9), vote("PRODUCT_INFO", 0.9)]'),
    refused('twice-the-same', 'votes twice for one action', 'return [vote("COMPENSATE", 0.4), vote("COMPENSATE", 0.4)]'),
    refused('a-thousand', 'has a thousand votes', 'return Array(1_000).fill(vote("COMPENSATE", 0))'),
    refused('a-person', 'votes for a person to be called', 'return vote("HANDOFF" as any, 0.9)'),
    refused('asks-back', 'votes for asking back', 'return vote("CLARIFY" as any, 0.9)'),
    refused('action-of-prototypes', 'votes for __proto__', 'return { action: "__proto__", confidence: 1 }'),
    refused(
      'endless-template',
      'names a template of ten thousand characters',
      'return { action: "COMPENSATE", confidence: 0.9, template: "t".repeat(10_000) }',
    ),
    refused(
      'endless-evidence',
      'has evidence of ten thousand characters',
      'return { action: "COMPENSATE", confidence: 0.9, evidence: "e".repeat(10_000) }',
    ),
    counts('action-not-listed', 'votes for an action outside of its manifest', 'return [vote("FOOD_SAFETY" as any, 0.9)]', {
      abstains: ['silent'],
    }),
    counts(
      'hides-one-among-others',
      'hides such a vote among others',
      'return [vote("COMPENSATE", 0.2), vote("FOOD_SAFETY" as any, 0.8)]',
      {
        votes: [{ action: 'COMPENSATE', confidence: 0.2 }],
        dropped: ['FOOD_SAFETY'],
      },
    ),
    counts(
      'as-another',
      'signs with the id of another plugin',
      'return { voter: "plugin:witness", plugin: "witness", version: "9", action: "COMPENSATE", confidence: 0.3 }',
      {
        votes: [{ action: 'COMPENSATE', confidence: 0.3 }],
      },
    ),
    counts(
      'other-each-time',
      'answers with a getter that gives another action each time',
      'let n = 0; return { get action() { return ["COMPENSATE", "HANDOFF"][n++ % 2] }, get confidence() { return n++ } }',
      { votes: [{ action: 'COMPENSATE', confidence: 1 }] },
    ),
    counts('nearly-nothing', 'is sure by the least number there is', 'return vote("COMPENSATE", 5e-324)', {
      votes: [{ action: 'COMPENSATE', confidence: 5e-324 }],
    }),
  ],
}
