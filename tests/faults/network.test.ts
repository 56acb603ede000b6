import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {after, before, test} from 'node:test';

import {Simulator} from '../e2e/harness/simulator.ts';
import {Standalone} from '../e2e/harness/standalone.ts';
import {until} from '../e2e/harness/until.ts';
import {assertInvariants} from './support/audit.ts';
import {Gate} from './support/gate.ts';
import {SHORT} from './support/settings.ts';

// What the network between a worker and a provider does, rather than the provider.

let sim: Simulator;
let gate: Gate;
let standalone: Standalone;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({shared_clip: true});
  gate = await Gate.before(Number(new URL(sim.url).port));
  standalone = await Standalone.start(
      {...SHORT, LOG_LEVEL: 'debug', OPENAI_BASE_URL: `http://127.0.0.1:${gate.port}/v1`});
  await standalone.client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-net'}});
});

after(async () => {
  await standalone?.close();
  gate?.close();
  await sim?.stop();
});

const create = async (prompt: string) =>
  (await standalone.client.create({model: 'sora-2', prompt})).id;

/** A job that the provider works on for `seconds`. */
async function submitted(prompt: string, seconds: number): Promise<string> {
  await sim.fault({op: 'create', kind: 'render_seconds', seconds, prompt_contains: prompt});
  const id = await create(prompt);
  await until('it is paid', async () => await sim.paid(prompt) === 1);
  return id;
}

async function completedAndPaidOnce(id: string, prompt: string): Promise<void> {
  const done = await standalone.client.completed(id, 90);
  assert.ok((await standalone.client.bytes(done.video!.url)).length > 1000);
  assert.equal(await sim.paid(prompt), 1);
}

const logged = (id: string, words: string) =>
  standalone.process.log.some((line) => line.includes(words) && line.includes(id));

test('refused: nothing was sent, so it is sent when the provider is back', async () => {
  const prompt = 'refused';
  gate.refuse();
  const id = await create(prompt);
  await until('a send has failed', () => logged(id, 'not_sent'));
  assert.equal((await standalone.client.get(id)).status, 'queued');
  await gate.open();
  await completedAndPaidOnce(id, prompt);
});

test('the answer to a create is cut in the middle: the job is found', async () => {
  const prompt = 'cut in the middle';
  gate.cutAfter(20);
  const id = await create(prompt);
  await completedAndPaidOnce(id, prompt);
  assert.ok(logged(id, 'adopted a job'));
});

test('a create that stalls on its way and arrives after all is found', async () => {
  const prompt = 'stalled';
  gate.stall();
  const id = await create(prompt);
  await until('the send has timed out', () => logged(id, 'ambiguous'));
  await gate.open();
  const ended = await standalone.client.ended(id, 90);
  const paid = await sim.paid(prompt);
  // What was under way may arrive or have been called back by the closed connection.
  assert.equal(ended.status, paid === 1 ? 'completed' : 'failed', JSON.stringify(ended));
  assert.ok(paid <= 1);
});

test('connections are cut and refused while a job is followed', async () => {
  const prompt = 'cut while polling';
  const id = await submitted(prompt, 3);
  gate.cutAll();
  gate.refuse();
  await until('a poll has failed', () => logged(id, 'a poll failed'));
  await gate.open();
  await completedAndPaidOnce(id, prompt);
});

test('downloads are cut in the middle, again and again', async () => {
  const prompt = 'cut while storing';
  const id = await submitted(prompt, 1);
  // Polls are short; of whatever comes next, five connections end within the first bytes of a video.
  gate.cutAll();
  gate.cutAfter(30_000, 30_000, 30_000, 30_000, 30_000);
  await completedAndPaidOnce(id, prompt);
});

test('a provider that gives one id twice: it belongs to the first', async () => {
  const provider = createServer((request, response) => {
    const body = request.method === 'GET' && request.url!.startsWith('/v1/videos?')
      ? {object: 'list', data: [], has_more: false}
      : {id: 'video_again', object: 'video', status: 'in_progress', progress: 1, data: []};
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const {port} = provider.address() as AddressInfo;
  await standalone.process.stop();
  await standalone.start({OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`});
  try {
    const first = await create('the first with this id');
    await until('it is followed', () => logged(first, 'video_again'));
    const second = await create('the second with this id');
    const ended = await standalone.client.ended(second, 60);
    assert.equal(ended.error_code, 'submit_outcome_unknown');
    assert.equal((await standalone.client.get(first)).status, 'processing');
  } finally {
    provider.close();
    provider.closeAllConnections();
  }
});

test('nothing of this left a row behind', async () => {
  await assertInvariants(standalone.database);
});
