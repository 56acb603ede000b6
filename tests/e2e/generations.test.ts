import assert from 'node:assert/strict';
import {test} from 'node:test';

import {errorOf, type Generation} from './harness/client.ts';
import {until} from './harness/until.ts';
import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld();

test('a prompt becomes a video', async () => {
  const {client, sim} = world;
  const prompt = world.prompt('A paper boat on a rainy street');
  const started = Date.now();
  const created = await client.create({model: 'sora-2', prompt});
  assert.match(created.id, /^gen_[a-z0-9]{26}$/i);
  assert.equal(created.object, 'video.generation');
  assert.equal(created.status, 'queued');
  assert.equal(created.model, 'sora-2');
  assert.equal(created.provider, 'openai');
  assert.equal(created.prompt, prompt);
  assert.equal(created.video, null);
  assert.equal(created.usage, null);
  assert.equal(created.error, null);
  assert.equal(created.error_code, null);
  assert.equal(created.progress, 0);
  assert.equal(created.completed_at, null);
  assert.equal(created.parameters.duration, 4);
  assert.equal(created.parameters.aspect_ratio, '16:9');
  assert.ok(Math.abs(created.created * 1000 - started) < 10_000);

  const done = await client.completed(created.id);
  assert.equal(done.progress, 100);
  assert.ok(done.video);
  assert.equal(done.video.width, 1280);
  assert.equal(done.video.height, 720);
  assert.ok(Math.abs(done.video.duration - 4) < 0.5, `${done.video.duration} s`);
  assert.ok(done.usage);
  assert.equal(done.usage.cost, 0.4);
  assert.ok(done.usage.time_seconds > 0);
  assert.match(done.completed_at ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

  const first = await client.bytes(done.video.url);
  const second = await client.bytes(done.video.url);
  assert.equal(first.subarray(4, 8).toString(), 'ftyp');
  assert.deepEqual(first, second);
  assert.equal(await sim.paid(prompt), 1);
});

test('parameters reach the provider and the file', async () => {
  const {client} = world;
  const created = await client.create(
      {model: 'openai/sora-2', prompt: world.prompt('tall'), aspect_ratio: '9:16', duration: 8});
  const done = await client.completed(created.id);
  assert.equal(done.video?.width, 720);
  assert.equal(done.video?.height, 1280);
  assert.ok(Math.abs(done.video!.duration - 8) < 0.5);
  assert.equal(done.usage?.cost, 0.8);
});

test('progress only grows', async () => {
  const {client, sim} = world;
  const prompt = world.prompt('slow');
  await sim.fault({kind: 'render_seconds', seconds: 3, prompt_contains: prompt});
  const {id} = await client.create({model: 'sora-2', prompt});
  const seen: number[] = [];
  await until('it ends', async () => {
    const now = await client.get(id);
    seen.push(now.progress);
    return now.status === 'completed';
  });
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
});

test('many at once all complete, each paid once', async () => {
  const {client, sim} = world;
  const prompts = Array.from({length: 20}, (_, index) => world.prompt(`crowd ${index}`));
  const created = await Promise.all(prompts.map(
      (prompt) => client.create({model: 'sora-2', prompt})));
  await Promise.all(created.map(({id}) => client.completed(id)));
  for (const prompt of prompts) assert.equal(await sim.paid(prompt), 1);
});

test('the list filters, skips and pages', async () => {
  const {client} = world;
  const word = `needle${Date.now()}`;
  const ids: string[] = [];
  for (let index = 0; index < 5; ++index) {
    const prompt = world.prompt(`${index} ${word.toUpperCase()}`);
    ids.unshift((await client.create({model: 'sora-2', prompt})).id);
  }
  await Promise.all(ids.map((id) => client.completed(id)));
  const list = async (query: string) => {
    const answer = await client.call<Generation[]>('GET', `/v1/video/generations?${query}`);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(Array.isArray(answer.body), 'a bare array');
    return answer;
  };
  const idsOf = (answer: {body: Generation[]}) => answer.body.map(({id}) => id);

  assert.deepEqual(idsOf(await list(`q=${word}`)), ids, 'newest first, case ignored');
  assert.deepEqual(idsOf(await list(`q=${word}&skip=1&limit=2`)), ids.slice(1, 3));
  assert.deepEqual(idsOf(await list(`q=${word}&status=completed&provider=openai&model=sora-2`)), ids);
  assert.deepEqual(idsOf(await list(`q=${word}&status=failed`)), []);
  assert.deepEqual(idsOf(await list(`q=${word}&model=sora-2-pro`)), []);
  assert.deepEqual(idsOf(await list('q=%25%25nothing_')), [], 'wildcards are plain text');

  const created = (await client.get(ids[2]!)).created;
  const after = new Date((created - 3600) * 1000).toISOString();
  const before = new Date((created + 3600) * 1000).toISOString();
  assert.deepEqual(idsOf(await list(`q=${word}&created_after=${after}&created_before=${before}`)), ids);
  assert.deepEqual(idsOf(await list(`q=${word}&created_after=${before}`)), []);

  const walked: string[] = [];
  let target = `/v1/video/generations?q=${word}&limit=2`;
  for (let pages = 0; target; ++pages) {
    assert.ok(pages < 4, 'three pages');
    const answer = await client.call<Generation[]>('GET', target);
    walked.push(...idsOf(answer));
    const link = answer.headers.get('link');
    assert.equal(link !== null, answer.headers.has('x-next-cursor'), 'both or neither');
    target = /<([^>]+)>; rel="next"/.exec(link ?? '')?.[1] ?? '';
  }
  assert.deepEqual(walked, ids);
});

test('a deleted generation is gone, with its link', async () => {
  const {client} = world;
  const done = await client.completed(
      (await client.create({model: 'sora-2', prompt: world.prompt('short-lived')})).id);
  const target = `/v1/video/generations/${done.id}`;
  const answer = await client.ok<{message: string}>('DELETE', target);
  assert.equal(answer.message, 'Generation deleted successfully');
  assert.equal(errorOf(await client.call('GET', target), 404).code, 'generation_not_found');
  errorOf(await client.call('DELETE', target), 404);
  assert.equal((await client.fetch(done.video!.url)).status, 404);
  const listed = await client.ok<Generation[]>('GET', '/v1/video/generations?limit=100');
  assert.ok(!listed.some(({id}) => id === done.id));
});

test('a cancelled generation ends as cancelled when the provider has nothing of it', async () => {
  const {client, sim} = world;
  const prompt = world.prompt('never mind');
  // Not taken by the provider for now, so that the cancel comes first.
  await sim.fault({kind: 'status', op: 'create', code: 429, retry_after: 1, prompt_contains: prompt, count: 0});
  const {id} = await client.create({model: 'sora-2', prompt});
  const answer = await client.call<Generation>('POST', `/v1/video/generations/${id}/cancel`);
  assert.equal(answer.status, 200, answer.text);
  const ended = await client.ended(id);
  assert.equal(ended.status, 'cancelled');
  assert.equal(await sim.paid(prompt), 0);
  assert.equal((await client.call('POST', `/v1/video/generations/${id}/cancel`)).status, 200,
               'repeatable');
});

test('a completed generation cannot be cancelled', async () => {
  const {client} = world;
  const {id} = await client.create({model: 'sora-2', prompt: world.prompt('too late')});
  await client.completed(id);
  errorOf(await client.call('POST', `/v1/video/generations/${id}/cancel`), 400);
});

test('an id that is none of ours is a 404', async () => {
  const ids = ['gen_00000000000000000000000000', 'gen_short', 'x', 'GEN_%20', 'gen_' + 'a'.repeat(500)];
  for (const id of ids) {
    errorOf(await world.client.call('GET', `/v1/video/generations/${id}`), 404);
    errorOf(await world.client.call('DELETE', `/v1/video/generations/${id}`), 404);
  }
});
