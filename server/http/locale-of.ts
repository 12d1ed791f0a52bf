// Which of our languages a request wants its texts in.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { FastifyRequest } from 'fastify'

export const localeOf = ({ headers }: Pick<FastifyRequest, 'headers'>): Locale =>
  headers['accept-language']?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
