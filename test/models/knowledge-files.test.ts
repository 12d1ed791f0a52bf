import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Article, type ArticleRules, LONGEST_PASSAGE, versionOf } from '@parley/models/knowledge/article.ts'
import { parseCsv } from '@parley/models/knowledge/csv.ts'
import { passagesOf } from '@parley/models/knowledge/passages.ts'
import { readAnswers } from '@parley/models/knowledge/read-answers.ts'
import { readMarkdown } from '@parley/models/knowledge/read-markdown.ts'
import { readQuestions } from '@parley/models/knowledge/read-questions.ts'
import { createRandom } from '@parley/models/train/random.ts'

const rules: ArticleRules = { actions: new Set(['PRODUCT_INFO', 'RETURN_POLICY']), hint: 'en' }
const told = (problems: readonly { readonly line: number; readonly severity: string; readonly reason: string }[]): readonly string[] =>
  problems.map(({ line, severity, reason }) => `${line} ${severity}: ${reason}`)

test('[KNOW5] a Markdown file is an article with a passage for each part, word for word', () => {
  const { articles, problems } = readMarkdown(
    [
      '---',
      'action: RETURN_POLICY',
      'link: https://shop.example/returns',
      'questions: ["can I send it back"]',
      '---',
      '# Returns',
      '',
      'Within *seven* days.',
      '## Postage ##',
      '- you',
      '- we, if it is faulty',
      '```',
      '# no heading in here',
      '```',
    ].join('\r\n'),
    'help/returns',
    rules,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(articles, [
    {
      id: 'help/returns',
      title: 'Returns',
      action: 'RETURN_POLICY',
      language: 'en',
      link: 'https://shop.example/returns',
      questions: ['can I send it back'],
      passages: [
        { heading: '', text: 'Within *seven* days.' },
        { heading: 'Postage', text: '- you\n- we, if it is faulty\n```\n# no heading in here\n```' },
      ],
    } satisfies Article,
  ])
  assert.equal(readMarkdown('# 羽绒服的洗护\n30 ℃ 轻柔机洗。', 'a', rules).articles[0]?.language, 'zh')
})

test('[KNOW5] whatever is wrong with a Markdown file is told with its line, all at once', () => {
  const cases: readonly (readonly [text: string, problems: readonly string[]])[] = [
    ['no title here', ['1 error: it has no title: begin with `# title`, or give one in the front matter']],
    ['# Empty\n\n', ['1 error: it says nothing: no text stands in it']],
    [
      '# One\ntext\n# Two\n## Three\n',
      ['3 error: a second title: an article has one `# title`; parts are `## heading`', '4 warning: nothing stands under «Three»'],
    ],
    [
      '---\ntitle: x\naction: FOOD_SAFETY\n---\ntext',
      ['3 error: no article of this shop can answer "FOOD_SAFETY": name an action of its catalogue that is not a person\'s to take'],
    ],
    [
      '---\ntitle: x\nauthor: me\n---\ntext',
      ['3 error: author: Unrecognized key: "author"', '5 error: it has no title: begin with `# title`, or give one in the front matter'],
    ],
    [
      '---\ntitle: x\nlink: javascript:alert(1)\n---\n# t\ntext',
      ['3 error: link: it must be an address that begins with https:// or http://'],
    ],
    ['---\ntitle: [x\n---\n# t\ntext', ['2 error: …']],
    ['---\ntitle: x\n', ['1 error: the front matter does not end: a line `---` must close it', '…']],
  ]
  for (const [text, wanted] of cases) {
    const { articles, problems } = readMarkdown(text, 'x', rules)
    assert.equal(articles.length, 0, text)
    const got = told(problems)
    for (const [i, line] of wanted.entries()) assert.ok(got[i]?.startsWith(line.split('…')[0]!), `${text}\n${got.join('\n')}`) // split gives one
    if (!wanted.includes('…')) assert.equal(got.length, wanted.length, got.join('\n'))
  }
})

test('[KNOW1] passages are short enough, stand in the text letter for letter, and leave nothing out', () => {
  const random = createRandom(7)
  const pieces = ['水开后上笼。', 'A sentence. ', '\n\n', 'word ', '😀', '字'.repeat(90), 'x'.repeat(700), '\n']
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: Math.floor(random() * 40) }, () => pieces[Math.floor(random() * pieces.length)]!).join('') // an index below its length
    const passages = passagesOf(text)
    let from = 0
    for (const passage of passages) {
      assert.ok(passage.length <= LONGEST_PASSAGE && passage.trim() === passage && passage !== '' && passage.isWellFormed())
      const at = text.indexOf(passage, from)
      assert.ok(at >= 0)
      assert.equal(text.slice(from, at).trim(), '')
      from = at + passage.length
    }
    assert.equal(text.slice(from).trim(), '')
  }
})

