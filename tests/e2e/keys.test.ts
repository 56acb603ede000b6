import assert from 'node:assert/strict';
import {test} from 'node:test';

import {errorOf} from './harness/client.ts';
import {secret} from './harness/paths.ts';
import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld();

interface Key {
  id: number;
  provider: string;
  status: string;
  last_validated: string | null;
  created_at: string;
  key_preview: string;
}

const list = () => world.client.ok<Key[]>('GET', '/v1/keys');

test('a key is checked, kept, shown by its end only, and removed', async () => {
  const {client} = world;
  const plaintext = secret('sk-');
  const added = await client.ok<Key>('POST', '/v1/keys', {json: {provider: 'openai', api_key: plaintext}});
  assert.equal(typeof added.id, 'number');
  assert.equal(added.provider, 'openai');
  assert.equal(added.status, 'active');
  assert.match(added.created_at, /Z$/);
  assert.match(added.last_validated ?? '', /Z$/);
  assert.ok(added.key_preview.endsWith(plaintext.slice(-4)));
  assert.ok(!added.key_preview.includes(plaintext.slice(3, -4)));
  assert.ok((await list()).some(({id}) => id === added.id));

  const verdict = await client.ok<{valid: boolean; status: string}>(
      'POST', `/v1/keys/${added.id}/validate`);
  assert.deepEqual([verdict.valid, verdict.status], [true, 'active']);

  const removed = await client.ok<{message: string}>('DELETE', `/v1/keys/${added.id}`);
  assert.equal(removed.message, 'Key deleted successfully');
  assert.ok(!(await list()).some(({id}) => id === added.id));
  errorOf(await client.call('DELETE', `/v1/keys/${added.id}`), 404);
  errorOf(await client.call('POST', `/v1/keys/${added.id}/validate`), 404);
});

test('a key that the provider refuses is not kept', async () => {
  const before = (await list()).length;
  const answer = await world.client.call(
      'POST', '/v1/keys', {json: {provider: 'openai', api_key: `invalid-${secret('')}`}});
  const error = errorOf(answer, 400);
  assert.equal(error.param, 'api_key');
  assert.equal((await list()).length, before);
});

test('a provider that cannot be asked says nothing about the key', async () => {
  const {client, sim} = world;
  const before = (await list()).length;
  await sim.fault({kind: 'drop_before', op: 'models', count: 3});
  const answer = await client.call(
      'POST', '/v1/keys', {json: {provider: 'openai', api_key: secret('sk-')}});
  errorOf(answer, 503);
  assert.equal((await list()).length, before);
  await sim.clearFaults();

  // The same for a key that is there: it stays as it was.
  const [key] = await list();
  await sim.fault({kind: 'status', op: 'models', code: 500, count: 3});
  await client.call('POST', `/v1/keys/${key!.id}/validate`);
  await sim.clearFaults();
  assert.equal((await list()).find(({id}) => id === key!.id)?.status, 'active');
});

test('what is no key is refused by name', async () => {
  const {client} = world;
  for (const [json, param] of [
    [{provider: 'openai'}, 'api_key'],
    [{api_key: secret('sk-')}, 'provider'],
    [{provider: 'openai', api_key: ''}, 'api_key'],
    [{provider: 'openai', api_key: 7}, 'api_key'],
    [{provider: 'openai', api_key: 'line\nbreak'}, 'api_key'],
    [{provider: 'nobody', api_key: secret('sk-')}, 'provider'],
    [{provider: 'openai', api_key: secret('sk-'), colour: 'red'}, 'colour'],
  ] as const) {
    const answer = await client.call('POST', '/v1/keys', {json});
    assert.equal(errorOf(answer, 400).param, param, answer.text);
    assert.doesNotMatch(answer.text, /sk-[0-9a-f]{8}/, 'the answer repeats the key');
  }
});

test('an id that is no number is a 4xx, however large', async () => {
  for (const id of ['x', '-1', '0', '99999999999999999999', '1.5', '9007199254740993']) {
    const {status} = await world.client.call('DELETE', `/v1/keys/${id}`);
    assert.ok(status === 404 || status === 400, `${id}: ${status}`);
  }
});
