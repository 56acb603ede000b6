import assert from 'node:assert/strict';
import {test} from 'node:test';

import {errorOf} from './harness/client.ts';
import {until} from './harness/until.ts';
import {separateWorld} from './harness/world.ts';

const world = separateWorld({DRAIN_SECONDS: '5'});

test('a prompt becomes a video, over sockets', async () => {
  const {client, sim} = world;
  const prompt = world.prompt('five processes');
  const {id} = await client.create({model: 'sora-2', prompt});
  const done = await client.completed(id);
  const bytes = await client.bytes(done.video!.url);
  assert.deepEqual(await client.bytes(done.video!.url), bytes);
  const part = await client.fetch(done.video!.url, {range: 'bytes=4-7'});
  assert.equal(part.status, 206);
  assert.equal(await part.text(), 'ftyp');
  assert.equal(await sim.paid(prompt), 1);
});

test('errors keep their parameter and code across two services', async () => {
  const {client} = world;
  const answer = await client.call(
      'POST', '/v1/video/generations', {json: {model: 'sora-2', prompt: 'x', duration: 5}});
  const error = errorOf(answer, 400);
  assert.deepEqual([error.param, error.code], ['duration', 'unsupported_value']);
  errorOf(await client.call('GET', '/v1/keys', {key: 'mr_wrong'}), 401);
});

test('a worker that is killed loses nothing', async () => {
  const {client, deployment, sim} = world;
  const prompt = world.prompt('orphan');
  await sim.fault({kind: 'render_seconds', seconds: 3, prompt_contains: prompt});
  const {id} = await client.create({model: 'sora-2', prompt});
  await until('the provider has it', async () => await sim.paid(prompt) === 1);
  await deployment.kill('provider-worker');
  deployment.spawn('provider-worker');
  await client.completed(id, 90);
  assert.equal(await sim.paid(prompt), 1);
});

test('a vault that is away is a 503, and its return is noticed', async () => {
  const {client, deployment} = world;
  await deployment.kill('key-vault');
  errorOf(await client.call('GET', '/v1/keys'), 503);
  assert.equal((await client.call('GET', '/livez', {key: null})).status, 200);
  await until('not ready', async () =>
    (await client.call('GET', '/readyz', {key: null})).status === 503);
  deployment.spawn('key-vault');
  await until('ready again', async () =>
    (await client.call('GET', '/readyz', {key: null})).status === 200);
  await client.ok('GET', '/v1/keys');
});

test('each serves metrics, and each ends with 0 on SIGTERM', async () => {
  const {client, deployment, sim} = world;
  const text = await deployment.metrics();
  assert.match(text, /^mediarouter_/m);
  const prompt = world.prompt('in flight');
  await sim.fault({kind: 'render_seconds', seconds: 30, prompt_contains: prompt});
  const {id} = await client.create({model: 'sora-2', prompt});
  await until('it is processing', async () => (await client.get(id)).status === 'processing');
  for (const [service, code] of await deployment.stop()) assert.equal(code, 0, service);
});
