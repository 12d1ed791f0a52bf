// The few words that stand on a shop's page while the chat is closed.

export interface Words {
  readonly open: string
  readonly close: string
  readonly dismiss: string
  readonly unread: (count: number) => string
}

const en: Words = {
  open: 'Chat with us',
  close: 'Close the chat',
  dismiss: 'Hide this message',
  unread: count => (count === 1 ? '1 new message' : `${count} new messages`),
}

const zh: Words = {
  open: '联系客服',
  close: '关闭对话',
  dismiss: '隐藏这条消息',
  unread: count => `${count} 条新消息`,
}

export type EmbedLocale = 'zh-CN' | 'en'

/** Of the first that is told: the script tag, the page around, the browser. */
export const localeOf = (told: string): EmbedLocale => (/^zh\b/i.test(told) ? 'zh-CN' : 'en')

export const wordsOf = (locale: EmbedLocale): Words => (locale === 'zh-CN' ? zh : en)
