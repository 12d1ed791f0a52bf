// The demo storefront: its language, and who is signed in. A shop's own pages need none of this but the script tag; that they ask their own backend
// for the identity token is what `signIn` stands for.
import type { ParleyGlobal } from '../embed/parley.ts'

declare const Parley: ParleyGlobal | undefined

const LANGUAGE_KEY = 'parley-fresh.language'
const CUSTOMER_KEY = 'parley-fresh.customer'

const remembered = (key: string): string | null => {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null // forbidden by the browser's settings
  }
}
const remember = (key: string, value: string): void => {
  try {
    sessionStorage.setItem(key, value)
  } catch {
    // as above: it lasts as long as the page
  }
}

const language = remembered(LANGUAGE_KEY) ?? (/^zh\b/i.test(navigator.language) ? 'zh-CN' : 'en')
const isChinese = language === 'zh-CN'
document.documentElement.lang = language
if (isChinese) {
  for (const element of document.querySelectorAll<HTMLElement>('[data-zh]')) element.textContent = element.dataset.zh ?? ''
  for (const element of document.querySelectorAll<HTMLElement>('[data-zh-label]')) element.ariaLabel = element.dataset.zhLabel ?? ''
}
const switcher = document.querySelector<HTMLButtonElement>('#language')
if (switcher) {
  switcher.textContent = isChinese ? 'EN' : '中文'
  switcher.lang = isChinese ? 'en' : 'zh-CN'
  switcher.ariaLabel = isChinese ? 'Switch to English' : '切换到中文'
  switcher.addEventListener('click', () => {
    remember(LANGUAGE_KEY, isChinese ? 'en' : 'zh-CN')
    location.reload()
  })
}

const customers = document.querySelectorAll<HTMLButtonElement>('[data-customer]')

/** An empty customer is nobody. */
async function signIn(customer: string): Promise<void> {
  const trouble = document.querySelector('#trouble')
  if (trouble) trouble.textContent = ''
  try {
    const identity = customer === '' ? undefined : await identityOf(customer)
    if (typeof Parley !== 'undefined') Parley.identify(identity)
    remember(CUSTOMER_KEY, customer)
    for (const button of customers) button.ariaPressed = String(button.dataset.customer === customer)
  } catch {
    if (trouble)
      trouble.textContent = isChinese ? '暂时无法登录，请稍后再试。' : 'Signing in does not work right now. Please try again later.'
  }
}

async function identityOf(customer: string): Promise<string> {
  const response = await fetch('/v1/demo/identity', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer }),
  })
  if (!response.ok) throw new Error(`the shop answered ${response.status}`)
  const { identity } = (await response.json()) as { readonly identity: string } // our own server's answer
  return identity
}

for (const button of customers) button.addEventListener('click', () => void signIn(button.dataset.customer ?? ''))
addEventListener('load', () => {
  const customer = remembered(CUSTOMER_KEY)
  if (customer) void signIn(customer)
})
