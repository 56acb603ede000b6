import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Separate} from '../e2e/harness/separate.ts';
import {Simulator} from '../e2e/harness/simulator.ts';
import {until} from '../e2e/harness/until.ts';
import {assertInvariants, sql} from './support/audit.ts';
import {SHORT} from './support/settings.ts';

// One worker holds a generation and is frozen past its lease; another takes over; then the first
// wakes and goes on as if nothing had happened.

let sim: Simulator;
let services: Separate;

before(async () => {
  sim = await Simulator.start();
  await sim.defaults({shared_clip: true});
  services = await Separate.start({...SHORT, OPENAI_BASE_URL: sim.base}, {
    replicas: [{service: 'provider-worker', name: 'worker-2'}],
  });
  await services.client.ok('POST', '/v1/keys', {json: {provider: 'openai', api_key: 'sk-frozen'}});
});

after(async () => {
  await services?.close();
  await sim?.stop();
});

const WORKERS = ['provider-worker', 'worker-2'];

/** The process that holds the lease. */
async function holderOf(id: string): Promise<string> {
  const [row] = await sql(services.postgres.url,
                          `SELECT holder FROM orchestrator.leases WHERE generation_id = '${id}'`);
  const found = WORKERS.find((name) => services.child(name).log.some(
      (line) => line.includes('taking work') && line.includes(row![0]!)));
  assert.ok(found, `nobody is ${row![0]}`);
  return found;
}

async function step(id: string): Promise<string> {
  const rows = await sql(services.postgres.url,
                         `SELECT step FROM orchestrator.generations WHERE id = '${id}'`);
  return rows[0]![0]!;
}

/** Freezes the holder until another one has taken over and `then` is true; wakes it. */
async function freezeHolder(id: string, then: () => Promise<boolean>): Promise<void> {
  const holder = await holderOf(id);
  const token = `SELECT token FROM orchestrator.leases WHERE generation_id = '${id}'`;
  const [before] = await sql(services.postgres.url, token);
  services.child(holder).signal('SIGSTOP');
  try {
    await until('another worker takes over', async () => {
      const [now] = await sql(services.postgres.url, token);
      return now === undefined || now[0] !== before![0];
    }, 60);
    await until('it is far enough', then, 60);
  } finally {
    services.child(holder).signal('SIGCONT');
  }
}

/** The end of a generation, once its events say that it ended once. */
async function end(id: string) {
  const ended = await services.client.ended(id, 90);
  // The woken one has said its piece when it takes part again: another generation goes through it.
  const others = await Promise.all(Array.from({length: 4}, (_, index) => services.client.create(
      {model: 'sora-2', prompt: `after ${id} ${index}`})));
  for (const other of others) await services.client.completed(other.id, 60);
  assert.deepEqual(await services.client.get(id), {...ended, video: ended.video});
  const events = await sql(services.postgres.url, `
    SELECT count(*) FROM orchestrator.events WHERE generation_id = '${id}'
    AND (type LIKE '%completed' OR type LIKE '%failed' OR type LIKE '%cancelled')`);
  assert.equal(events[0]![0], '1', 'it ended once');
  await assertInvariants(services.postgres.url);
  return ended;
}

test('frozen with its create at the provider, woken after another completed it', async () => {
  const prompt = 'after its submit';
  await sim.fault({op: 'create', kind: 'latency', ms: 1000, prompt_contains: prompt});
  const {creates} = await sim.stats();
  const {id} = await services.client.create({model: 'sora-2', prompt});
  await until('the create is sent', async () => (await sim.stats()).creates > creates);
  await freezeHolder(id, async () => await step(id) === 'done');
  const ended = await end(id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(await sim.paid(prompt), 1);
});

test('frozen with its create at the provider, woken while another looks it up', async () => {
  const prompt = 'after its submit, woken early';
  await sim.fault({op: 'create', kind: 'latency', ms: 1000, prompt_contains: prompt});
  const {creates} = await sim.stats();
  const {id} = await services.client.create({model: 'sora-2', prompt});
  await until('the create is sent', async () => (await sim.stats()).creates > creates);
  await freezeHolder(id, () => Promise.resolve(true));
  const ended = await end(id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(await sim.paid(prompt), 1);
});

test('frozen between the committed attempt and its first byte: it never sends', async () => {
  const prompt = 'before its submit';
  // A worker reads the provider key between the two; it may have kept one from before.
  for (const name of WORKERS) {
    await services.kill(name);
    services.spawn(name);
  }
  await services.ready();
  const attempts = `SELECT count(*) FROM orchestrator.submit_attempts a
    JOIN orchestrator.generations g ON g.id = a.generation_id WHERE g.prompt = '${prompt}'`;
  const vault = services.child('key-vault');
  const {id} = await services.client.create({model: 'sora-2', prompt});
  vault.signal('SIGSTOP');
  let frozen = false;
  try {
    await until('it is leased', async () => (await step(id)) !== 'queued' ||
      (await sql(services.postgres.url,
                 `SELECT 1 FROM orchestrator.leases WHERE generation_id = '${id}'`)).length === 1);
    const holder = await holderOf(id);
    services.child(holder).signal('SIGSTOP');
    frozen = true;
    vault.signal('SIGCONT');
    if (Number((await sql(services.postgres.url, attempts))[0]![0]) === 0) {
      // Its request is at the orchestrator, which now gets its answer from the vault.
      await until('the attempt is committed', async () =>
        Number((await sql(services.postgres.url, attempts))[0]![0]) === 1);
    }
    await until('another worker ends it', async () => await step(id) === 'done', 60);
    services.child(holder).signal('SIGCONT');
    frozen = false;
    const ended = await end(id);
    const paid = await sim.paid(prompt);
    console.log(`frozen before its submit: ${ended.status} ${ended.error_code ?? ''} paid ${paid}`);
    // The create may have been quicker than the freeze: then it was paid, and is completed.
    assert.equal(ended.status, paid === 1 ? 'completed' : 'failed');
    assert.equal(ended.error_code, paid === 1 ? null : 'submit_outcome_unknown');
    assert.ok(paid <= 1);
  } finally {
    vault.signal('SIGCONT');
    if (frozen) for (const name of WORKERS) services.child(name).signal('SIGCONT');
  }
});

test('frozen while it follows the job, woken after another completed it', async () => {
  const prompt = 'while polling';
  await sim.fault({op: 'create', kind: 'render_seconds', seconds: 2, prompt_contains: prompt});
  const {id} = await services.client.create({model: 'sora-2', prompt});
  await until('it is followed', async () => await step(id) === 'submitted');
  await freezeHolder(id, async () => await step(id) === 'done');
  const ended = await end(id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(await sim.paid(prompt), 1);
});

test('frozen while it stores the video, woken after another completed it', async () => {
  const prompt = 'while storing';
  await sim.fault({op: 'content', kind: 'stalled_body', ms: 3000, prompt_contains: prompt});
  const {id} = await services.client.create({model: 'sora-2', prompt});
  await until('it is stored', async () => await step(id) === 'storing');
  await freezeHolder(id, async () => await step(id) === 'done');
  const ended = await end(id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(await sim.paid(prompt), 1);
  assert.ok((await services.client.bytes(ended.video!.url)).length > 1000);
});
