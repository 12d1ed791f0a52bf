// Starts the developers' page: who asks, the three parts (documents, query, answer), and what was asked before.
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, parse, print } from 'graphql'
import { createSignInPage } from '../desk/sign-in.ts'
import { fill, h } from '../look/dom.ts'
import { browserWorld } from '../widget/browser-world.ts'
import { element, setText } from '../widget/elements.ts'
import { type PageLocale, pageLocale } from '../widget/strings.ts'
import { createDocs } from './docs.ts'
import { createJsonEditor, createJsonView, createQueryEditor } from './editor.ts'
import { createPast } from './past.ts'
import { type Answer, ask, fetchSession, type Question, signIn, signOut, type Who } from './server.ts'
import { WORDS, type Words } from './words.ts'

const LOCALE_KEY = 'parley.graph.locale'
const KEY_KEY = 'parley.graph.key'
const FIRST =
  'query {\n  customer(id: "123") {\n    orders(status: RETURNING) { items { name price } warehouseStatus refundProgress }\n  }\n}\n'

const settings = browserWorld('').shelf // of its shop's parts nothing is used
const chosen = settings.read(LOCALE_KEY)
let locale: PageLocale = pageLocale(chosen === undefined ? navigator.languages : [chosen])
let who: Who | undefined
let asking: AbortController | undefined
let last: Answer | 'unreached' | undefined

const words = (): Words => WORDS[locale]
const boot = element('boot', HTMLParagraphElement)
const customer = element('customer', HTMLInputElement)
const texts = element('texts', HTMLSelectElement)
const status = element('status', HTMLParagraphElement)
const past = createPast(sessionStorage)
const before = past.all[0]

const query = createQueryEditor({
  host: element('query', HTMLDivElement),
  text: before?.query ?? FIRST,
  run: () => void run(),
  changed: () => {},
  showInDocs(field, type, parent) {
    const name = (parent ?? type ?? '').replaceAll(/[[\]!]/g, '')
    setView('docs')
    docs.show(name, field)
  },
})
const variables = createJsonEditor(
  element('variables', HTMLDivElement),
  before && Object.keys(before.variables).length > 0 ? JSON.stringify(before.variables, null, 2) : '{}',
  () => void run(),
  () => {},
)
const result = createJsonView(element('result', HTMLDivElement))
const docs = createDocs(words, field => query.insert(field))
customer.value = before?.customer ?? ''
texts.value = before?.texts ?? locale

const signInPage = createSignInPage(settings, words, async credentials => {
  const answer = await signIn(credentials)
  if (answer.result === 'other-page') return { result: 'told', text: words().signInOther }
  if (answer.result === 'signed-in') await enter({ as: 'agent', name: answer.session.agent.name, shop: answer.session.shop.name })
  return answer
})

function say(text: string): void {
  setText(element('notice', HTMLParagraphElement), text)
}

async function enter(next: Who): Promise<boolean> {
  const introspection = await ask(next, { query: getIntrospectionQuery(), variables: {}, customer: '', texts: locale })
  if (introspection.status !== 200 || introspection.errors > 0) {
    const { keyRefused, noMesh, severalShops, noSchema } = words()
    const named = next.as === 'operator' && next.shop !== ''
    const why =
      introspection.status === 401
        ? keyRefused
        : introspection.code !== 'MESH_MISSING'
          ? noSchema
          : named || next.as === 'agent'
            ? noMesh
            : severalShops
    setText(element(next.as === 'operator' ? 'key-notice' : 'sign-in-notice', HTMLParagraphElement), why)
    return false
  }
  who = next
  const schema = buildClientSchema(introspection.data as IntrospectionQuery) // the server's answer to the query of it
  query.setSchema(schema)
  docs.setSchema(schema)
  show()
  query.focus()
  return true
}

function leave(): void {
  who = undefined
  last = undefined
  past.clear()
  try {
    sessionStorage.removeItem(KEY_KEY)
  } catch {
    // It was kept nowhere then.
  }
  result.text = ''
  docs.setSchema(undefined)
  query.setSchema(undefined)
  show()
}

async function run(): Promise<void> {
  if (!who || asking) return
  let given: unknown
  try {
    given = JSON.parse(variables.text.trim() || '{}')
  } catch {
    given = undefined
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return say(words().badVariables)
  const question: Question = {
    query: query.text,
    variables: given as Record<string, unknown>, // an object, as was looked
    customer: customer.value.trim(),
    texts: texts.value,
  }
  past.keep(question)
  say('')
  asking = new AbortController()
  setText(status, words().running)
  try {
    last = await ask(who, question)
    result.text = readable(last.text)
  } catch {
    last = 'unreached'
    result.text = ''
  }
  asking = undefined
  showAnswer()
  setView('result')
  if (last !== 'unreached' && last.status === 401) leave()
}

function readable(text: string): string {
  try {
    const { extensions, ...answer } = JSON.parse(text)
    const { trace: _, ...more } = extensions ?? {} // it is a table below
    return JSON.stringify(Object.keys(more).length > 0 ? { ...answer, extensions: more } : answer, null, 2)
  } catch {
    return text
  }
}

function showAnswer(): void {
  const table = words()
  const trace = element('trace', HTMLDivElement)
  if (last === undefined) {
    setText(status, '')
    return fill(trace)
  }
  if (last === 'unreached') {
    setText(status, table.unreached)
    return fill(trace)
  }
  const parts = [table.status(last.status, last.ms)]
  if (last.trace) parts.push(table.inServer(last.trace.ms, last.trace.calls))
  if (last.errors > 0) parts.push(table.someFailed(last.errors))
  if (last.stale > 0) parts.push(table.someOld(last.stale))
  setText(status, parts.join(' · '))
  status.dataset.state = last.status === 200 && last.errors === 0 ? 'good' : 'bad'
  fill(
    trace,
    last.trace &&
      last.trace.readings.length > 0 &&
      h(
        'table',
        null,
        h('caption', { class: 'unseen' }, table.traceTitle),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            [table.operation, table.asked, table.calls, table.ms].map((title, i) =>
              h('th', { scope: 'col', class: i > 0 && 'number' }, title),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          last.trace.readings.map(({ operation, asked, calls, ms }) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, operation),
              [asked, calls, ms].map(value => h('td', { class: 'number' }, value)),
            ),
          ),
        ),
      ),
  )
}

