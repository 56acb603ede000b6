import assert from 'node:assert/strict';
import {test} from 'node:test';

import {errorOf} from './harness/client.ts';
import {raw, statusOf} from './harness/raw_http.ts';
import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld();
const CREATE = '/v1/video/generations';
const MODEL = 'sora-2';
const prompt = 'A cat';

/** What is refused, the parameter that is to blame, and the code. */
const REFUSED: [string, unknown, string | null, string][] = [
  ['no model', {prompt}, 'model', 'missing_required_parameter'],
  ['no prompt', {model: MODEL}, 'prompt', 'missing_required_parameter'],
  ['an empty prompt', {model: MODEL, prompt: ''}, 'prompt', 'missing_required_parameter'],
  ['a blank prompt', {model: MODEL, prompt: ' \n\t '}, 'prompt', 'missing_required_parameter'],
  ['a null prompt', {model: MODEL, prompt: null}, 'prompt', 'missing_required_parameter'],
  ['a long prompt', {model: MODEL, prompt: 'x'.repeat(32_001)}, 'prompt', 'prompt_too_long'],
  ['a prompt that is a number', {model: MODEL, prompt: 7}, 'prompt', 'invalid_type'],
  ['a prompt that is a list', {model: MODEL, prompt: ['a']}, 'prompt', 'invalid_type'],
  ['a model that is an object', {model: {}, prompt}, 'model', 'invalid_type'],
  ['an unknown model', {model: 'veo-99', prompt}, 'model', 'model_not_found'],
  ['an unknown provider', {model: MODEL, provider: 'acme', prompt}, 'provider', 'provider_not_found'],
  ['a provider beside another', {model: 'openai/sora-2', provider: 'demo', prompt}, 'provider', 'model_provider_mismatch'],
  ['an unknown field', {model: MODEL, prompt, colour: 'red'}, 'colour', 'unknown_parameter'],
  ['a duration that the model lacks', {model: MODEL, prompt, duration: 5}, 'duration', 'unsupported_value'],
  ['a duration of 0', {model: MODEL, prompt, duration: 0}, 'duration', ''],
  ['a negative duration', {model: MODEL, prompt, duration: -4}, 'duration', ''],
  ['a huge duration', {model: MODEL, prompt, duration: 1e18}, 'duration', ''],
  ['a broken duration', {model: MODEL, prompt, duration: 4.5}, 'duration', 'invalid_type'],
  ['a duration in words', {model: MODEL, prompt, duration: '4'}, 'duration', 'invalid_type'],
  ['a ratio that the model lacks', {model: MODEL, prompt, aspect_ratio: '1:1'}, 'aspect_ratio', 'unsupported_value'],
  ['a ratio that is none', {model: MODEL, prompt, aspect_ratio: 'banana'}, 'aspect_ratio', 'unsupported_value'],
  ['a size that the model lacks', {model: MODEL, prompt, size: '1x1'}, 'size', 'unsupported_value'],
  ['a size of another ratio', {model: MODEL, prompt, size: '1280x720', aspect_ratio: '9:16'}, 'aspect_ratio', 'unsupported_value'],
  ['a seed where there is none', {model: MODEL, prompt, seed: 0}, 'seed', 'unsupported_parameter'],
  ['fps where there is none', {model: MODEL, prompt, fps: 24}, 'fps', 'unsupported_parameter'],
  ['a list', [], null, 'invalid_json'],
  ['a number', 7, null, 'invalid_json'],
  ['null', null, null, 'invalid_json'],
];
for (const [what, json, param, code] of REFUSED) {
  test(`${what} is refused`, async () => {
    const error = errorOf(await world.client.call('POST', CREATE, {json}), 400);
    assert.equal(error.type, 'invalid_request_error');
    assert.equal(error.param, param);
    if (code) assert.equal(error.code, code);
    else assert.ok(error.code);
  });
}

test('a refusal says what is allowed', async () => {
  const message = async (json: unknown) =>
    errorOf(await world.client.call('POST', CREATE, {json}), 400).message;
  assert.match(await message({model: MODEL, prompt, duration: 5}), /4, 8, 12/);
  assert.match(await message({model: MODEL, prompt, aspect_ratio: '1:1'}), /16:9, 9:16/);
  assert.match(await message({model: MODEL, prompt, size: '1x1'}), /1280x720, 720x1280/);
  assert.match(await message({model: 'veo-99', prompt}), /sora-2/);
  assert.match(await message({model: MODEL, prompt, colour: 'red'}), /aspect_ratio.*duration/);
});

