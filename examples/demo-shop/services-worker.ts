// What runs in the services' thread.
import { parentPort, workerData } from 'node:worker_threads'
import { SERVICES, startDemoServices } from './services.ts'
import type { ThreadStart } from './services-thread.ts'

const port = parentPort! // this file runs in a thread only
const { today, ...start } = workerData as ThreadStart // services-thread.ts starts it with these
const { services, fill, close } = await startDemoServices({
  ...start,
  today: () => today ?? new Date().toLocaleDateString('sv'), // YYYY-MM-DD
})
port.on('message', () => void close().then(() => port.close()))
port.postMessage(Object.fromEntries(SERVICES.map(name => [name, services[name].url])))
// Whoever asks first should not wait for it.
fill()