function setView(view: string): void {
  document.body.dataset.view = view
  for (const button of document.querySelectorAll<HTMLButtonElement>('#views button'))
    button.ariaPressed = String(button.dataset.view === view)
}

function label(): void {
  document.documentElement.lang = locale
  const table = words()
  for (const target of document.querySelectorAll<HTMLElement>('[data-word]'))
    setText(target, String(table[target.dataset.word as keyof Words])) // index.html names words of this table
  for (const target of document.querySelectorAll<HTMLElement>('[data-label]'))
    target.ariaLabel = String(table[target.dataset.label as keyof Words])
  for (const id of ['language', 'sign-in-language']) {
    const button = element(id, HTMLButtonElement)
    setText(button, table.languageSwitch)
    button.ariaLabel = table.languageSwitchLabel
    button.lang = locale === 'en' ? 'zh-CN' : 'en'
  }
  query.label(table.query)
  variables.label(table.variables)
  result.label(table.answer)
  customer.placeholder = table.anyCustomer
  element('docs-find', HTMLInputElement).placeholder = table.find
  element('run', HTMLButtonElement).title = `${table.run} (Ctrl+Enter)`
  docs.draw()
  showAnswer()
}

function show(): void {
  boot.hidden = true
  element('graph', HTMLDivElement).hidden = who === undefined
  signInPage.show(who === undefined)
  if (!who) return
  setText(element('shop-name', HTMLHeadingElement), `${who.shop === '' ? 'Parley' : who.shop} · GraphQL`)
  setText(element('who', HTMLParagraphElement), who.as === 'agent' ? who.name : words().operator)
  showAnswer()
}

function openHistory(): void {
  const dialog = element('history', HTMLDialogElement)
  element('history-none', HTMLParagraphElement).hidden = past.all.length > 0
  fill(
    element('history-list', HTMLUListElement),
    past.all.map(question =>
      h(
        'li',
        null,
        h(
          'button',
          {
            type: 'button',
            class: 'asked',
            onclick() {
              query.text = question.query
              variables.text = JSON.stringify(question.variables, null, 2)
              customer.value = question.customer
              texts.value = question.texts
              dialog.close()
              query.focus()
            },
          },
          h('code', null, question.query.replaceAll(/\s+/g, ' ').slice(0, 160)),
          question.customer !== '' && h('span', { class: 'faint' }, `${words().asCustomer}: ${question.customer}`),
        ),
      ),
    ),
  )
  dialog.showModal()
}

for (const id of ['language', 'sign-in-language'])
  element(id, HTMLButtonElement).addEventListener('click', () => {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    settings.write(LOCALE_KEY, locale)
    label()
    show()
  })
element('run', HTMLButtonElement).addEventListener('click', () => void run())
element('tidy', HTMLButtonElement).addEventListener('click', () => {
  try {
    query.text = `${print(parse(query.text))}\n`
    say('')
  } catch {
    say(words().notTidied)
  }
})
element('history-open', HTMLButtonElement).addEventListener('click', openHistory)
element('history-close', HTMLButtonElement).addEventListener('click', () => element('history', HTMLDialogElement).close())
for (const button of document.querySelectorAll<HTMLButtonElement>('#views button'))
  button.addEventListener('click', () => setView(button.dataset.view ?? 'editor'))
element('sign-out', HTMLButtonElement).addEventListener('click', async () => {
  if (who?.as === 'agent') await signOut().catch(() => {})
  leave()
})
element('key-form', HTMLFormElement).addEventListener('submit', async event => {
  event.preventDefault()
  const field = element('key', HTMLInputElement)
  const key = field.value.trim()
  if (key === '') return field.focus()
  const shop = element('key-shop', HTMLInputElement).value.trim()
  setText(element('key-notice', HTMLParagraphElement), '')
  try {
    if (!(await enter({ as: 'operator', key, shop }))) return field.focus()
  } catch {
    return setText(element('key-notice', HTMLParagraphElement), words().signInUnreached)
  }
  field.value = ''
  try {
    sessionStorage.setItem(KEY_KEY, JSON.stringify({ key, shop }))
  } catch {
    // It lasts as long as the page.
  }
})

async function begin(): Promise<void> {
  boot.hidden = false
  setText(boot, words().connecting)
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY_KEY) ?? 'null')
    if (typeof kept === 'object' && kept !== null && 'key' in kept && 'shop' in kept)
      if (await enter({ as: 'operator', key: String(kept.key), shop: String(kept.shop) })) return
    const session = await fetchSession()
    if (session && (await enter({ as: 'agent', name: session.agent.name, shop: session.shop.name }))) return
  } catch {
    setText(element('sign-in-notice', HTMLParagraphElement), words().signInUnreached)
  }
  show()
}

label()
setView('editor')
void begin()
