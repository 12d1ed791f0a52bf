// Writes docs/plugin-sdk.md, the reference of the SDK, from its own sources: what authors import with its comments, and the manifest's fields
// with the descriptions of the schema that checks them. `node bin/launch.mjs --run tools/sdk-reference.ts`; test/house/sdk-reference.test.ts says
// when the page is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GRANTS } from '@parley/plugin-sdk/grants.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { z } from 'zod'

const SDK = new URL('../plugin-sdk/', import.meta.url)
const PAGE = new URL('../docs/plugin-sdk.md', import.meta.url)

/** In the order in which a reader wants them. */
const FILES = ['define-plugin.ts', 'vocabulary.ts', 'grants.ts', 'facts.ts', 'effects.ts', 'settings.ts'] as const

interface Entry {
  readonly name: string
  readonly about: string
  readonly code: string
}

const read = (file: string): string => readFileSync(new URL(file, SDK), 'utf8')

/** Every export of a file that index.ts passes on, with the comment above it. Our own sources, a blank line between two: no parser is needed. */
const entriesOf = (source: string): readonly Entry[] =>
  source.split('\n\n').flatMap(block => {
    const found = /^export (?:const|interface|type) (\w+)/m.exec(block)
    const name = found?.[1]
    if (!found || name === undefined || !publicNames.has(name)) return []
    const comment = block.slice(0, found.index)
    return [{ name, about: prose(comment.slice(comment.indexOf('/**'))), code: signatureOf(block.slice(found.index).trim()) }]
  })

/** The text of a comment, its lines joined. */
const prose = (comment: string): string =>
  comment
    .replaceAll(/^\s*\/?\*+\/?|\*\/\s*$/gm, '')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join(' ')

/** Of a function what it takes and gives; a type stays as it is, its comments with it. */
const signatureOf = (code: string): string =>
  (code.startsWith('export const ') ? code.replace(/ =>\s[\s\S]*$/, '') : code).replaceAll(/^export /gm, '')

const publicNames = new Set([...read('index.ts').matchAll(/\b(\w+)(?=,|\s*\})/g)].map(([, name]) => name!)) // the group is in the expression

const typescriptSection = (): string =>
  FILES.flatMap(file => entriesOf(read(file)))
    .map(({ name, about, code }) => `### \`${name}\`\n\n${about}\n\n\`\`\`ts\n${code}\n\`\`\`\n`)
    .join('\n')

const pythonSection = (): string => {
  const source = read('python/parley_sdk.py')
  return `\`\`\`python\n${source.slice(source.indexOf('class Turn')).trim()}\n\`\`\`\n`
}

interface Field {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Field>>
}

/** The fields of a manifest of one runtime; zod has said what each is for. */
function manifestRows(fields: Readonly<Record<string, Field>>, prefix = ''): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const rows = field.properties ? manifestRows(field.properties, `${prefix}${name}.`) : []
    if (rows.length > 0 || field.description === undefined) return rows
    const fallback = field.default === undefined ? 'must be given' : `\`${JSON.stringify(field.default)}\``
    return [`| \`${prefix}${name}\` | ${fallback} | ${field.description.replaceAll('|', '\\|')} |`]
  })
}

function manifestSection(): string {
  const [typescript, python] = Manifest.options.map(
    option => (z.toJSONSchema(option, { io: 'input', unrepresentable: 'any' }) as Field).properties ?? {}, // a schema of an object
  )
  const own = Object.entries(python!).filter(([name]) => !Object.hasOwn(typescript!, name)) // there are two runtimes
  return `| field | default | |
| --- | --- | --- |
${manifestRows(typescript!).join('\n')}

In a \`plugin.yaml\` also (and \`limits.memoryMb\` is 256 there):

| field | default | |
| --- | --- | --- |
| \`runtime\` | must be given | \`python\`. |
${manifestRows(Object.fromEntries(own)).join('\n')}
`
}

const grantRows = (): string =>
  Object.entries(GRANTS)
    .map(([grant, about]) => `| \`${grant}\` | ${about} |`)
    .join('\n')

/** The whole page. */
export const sdkReference = (): string => `# The plugin SDK

Made from the sources of \`plugin-sdk/\` by \`tools/sdk-reference.ts\`; do not edit it here. [write-a-plugin.md](write-a-plugin.md) is the way in.

## What holds

- A plugin votes on one turn at a time, from the turn, its settings and what it is granted: no network, no file. The same turn gives the same answer.
- A throw, a late answer, a promise and a malformed answer are an abstention, told to the operator with file and line. It never costs a customer the reply.
- Votes: at most 16 a turn, one an action, confidences that add up to at most 1, evidence of at most 500 characters, 64 KiB in all. What is remembered: at most 4,096 bytes of JSON.
- Faults: \`PLUGIN_INVALID\` (it cannot be loaded), \`PLUGIN_TIMEOUT\`, \`PLUGIN_FAILED\`, \`PLUGIN_CRASHED\`, \`PLUGIN_OFF\`; [faults.md](faults.md) says what to do.

## The manifest

In \`plugin.ts\` the \`manifest\` of \`definePlugin\`; beside a Python file \`plugin.yaml\`.

${manifestSection()}
## Grants

Each is listed under \`grants\` in the manifest, and is shown to whoever installs the plugin. What needs one throws without it, with the grant's name.

| grant | |
| --- | --- |
${grantRows()}

## TypeScript

\`import { … } from '@parley/plugin-sdk'\`

${typescriptSection()}
## Python

A class with \`process(self, text)\`, which returns a dict with \`action\` or None, works as it stands. The full form has \`on_start(self, settings)\`, if there is
something to prepare, and \`on_turn(self, turn, settings)\`, which
returns a vote, a list of votes or None, or \`remember(…)\` of these, with \`from parley_sdk import Settings, Turn, Vote, abstain, evidence, remember, vote\`:

${pythonSection()}`

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, sdkReference())