const BODIES: [string, string | Uint8Array][] = [
  ['nothing', ''],
  ['half an object', '{"model": "sora-2", '],
  ['two objects', '{}{}'],
  ['no JSON', 'model=sora-2&prompt=x'],
  ['U+0000, escaped', '{"model": "sora-2", "prompt": "a\\u0000b"}'],
  ['U+0000 in a name', '{"model": "sora-2", "prompt": "a", "b\\u0000": 1}'],
  ['a raw NUL', Buffer.from('{"model": "sora-2", "prompt": "a\0b"}')],
  ['invalid UTF-8', Buffer.from([...Buffer.from('{"model": "sora-2", "prompt": "'), 0xc3, 0x28, ...Buffer.from('"}')])],
  ['a lone surrogate', '{"model": "sora-2", "prompt": "\\ud800"}'],
  ['a hundred thousand brackets', '['.repeat(100_000)],
];
for (const [what, body] of BODIES) {
  test(`a body of ${what} is refused`, async () => {
    const headers = {'content-type': 'application/json'};
    const error = errorOf(await world.client.call('POST', CREATE, {body, headers}), 400);
    assert.ok(error.code);
  });
}

test('the same name twice does not slip past the checks', async () => {
  const body = `{"model": "sora-2", "prompt": "ok", "prompt": ""}`;
  const {status} = await world.client.call('POST', CREATE, {body, headers: {'content-type': 'application/json'}});
  assert.equal(status, 400);
});

test('queries are checked as strictly', async () => {
  for (const [query, param] of [
    ['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=-1', 'limit'], ['limit=x', 'limit'],
    ['limit=99999999999999999999', 'limit'], ['skip=-1', 'skip'], ['skip=x', 'skip'],
    ['status=bogus', 'status'], ['created_after=yesterday', 'created_after'],
    ['created_before=2026-13-45', 'created_before'], ['colour=red', 'colour'],
    ['cursor=garbage', 'cursor'],
  ] as const) {
    const error = errorOf(await world.client.call('GET', `${CREATE}?${query}`), 400);
    assert.equal(error.param, param, query);
  }
  for (const query of ['q=a%00b', 'q=%C3%28', 'q=%zz']) {
    errorOf(await world.client.call('GET', `${CREATE}?${query}`), 400);
  }
});

test('a body over 1 MiB is a 413', async () => {
  const {client} = world;
  const announced = await client.call('POST', CREATE, {json: {model: MODEL, prompt: 'x'.repeat(1 << 20)}});
  errorOf(announced, 413);
  const chunk = 'x'.repeat(65536);
  const chunked = `POST ${CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.key}\r\n` +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
      `10000\r\n${chunk}\r\n`.repeat(20) + '0\r\n\r\n';
  assert.equal(statusOf(await raw(client.base, chunked)), 413);
});

test('headers over 16 KiB are a 431', async () => {
  const {client} = world;
  for (const header of [`X-Long: ${'x'.repeat(20_000)}`,
                        Array.from({length: 400}, (_, i) => `X-${i}: ${'y'.repeat(50)}`).join('\r\n')]) {
    assert.equal(statusOf(await raw(client.base, `GET /health HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`)), 431);
  }
});

test('a sender that never finishes its header is let go', async () => {
  const answer = await raw(world.client.base, 'GET /health HTTP/1.1\r\nHost: x\r\n', 20);
  assert.ok([0, 408].includes(statusOf(answer)), answer);
});

for (const [what, path] of [
  ['a NUL', '/videos/a%00b.mp4'], ['..', '/videos/../../etc/passwd'],
  ['an escaped ..', '/videos/%2e%2e/%2e%2e/etc/passwd'], ['an escaped slash', '/videos/..%2f..%2fetc%2fpasswd'],
  ['a broken escape', '/videos/%zz.mp4'], ['a backslash', '/videos/..\\..\\etc'],
  ['bytes that are no UTF-8', '/videos/%ff%fe.mp4'],
] as const) {
  test(`a path with ${what} is a 4xx`, async () => {
    const {client} = world;
    const answer = await raw(client.base, `GET ${path} HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${client.key}\r\n\r\n`);
    assert.match(String(statusOf(answer)), /^4\d\d$/, answer);
    assert.match(answer, /"error":/);
    assert.doesNotMatch(answer, /root:/);
  });
}

for (const [what, request] of [
  ['no HTTP', 'hello there\r\n\r\n'],
  ['no Host', 'GET /health HTTP/1.1\r\n\r\n'],
  ['two lengths', 'POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}'],
  ['a length and chunks', 'POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a negative length', 'POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}'],
  ['a space before the colon', 'GET /health HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n'],
] as const) {
  test(`a request with ${what} is a 400`, async () => {
    assert.equal(statusOf(await raw(world.client.base, request)), 400);
  });
}

test('after all of that it still works', async () => {
  const {client} = world;
  const {id} = await client.create({model: MODEL, prompt: world.prompt('still here')});
  await client.completed(id);
  assert.equal((await client.call('GET', '/health', {key: null})).status, 200);
});