test('[KNOW5] past answers: a row each, those with one answer are one article with all its questions', () => {
  const { articles, problems } = readAnswers(
    'Question,answer,action\r\nhow long,"Seven days, ""not"" more.\nReally.",RETURN_POLICY\r\nwhat time have I,"Seven days, ""not"" more.\nReally.",RETURN_POLICY\r\n\r\n怎么洗,冷水手洗。,\r\n',
    'answers',
    rules,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(
    articles.map(({ id: _, ...article }) => article),
    [
      {
        title: 'how long',
        action: 'RETURN_POLICY',
        language: 'en',
        questions: ['how long', 'what time have I'],
        passages: [{ heading: '', text: 'Seven days, "not" more.\nReally.' }],
      },
      { title: '怎么洗', action: 'PRODUCT_INFO', language: 'zh', questions: ['怎么洗'], passages: [{ heading: '', text: '冷水手洗。' }] },
    ],
  )
  // The id is the answer's: the file's order and other questions change nothing of it.
  const turned = readAnswers('answer,question\n冷水手洗。,真丝怎么洗\n', 'answers', rules).articles
  assert.equal(turned[0]?.id, articles[1]?.id)
})

test('[KNOW5] whatever is wrong with past answers is told with its line; the other rows are read', () => {
  const { articles, problems } = readAnswers(
    'question,answer,action,mood\nq1,\n,a2\n"q\n3",a3,FOOD_SAFETY\nq4,a4,PRODUCT_INFO\nq5,a5,PRODUCT_INFO,x,y\nq4,a4,PRODUCT_INFO\n"q7,a7\n',
    'answers',
    rules,
  )
  assert.deepEqual(
    articles.map(({ title }) => title),
    [],
  )
  assert.deepEqual(told(problems).slice(0, 2), [
    '1 warning: column "mood" is not known: question, answer, title, action, language, link, id',
    '9 error: a quote is opened and never closed',
  ])
  const rest = readAnswers(
    'question,answer,action,mood\nq1,\n,a2\n"q\n3",a3,FOOD_SAFETY\nq4,a4,PRODUCT_INFO\nq5,a5,PRODUCT_INFO,x,y\nq4,a4,PRODUCT_INFO\n',
    'answers',
    rules,
  )
  assert.deepEqual(
    rest.articles.map(({ title }) => title),
    ['q4'],
  )
  assert.deepEqual(told(rest.problems), [
    '1 warning: column "mood" is not known: question, answer, title, action, language, link, id',
    '2 error: "answer" is empty',
    '3 error: "question" is empty',
    '4 error: no article of this shop can answer "FOOD_SAFETY": name an action of its catalogue that is not a person\'s to take',
    '7 error: 5 fields where the first row names 4: a field with a comma needs quotes',
    '8 warning: the same question with the same answer stands there already',
  ])
  assert.deepEqual(told(readAnswers('q,a\n1,2\n', 'x', rules).problems).slice(0, 2), [
    '1 error: the first row names the columns, and "question" is not among them',
    '1 error: the first row names the columns, and "answer" is not among them',
  ])
})

test('CSV comes back as it was written, with the line of each row', () => {
  const random = createRandom(3)
  const bits = ['a', ',', '"', '\n', ' ', '字', '']
  for (let round = 0; round < 300; round++) {
    const rows = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      Array.from(
        { length: 1 + Math.floor(random() * 4) },
        () => `x${Array.from({ length: Math.floor(random() * 4) }, () => bits[Math.floor(random() * bits.length)]).join('')}`,
      ),
    )
    const texts = rows.map(fields => fields.map(field => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(','))
    const { rows: read, problems } = parseCsv(texts.join('\n'))
    assert.deepEqual(problems, [])
    assert.deepEqual(
      read.map(({ fields }) => fields),
      rows,
    )
    const lines = texts.map((_, i) => texts.slice(0, i).join('\n').split('\n').length + (i === 0 ? 0 : 1))
    assert.deepEqual(
      read.map(({ line }) => line),
      lines,
    )
  }
})

test('[KNOW5] questions to be judged on: an article that the shop has not is told with its line', () => {
  const { questions, problems } = readQuestions('question,article\nq1,a\nq2,\nq3,b\n', [{ id: 'a' }])
  assert.deepEqual(questions, [
    { question: 'q1', article: 'a' },
    { question: 'q2', article: null },
  ])
  assert.deepEqual(told(problems), ['4 error: the shop has no article "b"'])
})

test("an article's version is its content's", () => {
  const article: Article = {
    id: 'a',
    title: 't',
    action: 'PRODUCT_INFO',
    language: 'en',
    questions: [],
    passages: [{ heading: '', text: 'x' }],
  }
  const { id, ...rest } = article
  assert.equal(versionOf({ ...rest, id }), versionOf(article))
  assert.notEqual(versionOf({ ...article, passages: [{ heading: 'x', text: '' }] }), versionOf(article))
})
