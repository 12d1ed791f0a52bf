// How a plugin's TypeScript is read by an editor and by `parley plugin check`: as it runs, without a page, without Node, without a library.
import { fileURLToPath } from 'node:url'

const SDK = fileURLToPath(import.meta.resolve('@parley/plugin-sdk'))

/** `findsSdk`: the folder lies where `@parley/plugin-sdk` is found by itself. */
export const compilerOptions = (findsSdk: boolean) => ({
  target: 'es2024',
  lib: ['es2024'],
  types: [],
  module: 'preserve',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  ...(findsSdk ? {} : { paths: { '@parley/plugin-sdk': [SDK] } }),
})
