// The middle: who has the conversation, what may be done with it, the log, and where the agent writes.
import { element, make, setText } from '../widget/elements.ts'
import { createAboutDialog } from './about-dialog.ts'
import { type Composer, createComposer } from './composer.ts'
import type { Desk, DeskView, ReleaseTo } from './desk-client.ts'
import { createEraseDialog } from './erase-dialog.ts'
import { createMessageLog } from './message-log.ts'
import type { Owner } from './owner.ts'
import { createReleaseDialog } from './release-dialog.ts'
import { createRollbackDialog } from './rollback-dialog.ts'
import { rowsOf } from './rows.ts'
import type { PageLocale, Strings } from './strings.ts'
import type { Watched } from './watched.ts'

export interface Chat {
  show(view: DeskView, strings: Strings, locale: PageLocale): void
  focusTitle(): void
  /** False when there is nothing to write to. */
  focusComposer(): boolean
  /** Puts a text into the reply; else gives why it cannot be. */
  insert(text: string): string | undefined
}

export function createChat(desk: () => Desk, strings: () => Strings): Chat {
  const chat = element('chat', HTMLElement)
  const title = element('chat-title', HTMLHeadingElement)
  title.tabIndex = -1 // it takes the focus when the conversation comes into view
  const claim = element('claim', HTMLButtonElement)
  const log = createMessageLog()
  const opened = (): string | null => desk().view.opened
  let ownNotice = ''
  const composer: Composer = createComposer(
    text => {
      const conversation = opened()
      const isTaken = conversation !== null && desk().say(conversation, text)
      ownNotice = isTaken ? '' : strings().tooManyUnsent
      return isTaken
    },
    () => {
      const conversation = opened()
      if (conversation !== null) desk().typing(conversation)
    },
  )
  const askRelease = createReleaseDialog((to, note) => {
    const conversation = opened()
    return conversation !== null && desk().release(conversation, to, note)
  })

  const rollbackDialog = createRollbackDialog(
    (toSeq, reason) => {
      const conversation = opened()
      return conversation !== null && desk().rollback(conversation, toSeq, reason)
    },
    () => desk().leaveRollback(),
  )

  const aboutDialog = createAboutDialog((turn, action) => {
    const conversation = opened()
    return conversation !== null && desk().label(conversation, turn, action)
  })

  const askErase = createEraseDialog(() => {
    const conversation = opened()
    return conversation !== null && desk().erase(conversation)
  })
  const toErase = element('to-erase', HTMLButtonElement)
  toErase.addEventListener('click', () => toErase.ariaDisabled !== 'true' && askErase(strings()))

  claim.addEventListener('click', () => {
    const conversation = opened()
    if (conversation !== null) desk().claim(conversation)
  })
  for (const [id, to] of [
    ['to-bot', 'bot'],
    ['to-queue', 'queue'],
    ['end', 'closed'],
  ] as const satisfies readonly (readonly [string, ReleaseTo])[])
    element(id, HTMLButtonElement).addEventListener('click', ({ currentTarget }) => {
      if (currentTarget instanceof HTMLElement && currentTarget.ariaDisabled !== 'true') askRelease(to, strings())
    })

  function ownerWords(owner: Owner, words: Strings): string {
    switch (owner.who) {
      case 'queue':
        return words.owner.queue(owner.position)
      case 'colleague':
        return words.owner.colleague(owner.name)
      default:
        return words.owner[owner.who]
    }
  }

  function obstacleOf(owner: Owner, maySay: boolean, words: Strings): string | undefined {
    if (owner.who === 'colleague') return words.notMine.colleague(owner.name)
    if (owner.who !== 'me') return words.notMine[owner.who]
    return maySay ? undefined : words.notMine.unsynced
  }

  function noticeOf(view: DeskView, conversation: string, owner: Owner, words: Strings): string {
    const outcome = view.outcomes.get(conversation)
    if (!outcome) return ownNotice || (owner.who === 'me' && !view.maySay(conversation) ? words.notMine.unsynced : '')
    if (outcome.name === 'refused') return words.faults[outcome.code] ?? words.otherFault(outcome.code)
    if (outcome.name === 'erased') return words.erased
    if (outcome.name === 'released') return words.released[outcome.to]
    return owner.who === 'me' ? '' : words.taken(owner.who === 'colleague' ? owner.name : undefined)
  }

  function typingWords(watched: Watched | undefined, myName: string | undefined, words: Strings): string {
    const others = (watched?.typing ?? []).filter(({ who, name }) => who !== 'agent' || name !== myName)
    const one = others.find(({ who }) => who === 'customer') ?? others[0]
    if (!one) return ''
    return one.who === 'agent' ? words.typingAgent(one.name) : words.typing[one.who]
  }

  function showActions(view: DeskView, conversation: string, owner: Owner, words: Strings): void {
    const under = view.pending.get(conversation)
    const isConnected = view.connection.name === 'connected'
    claim.hidden = owner.who !== 'queue' && under !== 'claim'
    // Not `disabled`: that would take the focus from under the finger that has just pressed it.
    claim.ariaDisabled = String(!isConnected || under !== undefined)
    setText(claim, under === 'claim' ? words.claiming : words.claim)
    for (const [id, label, short] of [
      ['to-bot', words.toBot, words.toBotShort],
      ['to-queue', words.toQueue, words.toQueueShort],
      ['end', words.end, words.end],
    ] as const) {
      const button = element(id, HTMLButtonElement)
      button.hidden = owner.who !== 'me'
      button.ariaDisabled = String(under !== undefined || !view.maySay(conversation))
      setText(part(button, 'long'), label)
      setText(part(button, 'short'), short)
      button.title = label
    }
    toErase.hidden = !view.mayErase(conversation) && under !== 'erase'
    toErase.ariaDisabled = String(under !== undefined)
    setText(part(toErase, 'long'), under === 'erase' ? words.erasing : words.toErase)
    setText(part(toErase, 'short'), under === 'erase' ? words.erasing : words.toEraseShort)
    toErase.title = words.toErase
  }

  /** A button that was pressed and has gone takes the focus with it: it goes to where the work goes on. */
  function keepFocus(before: Element | null, owner: Owner): void {
    if (!(before instanceof HTMLElement) || !chat.contains(before) || before.checkVisibility()) return
    if (owner.who === 'me') composer.focus()
    else title.focus()
  }

  return {
    show(view, words, locale) {
      const conversation = view.opened
      rollbackDialog.show(view.preview, words)
      aboutDialog.show(view.actions, words, locale)
      chat.dataset.open = String(conversation !== null)
      if (conversation === null) {
        ownNotice = ''
        return
      }
      const before = document.activeElement
      const watched = view.watched.get(conversation)
      const owner = view.owner(conversation)
      const label = view.item(conversation)?.label ?? watched?.card?.label
      setText(title, label?.[locale] ?? words.conversation)
      const isErased = view.outcomes.get(conversation)?.name === 'erased'
      setText(element('chat-owner', HTMLParagraphElement), isErased ? '' : ownerWords(owner, words))
      element('chat-owner', HTMLParagraphElement).dataset.who = owner.who
      showActions(view, conversation, owner, words)
      if (watched)
        log.show(
          conversation,
          rowsOf(watched, view.session?.agent.name ?? ''),
          {
            strings: words,
            locale,
            isConnected: view.connection.name === 'connected',
            retry: ref => desk().retry(conversation, ref),
            edit: ref => composer.putBack(desk().discard(conversation, ref) ?? ''),
            takeBack: view.mayRollBack(conversation) ? toSeq => void desk().considerRollback(conversation, toSeq) : undefined,
            sayAbout:
              watched.stage === 'synced'
                ? turn => {
                    desk().wantActions()
                    aboutDialog.open(watched, turn)
                    aboutDialog.show(desk().view.actions, words, locale)
                  }
                : undefined,
            lastSeq: watched.log.findLast(({ type }) => type !== 'mark')?.seq ?? 0,
          },
          watched.stage === 'synced',
        )
      setText(element('notice', HTMLSpanElement), noticeOf(view, conversation, owner, words))
      setText(element('typing', HTMLSpanElement), typingWords(watched, view.session?.agent.name, words))
      const maySay = view.maySay(conversation)
      composer.show(
        conversation,
        { write: owner.who === 'me', send: maySay, obstacle: isErased ? words.erased : obstacleOf(owner, maySay, words) },
        words,
      )
      keepFocus(before, owner)
    },
    focusTitle: () => title.focus(),
    insert(text) {
      if (composer.insert(text)) return undefined
      const conversation = opened()
      return conversation === null ? '' : (obstacleOf(desk().view.owner(conversation), false, strings()) ?? '')
    },
    focusComposer() {
      if (composer.isOpen) composer.focus()
      return composer.isOpen
    },
  }
}

/** The words of a button for a wide or a narrow screen; the style shows one of them. */
function part(button: HTMLButtonElement, className: 'long' | 'short'): HTMLElement {
  const found = button.querySelector<HTMLElement>(`.${className}`) ?? make('span', className)
  if (!found.parentElement) button.append(found)
  return found
}
