import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';

import { ProxyError } from '../../../src/errors.ts';
import { createPresidioTransport } from '../../../src/presidio/presidio-transport.ts';
import type { Analyzer } from '../../../src/redaction/analyzer/analyzer.ts';
import { createPresidioAnalyzer } from '../../../src/redaction/analyzer/presidio-analyzer.ts';
import { answerJson } from '../../harness/upstream.ts';
import { answerAsPresidio, type Asked, startPresidio } from './fake-presidio.ts';

async function found(analyzer: Analyzer, texts: readonly string[]): Promise<string[][]> {
  const all = await analyzer.find(texts);
  return all.map((findings, index) =>
    findings.map(({ entity, from, end }) => `${entity} ${texts[index]!.slice(from, end)}`),
  );
}

test('texts of a request are asked about in one list, and what is found is where it says', async (t) => {
  const { analyzer, asked, connections } = await startPresidio(t);
  const texts = ['😀 Jane Doe 😀 in Berlin', '12-34', 'nobody', '\ud800Jane Doe\udc00 😀'];
  const findings = [['PERSON Jane Doe', 'LOCATION Berlin'], [], [], ['PERSON Jane Doe']];
  assert.deepEqual(await found(analyzer, texts), findings);
  assert.deepEqual(asked, [
    {
      text: ['😀 Jane Doe 😀 in Berlin', 'nobody', '\ufffdJane Doe\ufffd 😀'],
      language: 'en',
      entities: ['PERSON', 'LOCATION'],
      score_threshold: 0.5,
    },
  ]);
  for (let turn = 0; turn < 5; turn += 1) await found(analyzer, texts);
  assert.equal(asked.length, 6);
  assert.ok(connections.size <= 2, 'connections are kept');
});

test('whatever stands around it, what is found is where it says', async (t) => {
  const { analyzer } = await startPresidio(t);
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom('Jane Doe', '😀', 'Berlin'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 8 }), { maxLength: 5 }), async (lists) => {
      const texts = lists.map((pieces) => pieces.join(''));
      const expected = texts.map((text) =>
        [...text.matchAll(/Jane Doe|Berlin/g)].map(
          ([word]) => `${word === 'Berlin' ? 'LOCATION' : 'PERSON'} ${word}`,
        ),
      );
      assert.deepEqual(await found(analyzer, texts), expected);
    }),
    { numRuns: 100 },
  );
});

test('nobody is asked about nothing', async (t) => {
  const { analyzer, asked } = await startPresidio(t);
  assert.deepEqual(await analyzer.find([]), []);
  assert.deepEqual(await analyzer.find(['', '4111 1111']), [[], []]);
  assert.deepEqual(asked, []);
});

test('many texts and long ones come in several questions, a few at a time', async (t) => {
  let running = 0;
  let mostRunning = 0;
  const { analyzer, asked } = await startPresidio(t, async (question, response) => {
    mostRunning = Math.max(mostRunning, (running += 1));
    await sleep(20);
    running -= 1;
    answerAsPresidio(question, response);
  });
  const texts = Array.from({ length: 950 }, (_, index) => (index % 2 === 0 ? 'Jane Doe' : 'nobody'));
  const findings = await found(analyzer, texts);
  assert.deepEqual(
    findings,
    texts.map((text) => (text === 'nobody' ? [] : ['PERSON Jane Doe'])),
  );
  assert.equal(asked.length, 10);
  assert.ok(mostRunning > 1 && mostRunning <= 4, `${mostRunning}`);
});

test('a name is found once wherever a long text is cut', async (t) => {
  const { analyzer, asked } = await startPresidio(t);
  for (const before of [49_790, 49_799, 49_800, 49_995, 50_000, 99_600, 99_797]) {
    for (const letter of ['x', '😀']) {
      const text = `${letter.repeat(Math.ceil(before / letter.length))} Jane Doe ${'y'.repeat(30_000)} Berlin`;
      assert.deepEqual(
        await found(analyzer, [text]),
        [['PERSON Jane Doe', 'LOCATION Berlin']],
        `${before} ${letter}`,
      );
    }
  }
  const lengths = asked.flatMap(({ text }) => [text].flat().map((each) => each.length));
  assert.ok(Math.max(...lengths) <= 50_000);
});

