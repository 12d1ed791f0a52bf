// The words of the customer's panel, in both languages. What its fields are called comes with the answer.
import type { PageLocale } from '../strings.ts'

const en = {
  loading: 'Asking the shop’s systems …',
  unknown: 'The shop’s systems do not know this customer.',
  none: 'None.',
  failed: 'The shop does not answer. What its systems know cannot be shown now.',
  locked: 'You may not see this customer.',
  unreadable: 'The shop’s systems cannot be asked: the file of the mesh is not in order.',
  tooOften: 'Too much at once. Try again in a moment.',
  down: (source: string): string => `The ${source} does not answer right now.`,
  broken: (source: string): string => `The ${source} gave something that cannot be shown.`,
  ours: 'A part could not be shown.',
  standsIn: (source: string, ago: string): string => `The ${source} does not answer right now. What it said ${ago} is shown.`,
  without: (titles: string, why: string): string => `${titles}: ${why}`,
  old: (ago: string): string => `as of ${ago}`,
  asOf: (time: string): string => `As of ${time}`,
  more: (count: number): string => `Show all ${count}`,
  meanings: 'What the fields say',
  copy: (text: string): string => `Copy ${text}`,
  copied: (text: string): string => `Copied ${text}.`,
  notCopied: 'The browser does not let this page copy.',
  intoReply: (text: string): string => `Put ${text} into the reply`,
  putIn: (text: string): string => `${text} is in the reply.`,
  stepOf: (step: number, of: number): string => `step ${step} of ${of}`,
  yes: 'Yes',
  no: 'No',
  join: ', ',
}

export type PanelWords = typeof en

const zh: PanelWords = {
  loading: '正在查询店铺系统…',
  unknown: '店铺系统中没有这位顾客。',
  none: '暂无。',
  failed: '店铺没有响应，暂时无法显示其系统中的信息。',
  locked: '您无权查看这位顾客。',
  unreadable: '无法查询店铺系统：网格配置文件有误。',
  tooOften: '操作过于频繁，请稍后再试。',
  down: source => `${source}暂时没有响应。`,
  broken: source => `${source}返回的内容无法显示。`,
  ours: '有一部分无法显示。',
  standsIn: (source, ago) => `${source}暂时没有响应，显示的是${ago}的信息。`,
  without: (titles, why) => `${titles}：${why}`,
  old: ago => `${ago}的信息`,
  asOf: time => `${time} 查询`,
  more: count => `显示全部 ${count} 条`,
  meanings: '各字段的含义',
  copy: text => `复制 ${text}`,
  copied: text => `已复制 ${text}。`,
  notCopied: '浏览器不允许本页复制。',
  intoReply: text => `把 ${text} 放入回复`,
  putIn: text => `${text} 已放入回复。`,
  stepOf: (step, of) => `第 ${step} 步，共 ${of} 步`,
  yes: '是',
  no: '否',
  join: '、',
}

export const PANEL_WORDS: Readonly<Record<PageLocale, PanelWords>> = { 'zh-CN': zh, en }
