import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {errorOf, type Generation} from '../e2e/harness/client.ts';
import {type Fault, Simulator} from '../e2e/harness/simulator.ts';
import {Standalone} from '../e2e/harness/standalone.ts';
import {until} from '../e2e/harness/until.ts';
import {assertInvariants, sql} from './support/audit.ts';
import {SHORT} from './support/settings.ts';

let sim: Simulator;
let standalone: Standalone;
let keyId: number | string;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({shared_clip: true});
  standalone = await Standalone.start({...SHORT, OPENAI_BASE_URL: sim.base});
  keyId = (await standalone.client.ok<{id: number}>(
      'POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-lifecycle'}})).id;
});

after(async () => {
  await standalone?.close();
  await sim?.stop();
});

/** What holds a generation in a step, and how it ends whatever a client wishes meanwhile. */
const STEPS: {step: string; fault: Fault; ends: string; paid: number}[] = [
  {step: 'queued', fault: {op: 'create', kind: 'status', code: 429, retry_after: 60},
   ends: 'cancelled', paid: 0},
  {step: 'submitting', fault: {op: 'create', kind: 'latency', ms: 1500}, ends: 'completed', paid: 1},
  {step: 'reconciling', fault: {op: 'create', kind: 'drop_before'}, ends: 'failed', paid: 0},
  {step: 'submitted', fault: {op: 'create', kind: 'render_seconds', seconds: 3},
   ends: 'completed', paid: 1},
  {step: 'storing', fault: {op: 'content', kind: 'stalled_body', ms: 3000},
   ends: 'completed', paid: 1},
];

interface Row {
  step: string;
  state: string;
  attempt: number;
  asset: string;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await sql(standalone.database, `SELECT step, state, attempt, coalesce(asset_id, '')
    FROM orchestrator.generations WHERE id = '${id}'`);
  return {step: row![0]!, state: row![1]!, attempt: Number(row![2]), asset: row![3] ?? ''};
}

/** A generation that is in this step now. */
async function held(step: string, fault: Fault, prompt: string): Promise<string> {
  await sim.fault({...fault, prompt_contains: prompt});
  const {id} = await standalone.client.create({model: 'sora-2', prompt});
  await until(`${prompt} is ${step}`, async () => {
    const row = await rowOf(id);
    // In the queue again, after a refusal: without a lease.
    return row.step === step && (step !== 'queued' || row.attempt === 1);
  });
  return id;
}

const target = (id: string) => `/v1/video/generations/${id}`;

describe('cancel', {concurrency: true}, () => {
  for (const {step, fault, ends, paid} of STEPS) {
    test(`while ${step}`, async () => {
      const prompt = `cancel while ${step}`;
      const id = await held(step, fault, prompt);
      const answer = await standalone.client.ok<Generation>('POST', `${target(id)}/cancel`);
      // Without a worker nothing has to be asked; a paid job ends by the provider's word alone,
      // and this protocol cannot call one off.
      if (step === 'queued') assert.equal(answer.status, 'cancelled');
      const ended = await standalone.client.ended(id, 90);
      assert.equal(ended.status, ends, JSON.stringify(ended));
      assert.equal(await sim.paid(prompt), paid);
      if (ends === 'completed') {
        errorOf(await standalone.client.call('POST', `${target(id)}/cancel`), 400);
      }
    });
  }
});

describe('delete', {concurrency: true}, () => {
  for (const {step, fault, ends, paid} of STEPS) {
    test(`while ${step}`, async () => {
      const prompt = `delete while ${step}`;
      const id = await held(step, fault, prompt);
      await standalone.client.ok('DELETE', target(id));
      errorOf(await standalone.client.call('GET', target(id)), 404);
      await until('it is closed behind the scenes', async () => (await rowOf(id)).step === 'done', 90);
      const {state, asset} = await rowOf(id);
      assert.equal(state, ends);
      assert.equal(await sim.paid(prompt), paid);
      if (ends !== 'completed') return;
      await until('its video is deleted', async () => {
        const [row] = await sql(standalone.database,
                                `SELECT state FROM media.assets WHERE id = '${asset}'`);
        return row === undefined || row[0] === 'deleted';
      });
    });
  }
});

test('a full disk: the paid video waits at its provider until there is room', async () => {
  const prompt = 'no room';
  await standalone.process.stop();
  await standalone.start({MIN_FREE_BYTES: String(2 ** 49)});
  const {id} = await standalone.client.create({model: 'sora-2', prompt});
  await until('the store has refused it', () =>
    standalone.process.log.some((line) => line.includes('storage_full') && line.includes(id)), 60);
  assert.equal((await standalone.client.get(id)).status, 'processing');
  await standalone.process.stop();
  await standalone.start();
  const done = await standalone.client.completed(id, 60);
  assert.ok((await standalone.client.bytes(done.video!.url)).length > 1000);
  assert.equal(await sim.paid(prompt), 1);
});

test('a provider key is removed with a job open: the job ends, then the secret goes', async () => {
  const {client} = standalone;
  const prompt = 'orphaned by its key';
  const id = await held(
      'submitted', {op: 'create', kind: 'render_seconds', seconds: 3}, prompt);
  await client.ok('DELETE', `/v1/keys/${keyId}`);
  // The orchestrator may know the keys of a second ago.
  await until('creates are refused', async () => {
    const answer = await client.call('POST', '/v1/video/generations',
                                     {json: {model: 'sora-2', prompt: 'no key for this'}});
    return answer.status !== 200 && errorOf(answer, 400).code === 'no_provider_key';
  }, 5);
  await client.completed(id, 60);
  assert.equal(await sim.paid(prompt), 1);
  await until('its secret is destroyed', async () => (await sql(standalone.database, `
    SELECT 1 FROM vault.provider_keys WHERE status = 'revoked' AND ciphertext IS NULL`)).length === 1, 60);
  await client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-next'}});
  await client.completed((await client.create({model: 'sora-2', prompt: 'with the next key'})).id);
});

test('nothing of this left a row behind', async () => {
  await assertInvariants(standalone.database);
});
