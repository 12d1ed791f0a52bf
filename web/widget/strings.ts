// Every word of the page, in both languages. A word that is missing in one does not compile.

const en = {
  shop: 'Customer service',
  languageSwitch: '中文',
  languageSwitchLabel: '切换到中文',
  connecting: 'Connecting …',
  withBot: 'Assistant',
  withQueue: (position: number | undefined): string =>
    position === undefined ? 'Waiting for a person' : `Waiting for a person · place ${position.toLocaleString('en')}`,
  withPerson: (name: string | undefined): string => (name === undefined ? 'A person is here' : `${name} is here`),
  offline: 'Offline',
  again: (seconds: number): string => `trying again in ${seconds} s`,
  stopped: {
    'unknown-shop': 'This shop is not known here',
    'unknown-conversation': 'This conversation is no longer available',
    outdated: 'This page is out of date',
    refused: 'The connection was refused',
  },
  reload: 'Reload the page',
  greeting: 'Hello! Tell us what it is about. You can write in English or Chinese.',
  suggestions: ['Where is my parcel?', 'Something arrived damaged', 'How do I return an item?'],
  conversation: 'Conversation',
  you: 'You',
  bot: 'Assistant',
  typing: 'Writing a reply …',
  personTyping: (name: string | undefined): string => `${name ?? 'A person'} is typing …`,
  quickReplies: 'Quick replies',
  placeholder: 'Write a message',
  send: 'Send',
  sending: 'Sending',
  queued: 'Will be sent when connected',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
  retry: 'Try again',
  edit: 'Edit',
  recall: 'Take back',
  rate: 'Was this helpful?',
  helped: 'This helped',
  helpedNot: 'This did not help',
  recallRefused: 'The message could not be taken back.',
  faults: {
    TEXT_TOO_LONG: 'it is too long',
    TEXT_TOO_LARGE: 'it is too long',
    TEXT_EMPTY: 'it has no text',
  } as Readonly<Record<string, string>>,
  messageFailed: 'A message could not be sent.',
  tooManyUnsent: 'Too many messages are waiting to be sent. Please wait for the connection.',
  left: (characters: number): string => (characters === 1 ? '1 character left' : `${characters.toLocaleString('en')} characters left`),
  over: (characters: number): string =>
    characters === 1 ? '1 character too many' : `${characters.toLocaleString('en')} characters too many`,
  newest: 'New messages',
  person: 'Talk to a person',
  close: 'Close the chat',
  personMessage: 'I want to talk to a person',
  newConversation: 'New conversation',
  confirmTitle: 'Begin a new conversation?',
  confirmText: 'This browser forgets the present one, with any message that is not sent yet. You cannot come back to it from here.',
  confirmYes: 'Begin anew',
  confirmNo: 'Stay here',
}

export type Strings = typeof en

const zh: Strings = {
  shop: '在线客服',
  languageSwitch: 'English',
  languageSwitchLabel: 'Switch to English',
  connecting: '正在连接…',
  withBot: '智能助手',
  withQueue: position => (position === undefined ? '正在等待人工客服' : `正在等待人工客服 · 第 ${position} 位`),
  withPerson: name => (name === undefined ? '人工客服为您服务' : `${name} 为您服务`),
  offline: '网络已断开',
  again: seconds => `${seconds} 秒后重试`,
  stopped: {
    'unknown-shop': '没有找到这家店铺',
    'unknown-conversation': '这个对话已不可用',
    outdated: '页面版本已过期',
    refused: '连接被拒绝',
  },
  reload: '刷新页面',
  greeting: '您好！遇到什么问题直接告诉我们就好，中文、英文都可以。',
  suggestions: ['我的快递到哪了？', '收到的商品坏了', '怎么退货？'],
  conversation: '对话',
  you: '您',
  bot: '智能助手',
  typing: '正在回复…',
  personTyping: name => `${name ?? '人工客服'}正在输入…`,
  quickReplies: '快捷回复',
  placeholder: '请输入消息',
  send: '发送',
  sending: '发送中',
  queued: '连上网后自动发送',
  sent: '已发送',
  delivered: '已送达',
  read: '已读',
  failed: '未发送',
  retry: '重试',
  edit: '修改',
  recall: '撤回',
  rate: '这条回复有帮助吗？',
  helped: '有帮助',
  helpedNot: '没有帮助',
  recallRefused: '这条消息未能撤回。',
  faults: { TEXT_TOO_LONG: '内容太长', TEXT_TOO_LARGE: '内容太长', TEXT_EMPTY: '没有内容' },
  messageFailed: '有一条消息没有发送成功。',
  tooManyUnsent: '待发送的消息太多了，请等网络恢复。',
  left: characters => `还可输入 ${characters} 字`,
  over: characters => `超出 ${characters} 字`,
  newest: '有新消息',
  person: '转人工',
  close: '关闭对话',
  personMessage: '转人工',
  newConversation: '开始新对话',
  confirmTitle: '开始新的对话？',
  confirmText: '本浏览器将不再保留当前对话，尚未发送的消息也会丢弃，之后无法从这里找回。',
  confirmYes: '开始新对话',
  confirmNo: '留在这里',
}

export type PageLocale = 'zh-CN' | 'en'

export const STRINGS: Readonly<Record<PageLocale, Strings>> = { 'zh-CN': zh, en }

/** The first of the browser's languages that the page has; English when there is none. */
export function pageLocale(languages: readonly string[]): PageLocale {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh-CN'
    if (/^en\b/i.test(language)) return 'en'
  }
  return 'en'
}
