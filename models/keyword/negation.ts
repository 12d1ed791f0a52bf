// Whether what stands at a place in a text is denied by the words before it: 「没坏」, "not damaged". Only words that bind a denial to what
// follows may stand between, so that "can't believe it arrived broken" stays broken. A question denies nothing: 「有没有坏的」, "isn't it late?". Nor is it denied that
// something is the matter when it is missed: "still no refund".

/** How far back a denial may stand, in UTF-16 units. */
const REACH = 40

// By UTF-16 unit: looked up once a unit, for every match.
const ENDS_CLAUSE = new Uint8Array(0x1_0000)
for (const mark of ',.;:!?。、…~()"「」') ENDS_CLAUSE[mark.charCodeAt(0)] = 1
const ZH_QUESTION_END = /^[^,.;:!。、，；：！…\n]{0,12}(?:吗|么(?!多))/

// Words that may stand between 没/不 and what is denied.
const ZH_BETWEEN =
  '有|是|会|怎么|什么|啥|任何|一[个只点件箱包袋盒条颗]|半[个点]|[这那]么|全|都|太|很|完全|真的|再|被|发现|出现|发生|碰到|遇到|用|要|想|需要|打算|说|在|来|问你们?|问'
/** Nearly every clause is let go by this. */
const ZH_HINT = /[没不未无别甭勿非]/
const ZH_DENIAL = new RegExp(`(?:没有?|不|未|无|别|甭|勿|非)(?:${ZH_BETWEEN})*$`)
// 不 and 没 inside these deny nothing: A-not-A and why-not questions, set phrases. 还没 and 不是 are not among them.
const ZH_NO_DENIAL = new RegExp(
  `(?:有没有|是不是|会不会|能不能|要不要|可不可以|好不好|(.)[不没]\\1|怎么[还就都]?[不没]有?|为[什啥]么?[还就都]?[不没]有?|咋[还就都]?[不没]有?|凭什么[不没]有?|不好意思|差不多|不管|不仅|不但|不光|不只|不止|不过|不停|不断|不得不|要不|不然|不错|没想到|没事|没关系|没办法|不知道|无论)(?:${ZH_BETWEEN})*$`,
)
const ZH_DOUBLE = /(?:不是|并非|不|没)(?:说)?(?:没有?|不)[^没不]*$/

const EN_BETWEEN =
  '(?:a|an|the|any|be|been|being|is|are|was|were|have|has|had|that|so|very|really|even|actually|all|at|completely|totally|slightly|remotely|badly|to|of|them|these|those|it|yet|in|want|wanting|need|needing|ask|asking|asked|looking|after|interested|about|for|going|longer|arrive|arrived|come|came|seem|look)'
const EN_HINT = /n[o'e]|nt |without|hardly/
const EN_DENIAL = new RegExp(
  `(?:(?:^|[ ])(?:not|no|never|without|hardly|neither|nor|nothing|nobody|cannot|(?:is|are|was|were|do|does|did|has|have|had|wo|ca|could|would|should)n'?t)(?: ${EN_BETWEEN}){0,4} $)` +
    `|(?:(?:^|[ ])no (?:\\p{L}+ ){1,2}(?:is|are|was|were|has|have|had|been|arrived|came)(?: ${EN_BETWEEN}){0,2} $)` +
    `|(?:(?:^|[ ])(?:none|neither) of (?:\\p{L}+ ){1,3}(?:${EN_BETWEEN} ){0,3}$)`,
  'u',
)
// A verb turned round asks: "haven't you sent", "isn't the", "why wasn't my".
const EN_QUESTION =
  /(?:(?:^|[ ])(?:why|how come) [^,.;:!?]*$)|(?:^(?:is|are|was|were|do|does|did|has|have|had|wo|ca|could|would|should)n'?t (?:it|you|he|she|they|we|i|this|that|there|the|my)\b[^,.;:!?]*$)|(?:(?:^|[ ])not (?:only|just)\b[^,.;:!?]*$)/

// What was hoped for and did not come is still the matter: "still no refund", "no refund yet".
const EN_MISSING_BEFORE = /(?:^|[ ])(?:still|see|saw|seen|and|with|had|got|received) no $/
const EN_MISSING_AFTER = /^[^,.;:!?]* yet\b/

/** For a match from `start` to `end` of a text that `normaliseText` gave. */
export function isDenied(text: string, start: number, end: number): boolean {
  const clause = clauseBefore(text, start)
  if (clause === '') return false
  return isDeniedInChinese(clause, text, start, end) || isDeniedInEnglish(clause, text, start, end)
}

function clauseBefore(text: string, start: number): string {
  let from = start
  while (from > 0 && start - from < REACH && ENDS_CLAUSE[text.charCodeAt(from - 1)] === 0) from--
  return text.slice(from, start)
}

function isDeniedInChinese(clause: string, text: string, start: number, end: number): boolean {
  if (!ZH_HINT.test(clause)) return false
  const close = clause.trimEnd()
  if (!ZH_DENIAL.test(close) || ZH_NO_DENIAL.test(close) || ZH_DOUBLE.test(close)) return false
  // 有没|有次日达, 坏没|坏: the A-not-A question reaches into the match.
  if (close.at(-2) === text[start]) return false
  return !ZH_QUESTION_END.test(text.slice(end, end + 14))
}

function isDeniedInEnglish(clause: string, text: string, start: number, end: number): boolean {
  if (!clause.endsWith(' ') || !EN_HINT.test(clause) || !EN_DENIAL.test(clause)) return false
  return !EN_QUESTION.test(clause.trimStart()) && !EN_MISSING_BEFORE.test(clause) && !EN_MISSING_AFTER.test(text.slice(start, end + 26))
}
