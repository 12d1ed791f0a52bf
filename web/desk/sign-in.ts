// The page before the page: shop, name and password. Remembers the shop, never anything else, and says plainly why it did not work.
import type { Shelf } from '../client/world.ts'
import { element, setText } from '../widget/elements.ts'
import type { Credentials, SignInAnswer } from './desk-world.ts'
import type { Strings as DeskStrings } from './strings.ts'

type Strings = Pick<DeskStrings, 'signIn' | 'signingIn' | 'signInRefused' | 'signInTooOften' | 'signInUnreached'>
/** `told`: refused for a reason that is worth telling. */
type Answer = SignInAnswer | { readonly result: 'signed-in' } | { readonly result: 'told'; readonly text: string }

const SHOP_KEY = 'parley.desk.shop'

export interface SignInPage {
  /** Shown: the focus goes to the first field that is empty. */
  show(isShown: boolean): void
}

export function createSignInPage(
  settings: Shelf,
  strings: () => Strings,
  signIn: (credentials: Credentials) => Promise<Answer>,
): SignInPage {
  const page = element('sign-in', HTMLElement)
  const button = element('sign-in-button', HTMLButtonElement)
  const notice = element('sign-in-notice', HTMLParagraphElement)
  const shop = element('sign-in-shop', HTMLInputElement)
  const name = element('sign-in-name', HTMLInputElement)
  const password = element('sign-in-password', HTMLInputElement)
  shop.value = settings.read(SHOP_KEY) ?? ''

  const focusEmpty = (): void => [shop, name, password].find(field => field.value === '')?.focus()

  async function submit(): Promise<void> {
    const missing = [shop, name, password].find(field => field.value.trim() === '')
    if (missing) return missing.focus()
    button.disabled = true
    setText(button, strings().signingIn)
    setText(notice, '')
    try {
      const answer = await signIn({ shop: shop.value.trim(), name: name.value.trim(), password: password.value })
      if (answer.result === 'signed-in') settings.write(SHOP_KEY, shop.value.trim())
      else setText(notice, words(answer))
      password.value = ''
    } catch {
      setText(notice, strings().signInUnreached) // no answer came; what was typed stays
    }
    button.disabled = false
    setText(button, strings().signIn)
    if (notice.textContent !== '') (password.value === '' ? password : button).focus()
  }

  const words = (answer: Exclude<Answer, { result: 'signed-in' }>): string =>
    answer.result === 'told'
      ? answer.text
      : answer.result === 'refused'
        ? strings().signInRefused
        : strings().signInTooOften(Math.ceil(answer.retryAfterMs / 1_000))

  element('sign-in-form', HTMLFormElement).addEventListener('submit', event => {
    event.preventDefault()
    if (!button.disabled) void submit()
  })

  return {
    show(isShown) {
      if (page.hidden !== isShown) return
      page.hidden = !isShown
      if (isShown) focusEmpty()
      else setText(notice, '')
    },
  }
}
