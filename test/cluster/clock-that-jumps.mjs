// Loaded before a node's own code (NODE_OPTIONS=--import): its wall clock is an hour ahead after each second SIGUSR2, while its monotonic clock goes on.
let aheadMs = 0
process.on('SIGUSR2', () => (aheadMs = aheadMs === 0 ? 3_600_000 : 0))
const TrueDate = Date
const now = TrueDate.now.bind(TrueDate)
TrueDate.now = () => now() + aheadMs
globalThis.Date = new Proxy(TrueDate, {
  construct: (target, given, which) => Reflect.construct(target, given.length === 0 ? [TrueDate.now()] : given, which),
  apply: () => new TrueDate(TrueDate.now()).toString(),
})
