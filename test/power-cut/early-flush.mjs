// Loaded before busy-writer.ts, to show that power-cut.test.ts can fail: lmdb is opened with the options that PARLEY_TEST_LMDB says on top.
import { registerHooks } from 'node:module'

const real = import.meta.resolve('lmdb')
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'lmdb') return next(specifier, context)
    return { url: 'early-flush:lmdb', format: 'module', shortCircuit: true }
  },
  load(url, context, next) {
    if (url !== 'early-flush:lmdb') return next(url, context)
    const source = `
      import * as lmdb from ${JSON.stringify(real)}
      export * from ${JSON.stringify(real)}
      export const open = options => lmdb.open({ ...options, ...JSON.parse(process.env.PARLEY_TEST_LMDB) })`
    return { format: 'module', source, shortCircuit: true }
  },
})
