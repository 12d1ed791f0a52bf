// Every word of reports and plots, in both languages.
import { en, type Strings } from './strings.en.ts'
import { zh } from './strings.zh.ts'

export type { Strings } from './strings.en.ts'

export type Locale = 'zh-CN' | 'en'

export const stringsOf = (locale: Locale): Strings => (locale === 'en' ? en : zh)