for (const status of [400, 500]) {
  test(`a server that answers lists with ${status} is asked one by one from then on`, async (t) => {
    const { analyzer, asked, failures } = await startPresidio(t, (question, response) => {
      if (typeof question.text === 'string') answerAsPresidio(question, response);
      else answerJson(response, { error: 'expected string' }, status);
    });
    const texts = ['Jane Doe', 'in Berlin'];
    const findings = [['PERSON Jane Doe'], ['LOCATION Berlin']];
    assert.deepEqual(await found(analyzer, texts), findings);
    assert.deepEqual(await found(analyzer, texts), findings);
    assert.deepEqual(
      asked.map(({ text }) => text),
      [texts, ...texts, ...texts],
    );
    assert.deepEqual(failures, []);
  });
}

/** What Presidio 2.2.366 answered to `{"text": ["😀 Jane Doe", "", "in Berlin"], ...}`. */
const recorded =
  '[[{"analysis_explanation": null, "end": 10, "entity_type": "PERSON", "score": 0.85, "start": 2}], [], [{"analysis_explanation": null, "end": 9, "entity_type": "LOCATION", "score": 0.85, "start": 3}]]';

test('an answer that was recorded from Presidio is understood', async (t) => {
  const { analyzer } = await startPresidio(t, (_asked, response) => response.end(recorded));
  assert.deepEqual(await analyzer.find(['😀 Jane Doe', 'at', 'in Berlin']), [
    [{ entity: 'PERSON', from: 3, end: 11, score: 0.85 }],
    [],
    [{ entity: 'LOCATION', from: 3, end: 9, score: 0.85 }],
  ]);
});

test('entities have the names of this project; what is unsure, or not asked for, is left out', async (t) => {
  const entities = ['PERSON', 'PHONE_NUMBER'];
  const results = [
    { entity_type: 'PHONE_NUMBER', start: 0, end: 2, score: 0.7 },
    { entity_type: 'PERSON', start: 3, end: 5, score: 0.59 },
    { entity_type: 'NRP', start: 6, end: 8, score: 1 },
  ];
  const { analyzer } = await startPresidio(t, (_asked, response) => answerJson(response, results), {
    entities,
    threshold: 0.6,
  });
  assert.deepEqual(await analyzer.find(['ab cd ef']), [[{ entity: 'PHONE', from: 0, end: 2, score: 0.7 }]]);
});

test('findings that overlap are one, of all that they cover', async (t) => {
  const results = [
    { entity_type: 'LOCATION', start: 5, end: 15, score: 0.9 },
    { entity_type: 'PERSON', start: 0, end: 8, score: 0.6 },
    { entity_type: 'PERSON', start: 6, end: 7, score: 0.7 },
    { entity_type: 'PERSON', start: 15, end: 16, score: 0.7 },
  ];
  const { analyzer } = await startPresidio(t, (_asked, response) => answerJson(response, results));
  assert.deepEqual(await analyzer.find(['x'.repeat(16)]), [
    [
      { entity: 'LOCATION', from: 0, end: 15, score: 0.9 },
      { entity: 'PERSON', from: 15, end: 16, score: 0.7 },
    ],
  ]);
});

