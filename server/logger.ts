// Log lines: JSON on standard error, written at once, so that the last words of a process that dies are there.
import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

export function createLogger(level: Config['logLevel']): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }))
}
