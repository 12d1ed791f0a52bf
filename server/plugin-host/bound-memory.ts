// What keeps a plugin's JavaScript from memory that its isolate does not count. Each function is sent into the isolate as its own source text, so it
// uses nothing but its arguments, and is called there before the plugin's first line.

/** The isolate counts no buffer that can grow, and none that is shared. The methods and typed arrays know the built-in itself, not its name. */
export function keepBuffersPlain(): void {
  const root = globalThis as unknown as Record<string, unknown> // the globals are edited by name here
  delete root.SharedArrayBuffer
  const RealBuffer = ArrayBuffer
  function PlainBuffer(length: number, options?: { readonly maxByteLength?: unknown }): ArrayBuffer {
    if (options?.maxByteLength !== undefined) throw new RangeError('a plugin has no ArrayBuffer that grows (maxByteLength)')
    return Reflect.construct(RealBuffer, [length], new.target as unknown as new () => ArrayBuffer) // throws, as it should, where there is none
  }
  Object.defineProperties(PlainBuffer, {
    prototype: { value: RealBuffer.prototype },
    isView: { value: RealBuffer.isView },
    [Symbol.species]: { value: PlainBuffer },
  })
  Object.defineProperty(RealBuffer.prototype, 'constructor', { value: PlainBuffer })
  root.ArrayBuffer = PlainBuffer
}

/**
 * Around an interpreter that has started: its memory and its table of functions grow to so much and no further, whoever asks for it, and no others can
 * be made. It goes on to look at the names of errors and of what it has no use for, so that `WebAssembly` itself stays.
 */
export function boundWebAssembly(mostBytes: number, mostEntries: number): void {
  const { apply } = Reflect
  const { Memory, Table } = WebAssembly
  const getterOf = (prototype: object, name: string): (() => unknown) => Object.getOwnPropertyDescriptor(prototype, name)!.get!
  const bufferOf = getterOf(Memory.prototype, 'buffer')
  const bytesOf = getterOf(ArrayBuffer.prototype, 'byteLength')
  const entriesOf = getterOf(Table.prototype, 'length')
  const sizes = {
    Memory: { unit: 65_536, most: mostBytes, sizeOf: (memory: unknown) => apply(bytesOf, apply(bufferOf, memory, []), []) },
    Table: { unit: 1, most: mostEntries, sizeOf: (table: unknown) => apply(entriesOf, table, []) },
  }
  for (const [name, { unit, most, sizeOf }] of Object.entries(sizes)) {
    const { prototype } = { Memory, Table }[name as keyof typeof sizes] as { readonly prototype: object } // its two keys
    const grow = (prototype as { readonly grow: (...args: readonly unknown[]) => number }).grow // both have one
    const value = function (this: unknown, by: unknown, ...rest: readonly unknown[]): number {
      const units = +(by as number) // whatever it is, it is read once
      if (Number(sizeOf(this)) + units * unit > most) throw new RangeError(`a plugin's WebAssembly.${name} ends at ${most}`)
      return apply(grow, this, [units, ...rest])
    }
    Object.defineProperty(prototype, 'grow', { value, writable: false, configurable: false })
  }
  const all = WebAssembly as unknown as Record<string, { readonly prototype?: object } | undefined> // edited by name
  for (const name of [
    'Memory',
    'Table',
    'Module',
    'Instance',
    'compile',
    'compileStreaming',
    'instantiate',
    'instantiateStreaming',
    'validate',
  ]) {
    const { prototype } = all[name] ?? {}
    if (prototype) Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false })
    delete all[name]
  }
}