const whole = { entity_type: 'PERSON', start: 0, end: 8, score: 0.9 };
const failing: Record<string, [reason: string, answer: (response: ServerResponse, asked: Asked) => unknown]> =
  {
    'that fails': ['analyzer_answer', (response) => answerJson(response, { error: 'Jane Doe' }, 500)],
    'that redirects': [
      'analyzer_answer',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    ],
    'that answers no JSON': ['analyzer_answer', (response) => response.end('Jane Doe')],
    'that answers no list': ['analyzer_answer', (response) => answerJson(response, { results: [] })],
    'that answers null': ['analyzer_answer', (response) => answerJson(response, [null])],
    'with a position behind the end': [
      'analyzer_answer',
      (response) => answerJson(response, [{ ...whole, end: 9 }]),
    ],
    'with a position before the beginning': [
      'analyzer_answer',
      (response) => answerJson(response, [{ ...whole, start: -1 }]),
    ],
    'with a position that is no integer': [
      'analyzer_answer',
      (response) => answerJson(response, [{ ...whole, end: 1.5 }]),
    ],
    'with a finding of nothing': [
      'analyzer_answer',
      (response) => answerJson(response, [{ ...whole, end: 0 }]),
    ],
    'without a score': ['analyzer_answer', (response) => answerJson(response, [{ ...whole, score: null }])],
    'that answers too much': [
      'analyzer_answer',
      (response) =>
        answerJson(
          response,
          Array.from({ length: 2000 }, () => whole),
        ),
    ],
    'that breaks off': ['analyzer_unreachable', (response) => response.destroy()],
    'that never answers': ['analyzer_timeout', () => {}],
    'that never ends its answer': ['analyzer_timeout', (response) => response.write('[')],
  };

for (const [what, [reason, answer]] of Object.entries(failing)) {
  test(`a server ${what} refuses the call, or lets it go on without: as configured, and is counted`, async (t) => {
    const terms = { maxAnswerBytes: 50_000, ...(reason === 'analyzer_timeout' ? { timeoutMs: 100 } : {}) };
    const respond = (asked: Asked, response: ServerResponse) => answer(response, asked);
    const refusing = await startPresidio(t, respond, terms);
    const error = await refusing.analyzer.find(['Jane Doe']).then(
      () => undefined,
      (reasonOf: unknown) => reasonOf,
    );
    assert.ok(error instanceof ProxyError, String(error));
    assert.deepEqual([error.code, error.status], ['redaction_failed', 503]);
    assert.match(error.message, /^Names and places could not be looked for: .*Check redaction\.analyzer/);
    for (let each: unknown = error; each instanceof Error; each = each.cause) {
      assert.doesNotMatch(`${each.message} ${JSON.stringify(each)}`, /Jane/);
    }
    assert.deepEqual(refusing.failures, [reason]);

    const skipping = await startPresidio(t, respond, { ...terms, onFailure: 'skip' });
    assert.deepEqual(await skipping.analyzer.find(['Jane Doe', '1', 'Berlin']), [[], [], []]);
    assert.deepEqual(skipping.failures, [reason]);
  });
}

test('a server that is not there refuses the call', async (t) => {
  const failures: string[] = [];
  const analyzer = createPresidioAnalyzer(
    { language: 'en', entities: ['PERSON'], timeoutMs: 5000, threshold: 0.5, onFailure: 'refuse' },
    {
      // Nobody listens on the port of discard here.
      transport: createPresidioTransport({ url: 'http://127.0.0.1:9' }),
      onFailed: (reason) => failures.push(reason),
    },
  );
  t.after(() => analyzer.close());
  await assert.rejects(analyzer.find(['Jane Doe']), { code: 'redaction_failed', message: /ECONNREFUSED/ });
  assert.deepEqual(failures, ['analyzer_unreachable']);
});

test('a connection that was closed while it was idle costs no call', async (t) => {
  let turn = 0;
  const { analyzer, failures, asked } = await startPresidio(t, (question, response, request) => {
    if ((turn += 1) === 2) request.socket.destroy();
    else answerAsPresidio(question, response);
  });
  for (let call = 0; call < 2; call += 1) {
    assert.deepEqual(await found(analyzer, ['Jane Doe']), [['PERSON Jane Doe']]);
  }
  assert.deepEqual([asked.length, failures], [3, []]);
});

test('as soon as one question has failed, no further ones are asked', async (t) => {
  const { analyzer, asked } = await startPresidio(t, (_asked, response) => answerJson(response, {}, 503));
  await assert.rejects(analyzer.find(Array.from({ length: 20 }, () => 'x'.repeat(50_000))), {
    code: 'redaction_failed',
  });
  assert.ok(asked.length <= 12, `${asked.length}`);
});
