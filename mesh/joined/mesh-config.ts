// What a shop's mesh is made of, as its file says (mesh.yaml): the sources, which of their operations are fields of which types, and whose the data are.
import { z } from 'zod'
import { SourceSettings } from '../source/kinds.ts'
import { STORED_SETTINGS } from './stored-config.ts'

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a source is called by 1 to 40 of a-z 0-9 -')
const FieldPath = z.string().regex(/^[A-Za-z_]\w*\.[A-Za-z_]\w*$/, 'it must be TYPE.FIELD')
const OperationPath = z.string().regex(/^[a-z][a-z0-9-]{0,39}\.\S+$/, 'it must be SOURCE.OPERATION')

const Words = z.record(z.string(), z.string().min(1)).default({})

const Panel = z.strictObject({
  query: z.string().optional().describe('What is asked, in the scope of the customer alone; `$customer` is given.'),
  words: z
    .strictObject({ 'zh-CN': Words, en: Words })
    .prefault({})
    .describe('What fields (`field` or `Type.field`) and values of enums are called, by language.'),
})

const Outdated = z
  .strictObject({
    tokenEnv: z.string().optional().describe('Environment variable with it.'),
    tokenFile: z.string().optional().describe('File with it; read again when another one comes.'),
  })
  .refine(({ tokenEnv, tokenFile }) => (tokenEnv === undefined) !== (tokenFile === undefined), 'it is of tokenEnv or of tokenFile')

const Field = z.strictObject({
  from: OperationPath.describe('Where it comes from: SOURCE.OPERATION, as the document calls it.'),
  with: z
    .record(z.string(), z.string())
    .default({})
    .describe('Parameters that are fields of the object that it belongs to: {customer: id}. All others are arguments of the field.'),
  batch: z
    .string()
    .optional()
    .describe('The operation takes a list in the one parameter of `with`; this field of its answers says whose each is.'),
  many: z.boolean().default(false).describe("Of a batch: several of the answers may be one thing's; the field is their list."),
  most: z.int().min(1).max(1_000).default(100).describe('Ids of one batch at most.'),
  pick: z.string().optional().describe('The field of the answer that it is, instead of the whole.'),
  customer: z
    .string()
    .optional()
    .describe('Of Query and Mutation: the argument that is the customer. Without it the field is for the shop alone.'),
  key: z.string().optional().describe('Of Mutation: the header, or the parameter, with the key under which it is done once.'),
  undo: z
    .strictObject({ by: z.string(), with: z.record(z.string(), z.string()) })
    .optional()
    .describe(
      'Of Mutation: which one takes it back, and its arguments by fields of the answer: {by: withdrawReturn, with: {return: number}}.',
    ),
})
export type FieldConfig = z.infer<typeof Field>

export const MeshConfig = z.strictObject({
  sources: z.record(Name, SourceSettings).describe('The systems, by name.'),
  fields: z
    .record(FieldPath, Field)
    .default({})
    .describe('What operations are: fields of Query, of Mutation, and of what another source gives.'),
  owners: z
    .record(z.string(), z.string())
    .default({})
    .describe("The field of a type that says whose it is. What is another customer's is as if it did not exist."),
  keep: z
    .record(z.string(), z.strictObject({ ms: z.int().min(0).default(0), staleMs: z.int().min(0).default(0) }))
    .default({})
    .describe('Milliseconds that answers of a type count as fresh, and for which they may stand in when their source gives none.'),
  outdated: Outdated.optional().describe(
    'With which token a system may say that something has changed (POST /v1/shops/SHOP/mesh/outdated).',
  ),
  panel: Panel.optional().describe('What the desk shows of the customer of a conversation.'),
  ...STORED_SETTINGS,
})
export type MeshConfig = z.infer<typeof MeshConfig>
